/* Clipping of a plan's gradients by their norm. */
#include "../base/error.h"
#include "../base/size.h"
#include "../device/context.h"
#include "plan.h"
#include <math.h>

/* Partial sums per trainable range, so that a device can compute them in parallel. Constant, so
 * that the order of the sum does not depend on the device. */
enum { PARTS = 64 };

/* Finds the next trainable range, in the bucket at *position or a later one. *item starts at 0. */
static bool next_range(const quern__shape *shape, const quern__buckets *buckets, size_t *position,
                       size_t *item, size_t *begin, size_t *count) {
  for (; *position < buckets->count; (*position)++)
    if (quern__shape_next_learning(shape, buckets->list[*position].end, item, begin, count))
      return true;
  return false;
}

quern_status quern__clip_bytes(const quern__shape *shape, const quern__buckets *buckets,
                               size_t *bytes) {
  size_t position = 0, item = 0, begin, count, cells = 1;
  while (next_range(shape, buckets, &position, &item, &begin, &count)) cells += PARTS;
  if (quern__multiply(cells, sizeof(float), bytes)) return QUERN_OK;
  return quern__fail(QUERN_ERROR_OVERFLOW, "plan clip norm: %zu sums overflow", cells);
}

static quern_status create_squares(quern_plan *plan) {
  size_t bytes;
  QUERN__FORWARD(quern__clip_bytes(&plan->shape, &plan->gradients, &bytes));
  return quern__buffer_create_touched(plan->context, bytes, &plan->squares);
}

quern_status quern_plan_set_clip_norm(quern_plan *plan, float max_norm) {
  if (plan == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "plan clip norm: the plan is NULL");
  if (!isfinite(max_norm) || max_norm < 0.0f)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "plan clip norm: a norm of %g, expected a finite number, not negative",
                       (double)max_norm);
  if (plan->gradients.count == 0)
    return quern__fail(
        QUERN_ERROR_ARGUMENT,
        "plan clip norm: the plan keeps no gradients: create it with QUERN_PLAN_GRADIENTS");
  if (max_norm > 0.0f && plan->squares == NULL) QUERN__FORWARD(create_squares(plan));
  plan->clip_norm = max_norm;
  return QUERN_OK;
}

static quern_tensor gradients_of(const quern__bucket *bucket, size_t begin, size_t count) {
  return quern_vector(bucket->memory, begin - bucket->begin, count);
}

quern_status quern__plan_clip(quern_plan *plan) {
  const quern__buckets *buckets = &plan->gradients;
  size_t position = 0, item = 0, begin, count, cells = 0;
  if (plan->clip_norm == 0.0f) return QUERN_OK;
  while (next_range(&plan->shape, buckets, &position, &item, &begin, &count)) {
    QUERN__FORWARD(quern_sum_squares(plan->context,
                                     gradients_of(&buckets->list[position], begin, count),
                                     quern_vector(plan->squares, cells, PARTS)));
    cells += PARTS;
  }
  if (cells == 0) return QUERN_OK; /* nothing learns */
  const quern_tensor sum = quern_vector(plan->squares, cells, 1);
  QUERN__FORWARD(quern_sum(plan->context, quern_vector(plan->squares, 0, cells), sum));
  position = item = 0;
  while (next_range(&plan->shape, buckets, &position, &item, &begin, &count))
    QUERN__FORWARD(quern_clip_norm(plan->context, plan->clip_norm, sum,
                                   gradients_of(&buckets->list[position], begin, count)));
  return QUERN_OK;
}
