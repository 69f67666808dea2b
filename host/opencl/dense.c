/* Launchers of the matrix products: one work-item a tile of the result. */
#include "opencl.h"

/* As many work-items as tiles of tile_rows x tile_columns cover rows x columns. */
static quern__range tiles(const quern__cl *cl, size_t rows, size_t columns, size_t tile_rows,
                          size_t tile_columns) {
  const quern__cl_tuning *tuning = quern__cl_tuning_of(cl);
  return (quern__range){
      .dimensions = 2,
      .global = {(columns + tile_columns - 1) / tile_columns, (rows + tile_rows - 1) / tile_rows},
      .local = {tuning->local[0], tuning->local[1]},
  };
}

static void push_sizes(quern__arguments *arguments, size_t n, size_t in, size_t out) {
  quern__push_uint(arguments, n);
  quern__push_uint(arguments, in);
  quern__push_uint(arguments, out);
}

quern_status quern__cl_dense_forward(void *state, const quern__dense_forward *op) {
  quern__cl *cl = state;
  const quern__cl_tuning *tuning = quern__cl_tuning_of(cl);
  quern__arguments arguments = {0};
  push_sizes(&arguments, op->n, op->in, op->out);
  quern__push_span(&arguments, op->x);
  quern__push_span(&arguments, op->w);
  quern__push_span(&arguments, op->b);
  quern__push_int(&arguments, (int)op->activation.kind);
  quern__push_float(&arguments, op->activation.slope);
  quern__push_span(&arguments, op->y);
  quern__range range =
      tiles(cl, op->n, op->out, tuning->forward.rows, (size_t)tuning->forward.vectors * tuning->vector_width);
  return quern__cl_launch(cl, QUERN__KERNEL_dense_forward, range, &arguments);
}

quern_status quern__cl_dense_backward_data(void *state, const quern__dense_backward_data *op) {
  quern__cl *cl = state;
  const quern__cl_tuning *tuning = quern__cl_tuning_of(cl);
  quern__arguments arguments = {0};
  push_sizes(&arguments, op->n, op->in, op->out);
  quern__push_span(&arguments, op->dz);
  quern__push_span(&arguments, op->w);
  quern__push_span(&arguments, op->h);
  quern__push_int(&arguments, (int)op->activation.kind);
  quern__push_float(&arguments, op->activation.slope);
  quern__push_int(&arguments, op->accumulate);
  quern__push_span(&arguments, op->dx);
  quern__range range = tiles(cl, op->n, op->in, tuning->backward_data.rows, tuning->backward_data.vectors);
  return quern__cl_launch(cl, QUERN__KERNEL_dense_backward_data, range, &arguments);
}

quern_status quern__cl_dense_backward_weights(void *state, const quern__dense_backward_weights *op) {
  quern__cl *cl = state;
  const quern__cl_tuning *tuning = quern__cl_tuning_of(cl);
  enum { WRITE, ACCUMULATE, UPDATE } mode = op->update ? UPDATE : op->accumulate ? ACCUMULATE : WRITE;
  quern__arguments arguments = {0};
  push_sizes(&arguments, op->n, op->in, op->out);
  quern__push_span(&arguments, op->x);
  quern__push_span(&arguments, op->dz);
  quern__push_int(&arguments, (int)mode);
  quern__push_float(&arguments, op->sgd.learning_rate);
  quern__push_float(&arguments, op->sgd.weight_decay);
  quern__push_span(&arguments, op->dw);
  quern__push_span(&arguments, op->db);
  /* Without weights only the first row of tiles has work: the bias. */
  size_t rows = op->dw.memory != NULL ? op->in : 1;
  quern__range range = tiles(cl, rows, op->out, tuning->backward_weights.rows,
                             (size_t)tuning->backward_weights.vectors * tuning->vector_width);
  return quern__cl_launch(cl, QUERN__KERNEL_dense_backward_weights, range, &arguments);
}
