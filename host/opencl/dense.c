/* Launchers of the matrix products: one work-item a tile of the result. */
#include "../size.h"
#include "dense_group.h"

/* Work-items wanted for each compute unit: enough to even out their ends, few enough to share a panel widely. */
enum { ITEMS_A_UNIT = 4 };
/* Tiles that a work-item runs through its panel, at least, where there are so many rows. */
enum { TILES_A_PANEL = 4 };

/* Divides a result of rows x columns among work-items: each takes a strip of `tile_columns` and `*item_rows` rows, which
 * are whole tiles. */
static quern__range divide(const quern__cl *cl, size_t rows, size_t columns, size_t tile_rows,
                           size_t tile_columns, size_t *item_rows) {
  const quern__cl_tuning *tuning = quern__cl_tuning_of(cl);
  const size_t strips = quern__divide_up(columns, tile_columns), tiles = quern__divide_up(rows, tile_rows);
  const size_t parts = quern__divide_up(quern__cl_compute_units(cl) * ITEMS_A_UNIT, strips);
  size_t tiles_each = quern__divide_up(tiles, parts);
  if (tiles_each < TILES_A_PANEL) tiles_each = TILES_A_PANEL;
  *item_rows = tiles_each * tile_rows;
  return (quern__range){
      .dimensions = 2,
      .global = {strips, quern__divide_up(rows, *item_rows)},
      .local = {tuning->local[0], tuning->local[1]},
  };
}

quern_status quern__cl_dense_forward(void *state, const quern_dense_forward_op *op) {
  quern__cl *cl = state;
  const quern__cl_tuning *tuning = quern__cl_tuning_of(cl);
  if (tuning->dense == QUERN__DENSE_GROUP) return quern__cl_dense_forward_group(cl, op);
  quern__arguments arguments = {0};
  quern__push_sizes(&arguments, op->n, op->in, op->out);
  quern__push_span(&arguments, op->x);
  quern__push_span(&arguments, op->w);
  quern__push_span(&arguments, op->b);
  quern__push_int(&arguments, (int)op->activation.kind);
  quern__push_float(&arguments, op->activation.slope);
  quern__push_span(&arguments, op->y);
  size_t rows;
  quern__range range = divide(cl, op->n, op->out, tuning->forward.rows,
                              (size_t)tuning->forward.vectors * tuning->vector_width, &rows);
  quern__push_uint(&arguments, rows);
  return quern__cl_launch(cl, QUERN__KERNEL_dense_forward, range, &arguments);
}

quern_status quern__cl_dense_backward_data(void *state, const quern_dense_backward_data_op *op) {
  quern__cl *cl = state;
  const quern__cl_tuning *tuning = quern__cl_tuning_of(cl);
  if (tuning->dense == QUERN__DENSE_GROUP) return quern__cl_dense_backward_data_group(cl, op);
  quern__arguments arguments = {0};
  quern__push_sizes(&arguments, op->n, op->in, op->out);
  quern__push_span(&arguments, op->dz);
  quern__push_span(&arguments, op->w);
  quern__push_span(&arguments, op->h);
  quern__push_int(&arguments, (int)op->activation.kind);
  quern__push_float(&arguments, op->activation.slope);
  quern__push_int(&arguments, op->accumulate);
  quern__push_span(&arguments, op->dx);
  size_t rows;
  quern__range range = divide(cl, op->n, op->in, tuning->backward_data.rows,
                              (size_t)tuning->backward_data.vectors * tuning->vector_width, &rows);
  quern__push_uint(&arguments, rows);
  return quern__cl_launch(cl, QUERN__KERNEL_dense_backward_data, range, &arguments);
}

quern_status quern__cl_dense_backward_weights(void *state, const quern_dense_backward_weights_op *op) {
  quern__cl *cl = state;
  const quern__cl_tuning *tuning = quern__cl_tuning_of(cl);
  if (tuning->dense == QUERN__DENSE_GROUP) return quern__cl_dense_backward_weights_group(cl, op);
  enum { WRITE, ACCUMULATE, UPDATE } mode = op->update ? UPDATE : op->accumulate ? ACCUMULATE : WRITE;
  quern__arguments arguments = {0};
  quern__push_sizes(&arguments, op->n, op->in, op->out);
  quern__push_span(&arguments, op->x);
  quern__push_span(&arguments, op->dz);
  quern__push_int(&arguments, (int)mode);
  quern__push_float(&arguments, op->sgd.learning_rate);
  quern__push_float(&arguments, op->sgd.weight_decay);
  quern__push_span(&arguments, op->dw);
  quern__push_span(&arguments, op->db);
  /* Without weights only the first strips have work: the bias. Inputs are copied a vector at a time. */
  size_t rows;
  quern__range range = divide(cl, op->dw.memory != NULL ? op->in : 1, op->out, tuning->vector_width,
                              (size_t)tuning->backward_weights.vectors * tuning->vector_width, &rows);
  quern__push_uint(&arguments, rows);
  return quern__cl_launch(cl, QUERN__KERNEL_dense_backward_weights, range, &arguments);
}
