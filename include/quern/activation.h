/* Activations and losses by name, for the op level and the network level. */
#ifndef QUERN_ACTIVATION_H
#define QUERN_ACTIVATION_H

#include <quern/status.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(NAME, "name"): f(z) and f'(z). f' is in terms of what the backward ops read: h = f(z), or z if
 * quern_activation_reads_z, because no h determines z there. a is the field `slope`.
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
 * P(z) = (1 + erf(z/√2)) / 2 and p(z) = exp(-z^2/2) / √(2π) are the distribution and density of the
 * standard normal, S(z) = 1 / (1 + exp(-z)), t = tanh(√(2/π) (z + 0.044715 z^3)). The derivative of
 * GELU_TANH is (1 + t)/2 + z/2 (1 - t^2) √(2/π) (1 + 3 · 0.044715 z^2).
 *
 * ELU: Clevert et al. 2015. SELU and its constants: Klambauer et al. 2017. GELU in both forms and
 * SiLU: Hendrycks and Gimpel 2016. All match torch.nn; GELU_TANH is GELU(approximate='tanh').
 * Softmax is not listed because it is not elementwise: QUERN_LOSS_CATEGORICAL includes it at the
 * end of a network, and quern_softmax computes it.
 *
 * f(NaN) is NaN; f of an infinity is the limit of f. */
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
  float slope; /* just below 0, for LEAKY_RELU and ELU (PyTorch's alpha); others ignore it */
} quern_activation;

/* Returns the activation with its default slope. */
static inline quern_activation quern_activation_of(quern_activation_kind kind) {
  quern_activation activation;
  activation.kind = kind;
  activation.slope = kind == QUERN_ACTIVATION_ELU ? 1.0f : 0.01f;
  return activation;
}

/* X(NAME, "name"). ops.h has the formulas, at the loss ops. */
#define QUERN_LOSSES(X)                                                                            \
  X(CATEGORICAL, "categorical") /* softmax and cross-entropy: one class of many */                 \
  X(ELEMENTWISE, "elementwise") /* the worked example's cross-entropy over softmax outputs */      \
  X(BINARY, "binary")           /* sigmoid and cross-entropy per output: many labels */            \
  X(SQUARED, "squared")         /* mean squared error of the last layer's outputs */               \
  X(ABSOLUTE, "absolute")       /* mean absolute error of the last layer's outputs */              \
  X(HUBER, "huber")             /* squared up to delta, absolute beyond; last layer's outputs */

typedef enum quern_loss {
#define QUERN_LOSS_VALUE(name, text) QUERN_LOSS_##name,
  QUERN_LOSSES(QUERN_LOSS_VALUE)
#undef QUERN_LOSS_VALUE
} quern_loss;

/* Default delta of the Huber loss, as in torch.nn.HuberLoss. */
#define QUERN_HUBER_DELTA 1.0f

/* Return the name, e.g. "relu" or "categorical"; NULL if the value is invalid. Static. */
QUERN_API const char *quern_activation_name(quern_activation_kind kind);
QUERN_API const char *quern_loss_name(quern_loss loss);

/* Look up a name. Return false and leave *kind or *loss unchanged if the name is unknown. */
QUERN_API bool quern_activation_find(const char *name, quern_activation_kind *kind);
QUERN_API bool quern_loss_find(const char *name, quern_loss *loss);

/* True if f' is computed from z = f⁻¹(h), not from h. The backward ops then take z in place of
 * h. */
QUERN_API bool quern_activation_reads_z(quern_activation_kind kind);

/* True if the loss reads the last layer's outputs as plain numbers; the other losses turn them into
 * probabilities. */
QUERN_API bool quern_loss_is_regression(quern_loss loss);

/* Write the name and parameter as text, as in the command and in model files: "relu", "elu",
 * "leaky-relu:0.2", "huber:1.5". A default parameter is omitted. Only the Huber loss reads `delta`.
 * At most `size` bytes are written, including the final 0. Return the length of the whole text,
 * like snprintf; for an invalid value, write "" and return 0. Allocate no memory. */
QUERN_API size_t quern_activation_format(quern_activation activation, char *text, size_t size);
QUERN_API size_t quern_loss_format(quern_loss loss, float delta, char *text, size_t size);

/* Parse such a text. If it has no delta, *delta becomes the default. Return false and leave the
 * results unchanged if the name is unknown, or if the parameter is not allowed or out of range:
 * finite and at least 0 (delta: above 0). */
QUERN_API bool quern_activation_parse(const char *text, quern_activation *activation);
QUERN_API bool quern_loss_parse(const char *text, quern_loss *loss, float *delta);

#ifdef __cplusplus
}
#endif
#endif
