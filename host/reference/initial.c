/* Initial values. */
#include "../functions/philox.h"
#include "reference.h"

quern_status quern__reference_fill(void *state, const quern_fill_op *op) {
  (void)state;
  float *x = quern__reference_floats(op->x);
  for (size_t i = 0; i < op->count; i++) x[i] = op->value;
  return QUERN_OK;
}

quern_status quern__reference_random_uniform(void *state, const quern_random_uniform_op *op) {
  (void)state;
  quern__philox_uniform(op->seed, op->stream, op->low, op->scale, op->count,
                        quern__reference_floats(op->x));
  return QUERN_OK;
}
