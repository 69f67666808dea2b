/* Plans: created and freed, and copies into and out of their buffers. */
#include "plan.h"

#include "../base/error.h"
#include "../device/context.h"
#include <stdlib.h>

static quern_status create_plan(quern_context *context, const quern_network *network, size_t batch,
                                quern_plan_mode mode, quern__buckets *buckets, quern_plan **plan) {
  if (plan == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "plan: the result pointer is NULL");
  *plan = NULL;
  if (context == NULL || network == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "plan: the context or the network is NULL");
  QUERN__FORWARD(quern__plan_check_memory(context, network, batch, mode));
  quern_plan *result = calloc(1, sizeof *result);
  if (result == NULL) return quern__fail_memory("plan", sizeof *result);
  result->context = context;
  result->mode = mode;
  result->batch = batch;
  quern__context_hold(context);
  quern_status status;
  if (buckets != NULL) result->gradients = *buckets;
  QUERN__TRY(quern__shape_copy(&network->shape, &result->shape));
  QUERN__TRY(quern__plan_allocate(result));
  QUERN__TRY(quern_plan_upload(result, network));
  if (buckets != NULL) *buckets = (quern__buckets){.count = 0};
  *plan = result;
  return QUERN_OK;
cleanup:
  /* on failure the buckets stay the caller's */
  if (buckets != NULL) result->gradients = (quern__buckets){.count = 0};
  quern_plan_free(result);
  return status;
}

quern_status quern_plan_create(quern_context *context, const quern_network *network, size_t batch,
                               quern_plan_mode mode, quern_plan **plan) {
  return create_plan(context, network, batch, mode, NULL, plan);
}

quern_status quern__plan_create_with_buckets(quern_context *context, const quern_network *network,
                                             size_t batch, quern__buckets *buckets,
                                             quern_plan **plan) {
  return create_plan(context, network, batch, QUERN_PLAN_GRADIENTS, buckets, plan);
}

void quern_plan_free(quern_plan *plan) {
  if (plan == NULL) return;
  quern__plan_free_steps(plan);
  quern_buffer_free(plan->parameters);
  quern__buckets_free(&plan->gradients);
  quern_buffer_free(plan->outputs);
  quern_buffer_free(plan->dz);
  quern_buffer_free(plan->statistics);
  quern_buffer_free(plan->targets);
  quern_buffer_free(plan->classes);
  quern_buffer_free(plan->class_weights);
  quern_buffer_free(plan->squares);
  quern_buffer_free(plan->momentum);
  quern_buffer_free(plan->square);
  free(plan->places);
  free(plan->sums);
  quern__shape_free(&plan->shape);
  quern__context_release(plan->context);
  free(plan);
}

static quern_status check_same_shape(const char *what, const quern_plan *plan,
                                     const quern_network *network) {
  if (plan == NULL || network == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "%s: the plan or the network is NULL", what);
  if (!quern__shape_equal(&plan->shape, &network->shape))
    return quern__fail(QUERN_ERROR_SHAPE, "%s: the network's shape differs from the plan's", what);
  return QUERN_OK;
}

quern_status quern_plan_upload(quern_plan *plan, const quern_network *network) {
  QUERN__FORWARD(check_same_shape("plan upload", plan, network));
  plan->batches_offset = network->batches - plan->steps_taken;
  return quern_buffer_write(plan->parameters, 0, plan->shape.flat_count * sizeof(float),
                            network->parameters, QUERN_WAIT);
}

quern_status quern_plan_download(quern_plan *plan, quern_network *network) {
  QUERN__FORWARD(check_same_shape("plan download", plan, network));
  network->batches = plan->batches_offset + plan->steps_taken;
  return quern_buffer_read(plan->parameters, 0, plan->shape.flat_count * sizeof(float),
                           network->parameters, QUERN_WAIT);
}

quern_status quern_plan_set_dropout_seed(quern_plan *plan, uint64_t seed) {
  if (plan == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "plan dropout seed: the plan is NULL");
  plan->dropout_seed = seed;
  return QUERN_OK;
}
