#include "best.h"

#include "../device/context.h"
#include <math.h>

static size_t parameter_bytes(const quern_plan *plan) {
  return plan->shape.flat_count * sizeof(float);
}

quern_status quern__best_create(const quern_plan *plan, quern__best *best) {
  return quern__buffer_create_touched(plan->context, parameter_bytes(plan), &best->parameters);
}

void quern__best_free(quern__best *best) {
  quern_buffer_free(best->parameters);
}

quern_status quern__best_update(quern__best *best, const quern_plan *plan, size_t epoch,
                                double loss) {
  if (!(isfinite(loss) && (best->epoch == 0 || loss < best->loss))) return QUERN_OK;
  best->epoch = epoch;
  best->loss = loss;
  return quern_buffer_copy(plan->parameters, 0, best->parameters, 0, parameter_bytes(plan));
}

quern_status quern__best_restore(const quern__best *best, quern_plan *plan) {
  return quern_buffer_copy(best->parameters, 0, plan->parameters, 0, parameter_bytes(plan));
}
