/* Activations and losses by name: shared by the op level and the network level. */
#ifndef QUERN_ACTIVATION_H
#define QUERN_ACTIVATION_H

#include <quern/status.h>
#include <stdbool.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(NAME, "name"): f(z), and f'(z) written in terms of h = f(z), which is what the backward ops read.
 *
 *   IDENTITY     z                          1
 *   RELU         z <= 0 ? 0 : z             h <= 0 ? 0 : 1
 *   LEAKY_RELU   z <= 0 ? slope z : z       h <= 0 ? slope : 1        slope >= 0, 0.01 by default as in
 * PyTorch SIGMOID      1 / (1 + exp(-z))          h (1 - h) TANH         tanh z                     1 - h^2
 *
 * NaN goes through every one of them as NaN. */
#define QUERN_ACTIVATIONS(X)                                                                                 \
  X(IDENTITY, "identity")                                                                                    \
  X(RELU, "relu")                                                                                            \
  X(LEAKY_RELU, "leaky-relu")                                                                                \
  X(SIGMOID, "sigmoid")                                                                                      \
  X(TANH, "tanh")

typedef enum quern_activation_kind {
#define QUERN_ACTIVATION_VALUE(name, text) QUERN_##name,
  QUERN_ACTIVATIONS(QUERN_ACTIVATION_VALUE)
#undef QUERN_ACTIVATION_VALUE
} quern_activation_kind;

typedef struct quern_activation {
  quern_activation_kind kind;
  float slope; /* of LEAKY_RELU at z <= 0; ignored by the others */
} quern_activation;

/* An activation with its default slope. */
static inline quern_activation quern_activation_of(quern_activation_kind kind) {
  quern_activation activation;
  activation.kind = kind;
  activation.slope = 0.01f;
  return activation;
}

/* X(NAME, "name"). The formulas stand at the loss ops in ops.h. */
#define QUERN_LOSSES(X)                                                                                      \
  X(CATEGORICAL, "categorical") /* softmax and cross-entropy: one class of many */                           \
  X(ELEMENTWISE, "elementwise") /* the worked example's cross-entropy over softmax outputs */                \
  X(BINARY, "binary")           /* sigmoid and cross-entropy for each output: many labels */                 \
  X(SQUARED, "squared")         /* mean squared error over the last layer as it is */

typedef enum quern_loss {
#define QUERN_LOSS_VALUE(name, text) QUERN_##name,
  QUERN_LOSSES(QUERN_LOSS_VALUE)
#undef QUERN_LOSS_VALUE
} quern_loss;

/* "relu", "categorical" …; NULL for a value that is none. Static. */
QUERN_API const char *quern_activation_name(quern_activation_kind kind);
QUERN_API const char *quern_loss_name(quern_loss loss);

/* The reverse; false, with *kind or *loss untouched, for a name that is none. */
QUERN_API bool quern_activation_find(const char *name, quern_activation_kind *kind);
QUERN_API bool quern_loss_find(const char *name, quern_loss *loss);

#ifdef __cplusplus
}
#endif
#endif
