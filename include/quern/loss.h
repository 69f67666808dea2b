/* Losses by name. */
#ifndef QUERN_LOSS_H
#define QUERN_LOSS_H

#include <quern/status.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

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

/* Returns the name, e.g. "categorical"; NULL if the value is invalid. Static. */
QUERN_API const char *quern_loss_name(quern_loss loss);

/* Looks up a name. Returns false and leaves *loss unchanged if the name is unknown. */
QUERN_API bool quern_loss_find(const char *name, quern_loss *loss);

/* True if the loss reads the last layer's outputs as plain numbers; the other losses turn them into
 * probabilities. */
QUERN_API bool quern_loss_is_regression(quern_loss loss);

/* Writes the name and delta as text: "squared", "huber", "huber:1.5". Only the Huber loss reads
 * `delta`, and its default is omitted. Otherwise like quern_activation_format. */
QUERN_API size_t quern_loss_format(quern_loss loss, float delta, char *text, size_t size);

/* Parses such a text. If it has no delta, *delta becomes the default. Returns false and leaves the
 * results unchanged if the name is unknown, or if a delta is not allowed or out of range: it must
 * be finite and above 0. */
QUERN_API bool quern_loss_parse(const char *text, quern_loss *loss, float *delta);

#ifdef __cplusplus
}
#endif
#endif
