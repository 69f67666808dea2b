/* The losses as one family, and how far each may be off. */
#ifndef QUERN_HOST_VERIFY_OPS_LOSS_H
#define QUERN_HOST_VERIFY_OPS_LOSS_H

#include "../sweep.h"

/* One case. z, y and labels are owned; labels are the target of a loss that is `labeled`, y that
 * of the others. */
typedef struct quern__loss_case {
  const struct quern__loss_kind *kind;
  size_t n, k;
  float scale;
  float *z, *y;
  int32_t *labels;
  /* Of a loss that is `weighted`; weights are owned, or NULL, and total is then none. */
  float *weights, total, smoothing;
} quern__loss_case;

typedef struct quern__loss_kind {
  const char *name;
  quern_status (*call)(quern_context *, quern_tensor, quern_tensor, float, quern_tensor,
                       quern_tensor);
  /* What was added up for row r, taken absolutely: of its loss, and of each element of its
   * gradient. */
  void (*magnitude)(const quern__loss_case *problem, size_t r, double *loss, float *dz);
  bool labeled;
  bool weighted;   /* quern_weighted_cross_entropy; `call` is NULL */
  bool any_logits; /* also of 3e38; squares run over */
  size_t least_outputs;
} quern__loss_kind;

extern const quern__loss_kind quern__loss_categorical, quern__loss_elementwise, quern__loss_binary,
    quern__loss_squared, quern__loss_absolute, quern__loss_huber, quern__loss_weighted;

#endif
