#include "measure_step.h"

#include <math.h>
#include <stdlib.h>

const measure_network measure_networks[] = {{"784-128-10", {784, 128, 10}, 32},
                                            {"784-128-10", {784, 128, 10}, 128},
                                            {"784-512-256-10", {784, 512, 256, 10}, 128},
                                            {"784-1024-1024-10", {784, 1024, 1024, 10}, 256},
                                            {"3-3-3-3", {3, 3, 3, 3}, 1}};
const size_t measure_network_count = sizeof measure_networks / sizeof *measure_networks;

size_t measure_layer_count(const measure_network *network) {
  size_t count = 0;
  while (count < MEASURE_MOST_LAYERS && network->units[count + 1] > 0) count++;
  return count;
}

double measure_step_flops(const measure_network *network) {
  double flops = 0;
  for (size_t l = 0; l < measure_layer_count(network); l++)
    flops +=
        (l == 0 ? 4.0 : 6.0) * (double)(network->batch * network->units[l] * network->units[l + 1]);
  return flops;
}

bool measure_network_is_small(const measure_network *network) {
  return measure_step_flops(network) < 3e7;
}

cli_exit measure_create_network(const measure_network *network, quern_network **created) {
  quern_layer layers[MEASURE_MOST_LAYERS];
  size_t count = measure_layer_count(network);
  for (size_t l = 0; l < count; l++)
    layers[l] = quern_dense(network->units[l + 1],
                            l + 1 < count ? QUERN_ACTIVATION_RELU : QUERN_ACTIVATION_IDENTITY);
  if (quern_network_create(network->units[0], layers, count, QUERN_LOSS_CATEGORICAL, created) ==
          QUERN_OK &&
      quern_network_initialize(*created, QUERN_INITIALIZER_DEFAULT, 1) == QUERN_OK)
    return CLI_OK;
  return cli_fail_library();
}

/* Samples are of any size from 0 to 1, like pixels; labels of any class. */
static cli_exit create_data(const measure_network *network, size_t samples, float **x,
                            int32_t **labels) {
  size_t count = samples * network->units[0];
  size_t classes = network->units[measure_layer_count(network)];
  *x = measure_values(50, count, 1);
  *labels = malloc(samples * sizeof **labels);
  if (*x == NULL || *labels == NULL) return cli_fail_memory();
  for (size_t i = 0; i < count; i++) (*x)[i] = fabsf((*x)[i]);
  for (size_t r = 0; r < samples; r++)
    (*labels)[r] = (int32_t)((0.5f + 0.5f * measure_value(51, r)) * (float)classes);
  return CLI_OK;
}

quern_optimizer measure_sgd(void) {
  return quern_optimizer_of(QUERN_OPTIMIZER_SGD, MEASURE_LEARNING_RATE);
}

cli_exit measure_problem_create(const measure_network *network, quern_optimizer optimizer,
                                quern_context *reference, measure_problem *problem) {
  measure_step step = {0};
  double seconds;
  *problem = (measure_problem){
      .network = network, .optimizer = optimizer, .samples = MEASURE_BATCHES * network->batch};
  cli_exit result = measure_create_network(network, &problem->start);
  if (result == CLI_OK) result = measure_create_network(network, &problem->expected);
  if (result == CLI_OK)
    result = create_data(network, problem->samples, &problem->x, &problem->labels);
  if (result == CLI_OK) result = measure_step_create(reference, problem, &step);
  if (result == CLI_OK) result = measure_step_run(&step, MEASURE_CHECK_STEPS, &seconds);
  if (result == CLI_OK && quern_plan_download(step.plan, problem->expected) != QUERN_OK)
    result = cli_fail_library();
  measure_step_free(&step);
  if (result != CLI_OK) measure_problem_free(problem);
  return result;
}

void measure_problem_free(measure_problem *problem) {
  free(problem->x);
  free(problem->labels);
  quern_network_free(problem->start);
  quern_network_free(problem->expected);
  *problem = (measure_problem){.network = problem->network};
}

cli_exit measure_step_create(quern_context *context, const measure_problem *problem,
                             measure_step *step) {
  const measure_network *network = problem->network;
  size_t x_bytes = problem->samples * network->units[0] * sizeof(float);
  size_t label_bytes = problem->samples * sizeof(int32_t);
  *step = (measure_step){.problem = problem, .context = context};
  if (quern_plan_create(context, problem->start, network->batch, QUERN_PLAN_TRAINING,
                        &step->plan) == QUERN_OK &&
      quern_plan_set_optimizer(step->plan, &problem->optimizer) == QUERN_OK &&
      quern_buffer_create(context, x_bytes, &step->x) == QUERN_OK &&
      quern_buffer_create(context, label_bytes, &step->labels) == QUERN_OK &&
      quern_buffer_write(step->x, 0, x_bytes, problem->x, QUERN_WAIT) == QUERN_OK &&
      quern_buffer_write(step->labels, 0, label_bytes, problem->labels, QUERN_WAIT) == QUERN_OK)
    return CLI_OK;
  cli_exit result = cli_fail_library();
  measure_step_free(step);
  return result;
}

void measure_step_free(measure_step *step) {
  quern_plan_free(step->plan);
  quern_buffer_free(step->x);
  quern_buffer_free(step->labels);
  *step = (measure_step){0};
}

static quern_status queue(measure_step *step) {
  const measure_network *network = step->problem->network;
  size_t first = step->next * network->batch;
  step->next = (step->next + 1) % MEASURE_BATCHES;
  return quern_plan_step(
      step->plan,
      quern_matrix(step->x, first * network->units[0], network->batch, network->units[0]),
      quern_vector(step->labels, first, network->batch), quern_none());
}

cli_exit measure_step_run(void *state, size_t times, double *seconds) {
  measure_step *step = state;
  quern_status status = QUERN_OK;
  double start = cli_seconds();
  for (size_t i = 0; status == QUERN_OK && i < times; i++) status = queue(step);
  if (status == QUERN_OK) status = quern_context_finish(step->context);
  *seconds = cli_seconds() - start;
  return status == QUERN_OK ? CLI_OK : cli_fail_library();
}

cli_exit measure_step_verify(measure_step *step) {
  const measure_problem *problem = step->problem;
  quern_network *got = NULL;
  double seconds;
  cli_exit result = measure_create_network(problem->network, &got);
  if (result == CLI_OK) result = measure_step_run(step, MEASURE_CHECK_STEPS, &seconds);
  if (result == CLI_OK && quern_plan_download(step->plan, got) != QUERN_OK)
    result = cli_fail_library();
  if (result == CLI_OK)
    result = measure_check_network(problem->network, problem->start, problem->expected, got,
                                   "the device");
  quern_network_free(got);
  return result;
}

cli_exit measure_epochs_create(quern_context *context, const measure_problem *problem,
                               size_t samples, measure_epochs *epochs) {
  quern_train_options options = quern_train_options_default();
  options.epochs = SIZE_MAX;
  options.batch = problem->network->batch;
  options.optimizer = problem->optimizer;
  options.schedule = quern_schedule_of(QUERN_SCHEDULE_CONSTANT);
  float *x = NULL;
  int32_t *labels = NULL;
  quern_dataset *data = NULL;
  *epochs = (measure_epochs){NULL};
  cli_exit result = create_data(problem->network, samples, &x, &labels);
  if (result == CLI_OK && (quern_dataset_from_floats(x, labels, samples, problem->network->units[0],
                                                     &data) != QUERN_OK ||
                           quern_trainer_create(context, problem->start, data, NULL, &options,
                                                &epochs->trainer) != QUERN_OK))
    result = cli_fail_library();
  quern_dataset_free(data);
  free(x);
  free(labels);
  return result;
}

void measure_epochs_free(measure_epochs *epochs) {
  quern_trainer_free(epochs->trainer);
  epochs->trainer = NULL;
}

cli_exit measure_epochs_run(void *state, size_t times, double *seconds) {
  measure_epochs *epochs = state;
  quern_status status = QUERN_OK;
  double start = cli_seconds();
  for (size_t i = 0; status == QUERN_OK && i < times; i++) {
    quern_epoch epoch;
    status = quern_trainer_epoch(epochs->trainer, &epoch);
  }
  *seconds = cli_seconds() - start;
  return status == QUERN_OK ? CLI_OK : cli_fail_library();
}

static cli_exit learn(quern_context *context, const measure_problem *problem,
                      quern_network **learned) {
  measure_epochs epochs;
  double seconds;
  cli_exit result = measure_epochs_create(context, problem, 256, &epochs);
  if (result == CLI_OK) result = measure_create_network(problem->network, learned);
  if (result == CLI_OK) result = measure_epochs_run(&epochs, 1, &seconds);
  if (result == CLI_OK && quern_trainer_download(epochs.trainer, *learned) != QUERN_OK)
    result = cli_fail_library();
  measure_epochs_free(&epochs);
  return result;
}

cli_exit measure_epochs_verify(quern_context *context, quern_context *reference,
                               const measure_problem *problem) {
  quern_network *got = NULL, *expected = NULL;
  cli_exit result = learn(context, problem, &got);
  if (result == CLI_OK) result = learn(reference, problem, &expected);
  if (result == CLI_OK)
    result = measure_check_network(problem->network, problem->start, expected, got, "the device");
  quern_network_free(got);
  quern_network_free(expected);
  return result;
}
