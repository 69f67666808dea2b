/* Launcher of dropout. */
#include "../size.h"
#include "opencl.h"

quern_status quern__cl_dropout(void *state, const quern_dropout_op *op) {
  quern__arguments arguments = {0};
  quern__push_uint(&arguments, op->n);
  quern__push_uint(&arguments, op->units);
  quern__push_uint(&arguments, op->key[0]);
  quern__push_uint(&arguments, op->key[1]);
  quern__push_uint(&arguments, op->first_row);
  quern__push_uint(&arguments, op->threshold);
  quern__push_float(&arguments, op->scale);
  quern__push_span(&arguments, op->x);
  quern__push_span(&arguments, op->y);
  const quern__range range = {.dimensions = 2,
                              .global = {quern__divide_up(op->units, 4), op->n},
                              .local = {quern__cl_tuning_of(state)->group, 1}};
  return quern__cl_launch(state, QUERN__KERNEL_dropout, range, &arguments);
}
