/* Launcher of dropout. */
#include "../../base/size.h"
#include "../opencl.h"

quern_status quern__cl_dropout(void *state, const quern_dropout_op *op) {
  const quern__range range = {.dimensions = 2,
                              .global = {quern__divide_up(op->units, 4), op->n},
                              .local = {quern__cl_tuning_of(state)->group, 1}};
  return quern__cl_launch(state, QUERN__KERNEL_dropout, range,
                          ARGS(UINT(op->n), UINT(op->units), UINT(op->key[0]), UINT(op->key[1]),
                               UINT(op->first_row), UINT(op->threshold), FLOAT(op->scale),
                               SPAN(op->x), SPAN(op->y)));
}
