/* Activations by name, with their formulas. */
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
 *   RELU6       z <= 0 ? 0 : z >= 6 ? 6 : z      h <= 0 or h >= 6 ? 0 : 1
 *   HARDTANH    z <= -1 ? -1 : z >= 1 ? 1 : z    h <= -1 or h >= 1 ? 0 : 1
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
  X(SOFTPLUS, "softplus")                                                                          \
  X(RELU6, "relu6")                                                                                \
  X(HARDTANH, "hardtanh")

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

/* Returns the name, e.g. "relu"; NULL if the value is invalid. Static. */
QUERN_API const char *quern_activation_name(quern_activation_kind kind);

/* Looks up a name. Returns false and leaves *kind unchanged if the name is unknown. */
QUERN_API bool quern_activation_find(const char *name, quern_activation_kind *kind);

/* True if f' is computed from z, not from h = f(z). The backward ops then take z in place of h. */
QUERN_API bool quern_activation_reads_z(quern_activation_kind kind);

/* Writes the name and parameter as text, as in the command and in model files: "relu", "elu",
 * "leaky-relu:0.2". A default parameter is omitted. At most `size` bytes are written, including
 * the final 0; `text` may be NULL if `size` is 0. Returns the length of the whole text, like
 * snprintf. For an invalid kind, writes "" and returns 0. Allocates no memory. */
QUERN_API size_t quern_activation_format(quern_activation activation, char *text, size_t size);

/* Parses such a text. Returns false and leaves *activation unchanged if the name is unknown, or if
 * the parameter is not allowed or out of range: it must be finite and at least 0. */
QUERN_API bool quern_activation_parse(const char *text, quern_activation *activation);

#ifdef __cplusplus
}
#endif
#endif
