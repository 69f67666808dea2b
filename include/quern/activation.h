/* Activations and losses by name: shared by the op level and the network level. */
#ifndef QUERN_ACTIVATION_H
#define QUERN_ACTIVATION_H

#include <quern/status.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(NAME, "name"): f(z), and f'(z) written in terms of what the backward ops read: h = f(z), or z
 * itself for those of quern_activation_reads_z, which no h can be taken back to. a is the parameter
 * `slope`.
 *
 *   IDENTITY    z                                1
 *   RELU        z <= 0 ? 0 : z                   h <= 0 ? 0 : 1
 *   LEAKY_RELU  z <= 0 ? a z : z                 h <= 0 ? a : 1           a >= 0, 0.01 by default
 *   SIGMOID     1 / (1 + exp(-z))                h (1 - h)
 *   TANH        tanh z                           1 - h^2
 *   ELU         z <= 0 ? a (exp(z) - 1) : z      h <= 0 ? h + a : 1       a >= 0, 1 by default
 *   SELU        l (z <= 0 ? s (exp(z) - 1) : z)  h <= 0 ? h + l s : l     l = 1.0507…, s = 1.6732…
 *   GELU        z P(z)                           P(z) + z p(z)            reads z
 *   GELU_TANH   z/2 (1 + t)                      see below                reads z
 *   SILU        z S(z)                           S(z) (1 + z (1 - S(z)))  reads z
 *   SOFTPLUS    log(1 + exp(z))                  1 - exp(-h)              beta = 1
 *
 * P(z) = (1 + erf(z/√2)) / 2 and p(z) = exp(-z^2/2) / √(2π) are those of the normal distribution,
 * S(z) = 1 / (1 + exp(-z)), t = tanh(√(2/π) (z + 0.044715 z^3)), and the derivative of GELU_TANH is
 * (1 + t)/2 + z/2 (1 - t^2) √(2/π) (1 + 3 · 0.044715 z^2).
 *
 * ELU: Clevert et al. 2015. SELU with its constants: Klambauer et al. 2017. GELU in both forms and
 * SiLU: Hendrycks and Gimpel 2016; all as torch.nn has them (GELU_TANH is
 * GELU(approximate='tanh')). Softmax is none of these: it is not done element by element, and
 * stands at the end of a network, where the loss brings it (QUERN_LOSS_CATEGORICAL) or
 * quern_softmax computes it.
 *
 * NaN goes through every one of them as NaN, and an infinity as the limit of f. */
#define QUERN_ACTIVATIONS(X)                                                                       \
  X(IDENTITY, "identity")                                                                          \
  X(RELU, "relu")                                                                                  \
  X(LEAKY_RELU, "leaky-relu")                                                                      \
  X(SIGMOID, "sigmoid")                                                                            \
  X(TANH, "tanh")                                                                                  \
  X(ELU, "elu")                                                                                    \
  X(SELU, "selu")                                                                                  \
  X(GELU, "gelu")                                                                                  \
  X(GELU_TANH, "gelu-tanh")                                                                        \
  X(SILU, "silu")                                                                                  \
  X(SOFTPLUS, "softplus")

typedef enum quern_activation_kind {
#define QUERN_ACTIVATION_VALUE(name, text) QUERN_ACTIVATION_##name,
  QUERN_ACTIVATIONS(QUERN_ACTIVATION_VALUE)
#undef QUERN_ACTIVATION_VALUE
} quern_activation_kind;

typedef struct quern_activation {
  quern_activation_kind kind;
  float slope; /* just below 0, of LEAKY_RELU and ELU (PyTorch's alpha); ignored by the others */
} quern_activation;

/* An activation with its default slope. */
static inline quern_activation quern_activation_of(quern_activation_kind kind) {
  quern_activation activation;
  activation.kind = kind;
  activation.slope = kind == QUERN_ACTIVATION_ELU ? 1.0f : 0.01f;
  return activation;
}

/* X(NAME, "name"). The formulas stand at the loss ops in ops.h. */
#define QUERN_LOSSES(X)                                                                            \
  X(CATEGORICAL, "categorical") /* softmax and cross-entropy: one class of many */                 \
  X(ELEMENTWISE, "elementwise") /* the worked example's cross-entropy over softmax outputs */      \
  X(BINARY, "binary")           /* sigmoid and cross-entropy for each output: many labels */       \
  X(SQUARED, "squared")         /* mean squared error over the last layer as it is */              \
  X(ABSOLUTE, "absolute")       /* mean absolute error over the last layer as it is */             \
  X(HUBER, "huber")             /* squared up to delta, absolute beyond; the last layer as it is */

typedef enum quern_loss {
#define QUERN_LOSS_VALUE(name, text) QUERN_LOSS_##name,
  QUERN_LOSSES(QUERN_LOSS_VALUE)
#undef QUERN_LOSS_VALUE
} quern_loss;

/* Huber's delta where none is given, as torch.nn.HuberLoss has it. */
#define QUERN_HUBER_DELTA 1.0f

/* "relu", "categorical" …; NULL for a value that is none. Static. */
QUERN_API const char *quern_activation_name(quern_activation_kind kind);
QUERN_API const char *quern_loss_name(quern_loss loss);

/* The reverse; false, with *kind or *loss untouched, for a name that is none. */
QUERN_API bool quern_activation_find(const char *name, quern_activation_kind *kind);
QUERN_API bool quern_loss_find(const char *name, quern_loss *loss);

/* Whether f' is computed from z = f⁻¹(h) where the others have it from h: the backward ops are then
 * given z for h. */
QUERN_API bool quern_activation_reads_z(quern_activation_kind kind);

/* Whether a loss takes the last layer as it is, any number, where the others make probabilities of
 * it. */
QUERN_API bool quern_loss_is_regression(quern_loss loss);

/* A name with its parameter, as the command and model files have it: "relu", "elu",
 * "leaky-relu:0.2", "huber:1.5". The parameter is left out where it is the default. Writes at
 * most `size` bytes, the last a 0, and returns the length of the whole text, as snprintf does;
 * for a value that is none that is 0, and the text "". Takes no memory. `delta` is Huber's,
 * ignored by the other losses. */
QUERN_API size_t quern_activation_format(quern_activation activation, char *text, size_t size);
QUERN_API size_t quern_loss_format(quern_loss loss, float delta, char *text, size_t size);

/* The reverse: false, with the results untouched, for a text that is none: an unknown name, a
 * parameter where none is taken, or one that is no finite number of at least 0 (delta: above 0).
 * *delta becomes the default where the text has none. */
QUERN_API bool quern_activation_parse(const char *text, quern_activation *activation);
QUERN_API bool quern_loss_parse(const char *text, quern_loss *loss, float *delta);

#ifdef __cplusplus
}
#endif
#endif
