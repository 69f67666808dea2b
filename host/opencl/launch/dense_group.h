/* The matrix products by work-groups, which dense.c calls if the device's row has
 * QUERN__DENSE_GROUP. */
#ifndef QUERN_HOST_OPENCL_LAUNCH_DENSE_GROUP_H
#define QUERN_HOST_OPENCL_LAUNCH_DENSE_GROUP_H

#include "../opencl.h"

quern_status quern__cl_dense_forward_group(quern__cl *cl, const quern_dense_forward_op *op);
quern_status quern__cl_dense_backward_data_group(quern__cl *cl,
                                                 const quern_dense_backward_data_op *op);

/* What to do with the gradients of W and b. Values as in kernels/dense/dense_backward_weights.cl
 * and dense_group.cl. */
typedef enum quern__weights_mode {
  QUERN__WEIGHTS_WRITE,
  QUERN__WEIGHTS_ACCUMULATE,
  QUERN__WEIGHTS_UPDATE
} quern__weights_mode;

/* Backward weights in any of its forms. w and b are the gradients, or the parameters to update. */
typedef struct quern__weights_launch {
  size_t n, in, out;
  quern_span x, dz;
  quern__weights_mode mode;
  quern_optimizer_step update;
  quern_span w, w_momentum, w_square, b, b_momentum, b_square;
} quern__weights_launch;

/* The only optimizer is plain SGD. */
quern_status quern__cl_dense_backward_weights_group(quern__cl *cl,
                                                    const quern__weights_launch *weights);

#endif
