/* Launchers of the matrix products by work-groups: kernels/dense/dense_group.cl. */
#include "dense_group.h"

#include "../../base/size.h"

#define FORWARD_KERNEL(size)          QUERN__KERNEL_dense_group_##size##_forward,
#define BACKWARD_DATA_KERNEL(size)    QUERN__KERNEL_dense_group_##size##_backward_data,
#define BACKWARD_WEIGHTS_KERNEL(size) QUERN__KERNEL_dense_group_##size##_backward_weights,

static const quern__kernel forward_kernels[] = {QUERN__GROUP_SIZES(FORWARD_KERNEL)};
static const quern__kernel backward_data_kernels[] = {QUERN__GROUP_SIZES(BACKWARD_DATA_KERNEL)};
static const quern__kernel backward_weights_kernels[] = {
    QUERN__GROUP_SIZES(BACKWARD_WEIGHTS_KERNEL)};

/* Launches the kernel of the size that suits a result of rows x columns, a work-group a tile. */
static quern_status launch(quern__cl *cl, const quern__kernel *kernels, size_t rows, size_t columns,
                           const quern__argument *arguments, size_t count) {
  const quern__cl_tuning *tuning = quern__cl_tuning_of(cl);
  const quern__group_size size =
      quern__cl_group_choose(tuning, rows, columns, quern__cl_compute_units(cl));
  const quern__cl_group_tile *tile = &tuning->groups[size];
  const size_t items = quern__cl_group_items(tile);
  const quern__range range = {
      .dimensions = 2,
      .global = {quern__divide_up(columns, tile->columns) * items,
                 quern__divide_up(rows, tile->rows)},
      .local = {items, 1},
  };
  return quern__cl_launch(cl, kernels[size], range, arguments, count);
}

#define ACTIVATION(activation) INT((int)(activation).kind), FLOAT((activation).slope)

quern_status quern__cl_dense_forward_group(quern__cl *cl, const quern_dense_forward_op *op) {
  return launch(cl, forward_kernels, op->n, op->out,
                ARGS(UINT(op->n), UINT(op->in), UINT(op->out), SPAN(op->x), SPAN(op->w),
                     SPAN(op->b), ACTIVATION(op->activation), SPAN(op->y)));
}

quern_status quern__cl_dense_backward_data_group(quern__cl *cl,
                                                 const quern_dense_backward_data_op *op) {
  return launch(cl, backward_data_kernels, op->n, op->in,
                ARGS(UINT(op->n), UINT(op->in), UINT(op->out), SPAN(op->dz), SPAN(op->w),
                     SPAN(op->h), ACTIVATION(op->activation), INT(op->accumulate), SPAN(op->dx)));
}

quern_status quern__cl_dense_backward_weights_group(quern__cl *cl,
                                                    const quern__weights_launch *weights) {
  /* Without weights only the first row of tiles has work: the bias. */
  return launch(cl, backward_weights_kernels, weights->w.memory != NULL ? weights->in : 1,
                weights->out,
                ARGS(UINT(weights->n), UINT(weights->in), UINT(weights->out), SPAN(weights->x),
                     SPAN(weights->dz), INT((int)weights->mode), OPTIMIZER_STEP(&weights->update),
                     SPAN(weights->w), SPAN(weights->b)));
}
