/* Evaluation and prediction of a data set. */
#include "../base/error.h"
#include "../data/dataset.h"
#include "../data/schema.h"
#include "../device/context.h"
#include "../network/network.h"
#include "data/check.h"
#include "measure.h"

/* Samples per batch: enough to occupy a device, with little memory compared to the data. */
enum { EVALUATION_BATCH = 512 };

typedef struct evaluation {
  quern_plan *plan;
  quern__data_source data;
  quern__batch batch;
  size_t size; /* samples per batch */
} evaluation;

static void evaluation_free(evaluation *state) {
  quern__batch_free(&state->batch);
  quern_plan_free(state->plan);
  quern__data_source_free(&state->data);
}

static quern_status evaluation_create(quern_context *context, const quern_network *network,
                                      const quern_dataset *dataset, bool measures,
                                      evaluation *result) {
  *result =
      (evaluation){.size = dataset->rows < EVALUATION_BATCH ? dataset->rows : EVALUATION_BATCH};
  quern_status status;
  quern_device_info info;
  quern_context_describe(context, &info);
  const quern__residency residency =
      quern__residency_once(dataset, measures, (size_t)info.max_allocation, result->size);
  const quern__shard all = quern__shard_of(NULL, NULL, dataset->rows, dataset->rows);
  QUERN__TRY(quern__data_source_create(context, network, dataset, measures, residency, all,
                                       &result->data));
  QUERN__TRY(
      quern_plan_create(context, network, result->size, QUERN_PLAN_INFERENCE, &result->plan));
  QUERN__TRY(quern__batch_create(context, result->size, dataset->columns, result->data.target_count,
                                 &result->batch));
  return QUERN_OK;
cleanup:
  evaluation_free(result);
  return status;
}

static quern_status check_arguments(const char *what, const void *context, const void *network,
                                    const void *dataset, const void *result) {
  if (context == NULL || network == NULL || dataset == NULL || result == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "%s: the context, the network, the data or the result is NULL", what);
  return QUERN_OK;
}

quern_status quern_evaluate(quern_context *context, const quern_network *network,
                            const quern_dataset *dataset, quern_metrics *metrics) {
  QUERN__FORWARD(check_arguments("evaluate", context, network, dataset, metrics));
  evaluation state;
  quern__tally tally = {0};
  QUERN__FORWARD(quern__check_measured(network, dataset));
  QUERN__FORWARD(evaluation_create(context, network, dataset, true, &state));
  quern_status status;
  QUERN__TRY(quern__tally_create(context, dataset->rows, &tally));
  QUERN__TRY(quern__measure(state.plan, &state.data, &state.batch, state.size, &tally, NULL, NULL,
                            metrics));
cleanup:
  quern__tally_free(&tally);
  evaluation_free(&state);
  return status;
}

/* Converts outputs for standardized targets to the units of the targets. */
static void restore_units(const quern_schema *schema, float *outputs, size_t rows) {
  if (schema == NULL || schema->target_mean == NULL) return;
  for (size_t row = 0; row < rows; row++)
    for (size_t i = 0; i < schema->outputs; i++, outputs++)
      *outputs = (float)((double)*outputs * schema->target_deviation[i] + schema->target_mean[i]);
}

quern_status quern_predict(quern_context *context, const quern_network *network,
                           const quern_dataset *dataset, float *outputs) {
  QUERN__FORWARD(check_arguments("predict", context, network, dataset, outputs));
  evaluation state;
  QUERN__FORWARD(evaluation_create(context, network, dataset, false, &state));
  quern_status status = QUERN_OK;
  size_t width = quern_network_outputs(network);
  for (size_t first = 0; first < dataset->rows; first += state.size) {
    size_t n = dataset->rows - first < state.size ? dataset->rows - first : state.size;
    quern_tensor x, output;
    QUERN__TRY(quern__data_source_gather(&state.data, first, n, &state.batch, &x, NULL));
    QUERN__TRY(quern_plan_predict(state.plan, x, &output));
    QUERN__TRY(quern_buffer_read(output.buffer, output.offset * sizeof(float),
                                 n * width * sizeof(float), outputs + first * width,
                                 QUERN_NO_WAIT));
  }
  QUERN__TRY(quern_context_finish(context));
  restore_units(network->schema, outputs, dataset->rows);
cleanup:
  if (status != QUERN_OK) quern__context_settle(context); /* `outputs` may still be written */
  evaluation_free(&state);
  return status;
}
