/* Launchers of the matrix products by work-groups: kernels/dense_group.cl. */
#include "dense_group.h"

#include "../size.h"

#define FORWARD_KERNEL(size)          QUERN__KERNEL_dense_group_##size##_forward,
#define BACKWARD_DATA_KERNEL(size)    QUERN__KERNEL_dense_group_##size##_backward_data,
#define BACKWARD_WEIGHTS_KERNEL(size) QUERN__KERNEL_dense_group_##size##_backward_weights,

static const quern__kernel forward_kernels[] = {QUERN__GROUP_SIZES(FORWARD_KERNEL)};
static const quern__kernel backward_data_kernels[] = {QUERN__GROUP_SIZES(BACKWARD_DATA_KERNEL)};
static const quern__kernel backward_weights_kernels[] = {QUERN__GROUP_SIZES(BACKWARD_WEIGHTS_KERNEL)};

/* Launches the kernel of the size that suits a result of rows x columns, a work-group a tile. */
static quern_status launch(quern__cl *cl, const quern__kernel *kernels, size_t rows, size_t columns,
                           const quern__arguments *arguments) {
  const quern__cl_tuning *tuning = quern__cl_tuning_of(cl);
  const quern__group_size size = quern__cl_group_choose(tuning, rows, columns, quern__cl_compute_units(cl));
  const quern__cl_group_tile *tile = &tuning->groups[size];
  const size_t items = quern__cl_group_items(tile);
  const quern__range range = {
      .dimensions = 2,
      .global = {quern__divide_up(columns, tile->columns) * items, quern__divide_up(rows, tile->rows)},
      .local = {items, 1},
  };
  return quern__cl_launch(cl, kernels[size], range, arguments);
}

static void push_activation(quern__arguments *arguments, quern_activation activation) {
  quern__push_int(arguments, (int)activation.kind);
  quern__push_float(arguments, activation.slope);
}

quern_status quern__cl_dense_forward_group(quern__cl *cl, const quern_dense_forward_op *op) {
  quern__arguments arguments = {0};
  quern__push_sizes(&arguments, op->n, op->in, op->out);
  quern__push_span(&arguments, op->x);
  quern__push_span(&arguments, op->w);
  quern__push_span(&arguments, op->b);
  push_activation(&arguments, op->activation);
  quern__push_span(&arguments, op->y);
  return launch(cl, forward_kernels, op->n, op->out, &arguments);
}

quern_status quern__cl_dense_backward_data_group(quern__cl *cl, const quern_dense_backward_data_op *op) {
  quern__arguments arguments = {0};
  quern__push_sizes(&arguments, op->n, op->in, op->out);
  quern__push_span(&arguments, op->dz);
  quern__push_span(&arguments, op->w);
  quern__push_span(&arguments, op->h);
  push_activation(&arguments, op->activation);
  quern__push_int(&arguments, op->accumulate);
  quern__push_span(&arguments, op->dx);
  return launch(cl, backward_data_kernels, op->n, op->in, &arguments);
}

quern_status quern__cl_dense_backward_weights_group(quern__cl *cl,
                                                    const quern_dense_backward_weights_op *op) {
  quern__arguments arguments = {0};
  quern__push_sizes(&arguments, op->n, op->in, op->out);
  quern__push_span(&arguments, op->x);
  quern__push_span(&arguments, op->dz);
  quern__push_int(&arguments, op->accumulate);
  quern__push_int(&arguments, op->update);
  quern__push_float(&arguments, op->sgd.learning_rate);
  quern__push_float(&arguments, op->sgd.weight_decay);
  quern__push_span(&arguments, op->dw);
  quern__push_span(&arguments, op->db);
  /* Without weights only the first row of tiles has work: the bias. */
  return launch(cl, backward_weights_kernels, op->dw.memory != NULL ? op->in : 1, op->out, &arguments);
}
