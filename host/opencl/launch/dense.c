/* Launchers of the matrix products: one work-item per tile of the result. */
#include "../../base/error.h"
#include "../../base/size.h"
#include "dense_group.h"

/* Work-items wanted for each compute unit: enough to even out their ends, few enough to share a
 * panel widely. */
enum { ITEMS_PER_UNIT = 4 };
/* The least tiles per work-item and panel, if there are enough rows. */
enum { TILES_PER_PANEL = 4 };

/* Divides a result of rows x columns among work-items: each takes a strip of `tile_columns` and
 * `*item_rows` rows, which are whole tiles. */
static quern__range divide(const quern__cl *cl, size_t rows, size_t columns, size_t tile_rows,
                           size_t tile_columns, size_t *item_rows) {
  const quern__cl_tuning *tuning = quern__cl_tuning_of(cl);
  const size_t strips = quern__divide_up(columns, tile_columns),
               tiles = quern__divide_up(rows, tile_rows);
  const size_t parts = quern__divide_up(quern__cl_compute_units(cl) * ITEMS_PER_UNIT, strips);
  size_t tiles_each = quern__divide_up(tiles, parts);
  if (tiles_each < TILES_PER_PANEL) tiles_each = TILES_PER_PANEL;
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
  size_t rows;
  quern__range range = divide(cl, op->n, op->out, tuning->forward.rows,
                              (size_t)tuning->forward.vectors * tuning->vector_width, &rows);
  return quern__cl_launch(cl, QUERN__KERNEL_dense_forward, range,
                          ARGS(UINT(op->n), UINT(op->in), UINT(op->out), SPAN(op->x), SPAN(op->w),
                               SPAN(op->b), INT((int)op->activation.kind),
                               FLOAT(op->activation.slope), SPAN(op->y), UINT(rows)));
}

quern_status quern__cl_dense_backward_data(void *state, const quern_dense_backward_data_op *op) {
  quern__cl *cl = state;
  const quern__cl_tuning *tuning = quern__cl_tuning_of(cl);
  if (tuning->dense == QUERN__DENSE_GROUP) return quern__cl_dense_backward_data_group(cl, op);
  size_t rows;
  quern__range range = divide(cl, op->n, op->in, tuning->backward_data.rows,
                              (size_t)tuning->backward_data.vectors * tuning->vector_width, &rows);
  return quern__cl_launch(cl, QUERN__KERNEL_dense_backward_data, range,
                          ARGS(UINT(op->n), UINT(op->in), UINT(op->out), SPAN(op->dz), SPAN(op->w),
                               SPAN(op->h), INT((int)op->activation.kind),
                               FLOAT(op->activation.slope), INT(op->accumulate), SPAN(op->dx),
                               UINT(rows)));
}

/* Without weights only the first strips have work: the bias. Inputs are copied a line at a time. */
static quern_status launch_weights(quern__cl *cl, const quern__weights_launch *weights) {
  const quern__cl_tuning *tuning = quern__cl_tuning_of(cl);
  if (tuning->dense == QUERN__DENSE_GROUP)
    return quern__cl_dense_backward_weights_group(cl, weights);
  size_t rows;
  quern__range range =
      divide(cl, weights->w.memory != NULL ? weights->in : 1, weights->out, QUERN__CL_LINE,
             (size_t)tuning->backward_weights.vectors * tuning->vector_width, &rows);
  return quern__cl_launch(cl, QUERN__KERNEL_dense_backward_weights, range,
                          ARGS(UINT(weights->n), UINT(weights->in), UINT(weights->out),
                               SPAN(weights->x), SPAN(weights->dz), INT((int)weights->mode),
                               OPTIMIZER_STEP(&weights->update), SPAN(weights->w),
                               SPAN(weights->w_momentum), SPAN(weights->w_square), SPAN(weights->b),
                               SPAN(weights->b_momentum), SPAN(weights->b_square), UINT(rows)));
}

quern_status quern__cl_dense_backward_weights(void *state,
                                              const quern_dense_backward_weights_op *op) {
  const quern__weights_launch weights = {.n = op->n,
                                         .in = op->in,
                                         .out = op->out,
                                         .x = op->x,
                                         .dz = op->dz,
                                         .mode = op->accumulate ? QUERN__WEIGHTS_ACCUMULATE
                                                                : QUERN__WEIGHTS_WRITE,
                                         .w = op->dw,
                                         .b = op->db};
  return launch_weights(state, &weights);
}

bool quern__cl_updates_in_one_pass(void *state) {
  return quern__cl_tuning_of(state)->dense != QUERN__DENSE_GROUP;
}

quern_status quern__cl_dense_backward_update(void *state,
                                             const quern_dense_backward_update_op *op) {
  if (op->update.rule != QUERN_OPTIMIZER_RULE_SGD && !quern__cl_updates_in_one_pass(state))
    return quern__fail(QUERN_ERROR_UNSUPPORTED,
                       "dense backward update: this device has it for plain SGD only");
  const quern__weights_launch weights = {.n = op->n,
                                         .in = op->in,
                                         .out = op->out,
                                         .x = op->x,
                                         .dz = op->dz,
                                         .mode = QUERN__WEIGHTS_UPDATE,
                                         .update = op->update,
                                         .w = op->w,
                                         .w_momentum = op->w_momentum,
                                         .w_square = op->w_square,
                                         .b = op->b,
                                         .b_momentum = op->b_momentum,
                                         .b_square = op->b_square};
  return launch_weights(state, &weights);
}
