/* Normalizations by name, applied between a layer's product and its activation. */
#ifndef QUERN_NORMALIZATION_H
#define QUERN_NORMALIZATION_H

#include <quern/status.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(NAME, "name"). Z̄ = γ (Z - mean) / √(variance + epsilon) + β, with γ and β per unit:
 *
 *   NONE    Z̄ = Z
 *   BATCH   mean and variance of each unit over a step's samples on all ranks. Evaluation uses
 *           running ones, which each step moves toward its own by a tenth
 *           (QUERN_BATCH_NORM_MOMENTUM). torch.nn.BatchNorm1d (Ioffe and Szegedy 2015)
 *   LAYER   mean and variance of each sample over the units of the layer. torch.nn.LayerNorm
 *           (Ba et al. 2016)
 *
 * ops.h has the full formulas and their gradients. */
#define QUERN_NORMALIZATIONS(X)                                                                    \
  X(NONE, "none")                                                                                  \
  X(BATCH, "batch")                                                                                \
  X(LAYER, "layer")

typedef enum quern_normalization_kind {
#define QUERN_NORMALIZATION_VALUE(name, text) QUERN_NORMALIZATION_##name,
  QUERN_NORMALIZATIONS(QUERN_NORMALIZATION_VALUE)
#undef QUERN_NORMALIZATION_VALUE
} quern_normalization_kind;

#define QUERN_NORMALIZATION_EPSILON 1e-5f
#define QUERN_BATCH_NORM_MOMENTUM   0.1f

typedef struct quern_normalization {
  quern_normalization_kind kind;
  /* added to the variance: finite and not negative; QUERN_NORMALIZATION_EPSILON by default; NONE
   * ignores it */
  float epsilon;
} quern_normalization;

/* Returns the normalization with the default epsilon. */
static inline quern_normalization quern_normalization_of(quern_normalization_kind kind) {
  quern_normalization normalization;
  normalization.kind = kind;
  normalization.epsilon = QUERN_NORMALIZATION_EPSILON;
  return normalization;
}

/* Returns the name, e.g. "batch"; NULL if the value is invalid. Static. */
QUERN_API const char *quern_normalization_name(quern_normalization_kind kind);

/* Write and parse the name, with epsilon if not the default: "batch", "layer:0.001". They behave
 * like quern_activation_format and quern_activation_parse. */
QUERN_API size_t quern_normalization_format(quern_normalization normalization, char *text,
                                            size_t size);
QUERN_API bool quern_normalization_parse(const char *text, quern_normalization *normalization);

#ifdef __cplusplus
}
#endif
#endif
