/* Shares from measured speed. */
#include "shares.h"

#include "../base/clock.h"
#include "../base/error.h"
#include "../device/context.h"
#include "../network/plan.h"
#include "collective_ops.h"
#include <stdlib.h>

/* Each round takes steps for this many seconds. A step has a fixed cost, so the speed depends on
 * the share, and each round uses the shares of the one before. Shares in proportion to n_r / t_r
 * approach equal times t_r without overshooting, as long as t_r grows with n_r. */
#define ROUND_SECONDS 0.06
enum { ROUNDS = 3 };

typedef struct trial {
  quern_plan *plan;
  quern_buffer *inputs, *expected;
  quern_tensor x;
  quern__targets targets;
  float *gradients; /* host memory for a step's gradients */
} trial;

static void free_trial(trial *run) {
  quern_plan_free(run->plan);
  quern_buffer_free(run->inputs);
  quern_buffer_free(run->expected);
  free(run->gradients);
}

static quern_status create_plan(quern_context *context, const quern_network *network,
                                const quern_train_options *options, size_t samples,
                                quern_plan **plan) {
  QUERN__FORWARD(quern_plan_create(context, network, samples, QUERN_PLAN_GRADIENTS, plan));
  QUERN__FORWARD(quern_plan_set_dropout_seed(*plan, options->seed));
  /* A tiny rate keeps all numbers finite and takes the same time. */
  quern_optimizer optimizer = options->optimizer;
  optimizer.learning_rate = 1e-30;
  return quern_plan_set_optimizer(*plan, &optimizer);
}

/* Creates samples of ones, all of class 0 or with targets of 0. */
static quern_status create_samples(quern_context *context, const quern_network *network,
                                   size_t samples, trial *run) {
  const size_t columns = quern_network_inputs(network);
  QUERN__FORWARD(quern_buffer_create(context, samples * columns * sizeof(float), &run->inputs));
  run->x = quern_matrix(run->inputs, 0, samples, columns);
  QUERN__FORWARD(quern_fill(context, 1.0f, run->x));
  const bool targets = quern__loss_takes_targets(quern_network_loss(network));
  const size_t width = targets ? quern_network_outputs(network) : 1;
  QUERN__FORWARD(quern_buffer_create(context, samples * width * sizeof(float), &run->expected));
  QUERN__FORWARD(quern_buffer_fill(run->expected, 0, samples * width * sizeof(float), 0));
  run->targets = targets
                     ? (quern__targets){.labels = quern_none(),
                                        .targets = quern_matrix(run->expected, 0, samples, width)}
                     : (quern__targets){.labels = quern_vector(run->expected, 0, samples)};
  return QUERN_OK;
}

/* Takes a step as a rank does, without the sum over ranks. */
static quern_status take_step(trial *run) {
  const size_t bytes = run->plan->shape.flat_count * sizeof(float);
  QUERN__FORWARD(quern__plan_gradients(run->plan, run->x, &run->targets, NULL, quern_none(), NULL));
  QUERN__FORWARD(
      quern_buffer_read(run->plan->gradients.list[0].memory, 0, bytes, run->gradients, QUERN_WAIT));
  QUERN__FORWARD(quern_buffer_write(run->plan->gradients.list[0].memory, 0, bytes, run->gradients,
                                    QUERN_NO_WAIT));
  QUERN__FORWARD(quern__plan_apply(run->plan));
  return quern_context_finish(run->plan->context);
}

/* Allocates what steps need and takes the first step, which may build kernels. */
static quern_status create_trial(quern_context *context, const quern_network *network,
                                 const quern_train_options *options, size_t samples, trial *run) {
  const size_t bytes = network->shape.flat_count * sizeof(float);
  run->gradients = malloc(bytes);
  if (run->gradients == NULL) return quern__fail_memory("shares", bytes);
  QUERN__FORWARD(create_plan(context, network, options, samples, &run->plan));
  QUERN__FORWARD(create_samples(context, network, samples, run));
  return take_step(run);
}

static quern_status take_steps(trial *run, double *seconds) {
  const double start = quern__seconds();
  size_t steps = 0;
  double taken;
  do {
    QUERN__FORWARD(take_step(run));
    steps++;
    taken = quern__seconds() - start;
  } while (taken < ROUND_SECONDS);
  *seconds = taken / (double)steps;
  return QUERN_OK;
}

/* Measures this rank's seconds per step of `samples` samples, while all other ranks take theirs. */
static quern_status measure_round(quern_context *context, const quern_network *network,
                                  const quern_train_options *options, size_t samples,
                                  double *seconds) {
  /* Batch normalization rejects a single sample; two take about as long. */
  if (samples == 1 && quern__shape_normalizes(&network->shape, QUERN_NORMALIZATION_BATCH))
    samples = 2;
  const quern_collective *collective = options->collective;
  trial run = {.plan = NULL};
  quern_status status =
      samples > 0 ? create_trial(context, network, options, samples, &run) : QUERN_OK;
  QUERN__TRY(quern__collective_status(collective, status)); /* all start together */
  if (samples > 0) status = take_steps(&run, seconds);
  status = quern__collective_status(collective, status);
cleanup:
  free_trial(&run);
  return status;
}

static quern_status update_shares(const quern_collective *collective, double speed, uint32_t batch,
                                  uint32_t *shares) {
  double *speeds = malloc(collective->ranks * sizeof *speeds);
  if (speeds == NULL) return quern__fail_memory("shares", collective->ranks * sizeof *speeds);
  quern_status status;
  QUERN__TRY(quern__collective_gather(collective, &speed, sizeof speed, speeds));
  status = quern__shares_divide(speeds, collective->ranks, batch, shares);
cleanup:
  free(speeds);
  return status;
}

quern_status quern__shares_measure(quern_context *context, const quern_network *network,
                                   const quern_train_options *options, uint32_t batch,
                                   uint32_t *shares) {
  const quern_collective *collective = options->collective;
  double speed = 1.0; /* in samples per second; the first shares are equal */
  QUERN__FORWARD(update_shares(collective, speed, batch, shares));
  for (size_t i = 0; i < ROUNDS; i++) {
    const uint32_t samples = shares[collective->rank];
    double seconds = 0.0;
    QUERN__FORWARD(measure_round(context, network, options, samples, &seconds));
    if (samples > 0) speed = samples / seconds;
    QUERN__FORWARD(update_shares(collective, speed, batch, shares));
  }
  return QUERN_OK;
}
