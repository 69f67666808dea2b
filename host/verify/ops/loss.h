/* The losses as one family, with their bounds. */
#ifndef QUERN_HOST_VERIFY_OPS_LOSS_H
#define QUERN_HOST_VERIFY_OPS_LOSS_H

#include "../sweep.h"

/* One case. z, y and labels are owned. A loss that is `labeled` reads labels, the others y. */
typedef struct quern__loss_case {
  const struct quern__loss_kind *kind;
  size_t n, k;
  float scale;
  float *z, *y;
  int32_t *labels;
  /* for a `weighted` loss: weights are owned; if they are NULL, total is none */
  float *weights, total, smoothing;
} quern__loss_case;

typedef struct quern__loss_kind {
  const char *name;
  quern_status (*call)(quern_context *, quern_tensor, quern_tensor, float, quern_tensor,
                       quern_tensor);
  /* Computes the sums of absolute values for row r: of its loss, and of each element of its
   * gradient. */
  void (*magnitude)(const quern__loss_case *problem, size_t r, double *loss, float *dz);
  bool labeled;
  bool weighted;   /* quern_weighted_cross_entropy, with `call` NULL */
  bool any_logits; /* also logits of 3e38; squares overflow */
  size_t least_outputs;
} quern__loss_kind;

extern const quern__loss_kind quern__loss_categorical, quern__loss_elementwise, quern__loss_binary,
    quern__loss_squared, quern__loss_absolute, quern__loss_huber, quern__loss_weighted;

#endif
