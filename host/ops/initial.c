/* Initial values: fill and uniform random numbers. */
#include "../base/error.h"
#include "check.h"
#include <math.h>

enum { F = sizeof(float) };

quern_status quern_fill(quern_context *context, float value, quern_tensor x) {
  quern__check check = quern__check_begin("fill", context);
  const quern_fill_op op = {
      .count = x.rows * x.columns, .value = value, .x = quern__check_tensor(&check, "x", x, F)};
  if (check.status != QUERN_OK) return check.status;
  return QUERN__CALL(context, context->backend->fill(context->state, &op));
}

quern_status quern_random_uniform(quern_context *context, uint64_t seed, uint32_t stream, float low,
                                  float high, quern_tensor x) {
  quern__check check = quern__check_begin("random uniform", context);
  const quern_random_uniform_op op = {.count = x.rows * x.columns,
                                      .seed = seed,
                                      .stream = stream,
                                      .low = low,
                                      .scale = (high - low) * 0x1p-24f,
                                      .x = quern__check_tensor(&check, "x", x, F)};
  QUERN__CHECK(&check, isfinite(low) && isfinite(high) && low < high && isfinite(high - low),
               QUERN_ERROR_ARGUMENT,
               "random uniform: a range of %g to %g, expected two finite numbers, the lower first",
               (double)low, (double)high);
  if (check.status != QUERN_OK) return check.status;
  return QUERN__CALL(context, context->backend->random_uniform(context->state, &op));
}
