/* Batch normalization across ranks: mean, variance and the sums of the backward pass cover the
 * samples of all ranks. The host combines the results of each rank's device in all-reduces of one
 * or two numbers per unit. A rank without samples in the batch adds zeros and gets the same
 * statistics. */
#include "../base/error.h"
#include "../network/plan.h"

#include "../base/quotient.h"
#include "collective_ops.h"
#include <math.h>
#include <stdlib.h>

quern_status quern__plan_set_collective(quern_plan *plan, const quern_collective *collective) {
  if (!quern__shape_normalizes(&plan->shape, QUERN_NORMALIZATION_BATCH)) return QUERN_OK;
  /* fits: `statistics` is larger */
  const size_t bytes = 4 * plan->shape.widest * sizeof *plan->sums;
  plan->sums = malloc(bytes);
  if (plan->sums == NULL) return quern__fail_memory("plan", bytes);
  plan->collective = collective;
  return QUERN_OK;
}

/* Replaces the numbers by their sums over all ranks. */
static quern_status sum_over_ranks(const quern_plan *plan, float *values, size_t count) {
  void *request;
  QUERN__FORWARD(quern__collective_reduce_start(plan->collective, values, count, &request));
  return quern__collective_reduce_wait(plan->collective, request);
}

/* Reads two device vectors [units] into host memory, one after the other. */
static quern_status read_pair(quern_tensor a, quern_tensor b, float *values) {
  const size_t bytes = a.columns * sizeof *values;
  QUERN__FORWARD(
      quern_buffer_read(a.buffer, a.offset * sizeof *values, bytes, values, QUERN_NO_WAIT));
  return quern_buffer_read(b.buffer, b.offset * sizeof *values, bytes, values + a.columns,
                           QUERN_WAIT);
}

static quern_status write_pair(quern_tensor a, quern_tensor b, const float *values) {
  const size_t bytes = a.columns * sizeof *values;
  QUERN__FORWARD(
      quern_buffer_write(a.buffer, a.offset * sizeof *values, bytes, values, QUERN_NO_WAIT));
  return quern_buffer_write(b.buffer, b.offset * sizeof *values, bytes, values + a.columns,
                            QUERN_WAIT);
}

/* Combines the means of each rank's n samples, and the sums of their squared deviations from it,
 * into mean and variance of the whole batch, `count` each (Chan, Golub and LeVeque 1979):
 *     mean = Σ_r n_r mean_r / N
 *     variance = Σ_r (squares_r + n_r (mean_r - mean)²) / N
 * The mean is computed first, so that no digits are lost if it is far from 0. */
static quern_status combine_moments(const quern_plan *plan, size_t n, size_t count, float *mean,
                                    float *variance) {
  const double samples = (double)plan->step_samples;
  float *own = plan->sums + 2 * plan->shape.widest;
  for (size_t j = 0; j < count; j++) {
    own[j] = mean[j];
    mean[j] = (float)((double)n * (double)mean[j]);
  }
  QUERN__FORWARD(sum_over_ranks(plan, mean, count));
  for (size_t j = 0; j < count; j++) {
    mean[j] = (float)((double)mean[j] / samples);
    const double deviation = (double)own[j] - (double)mean[j];
    variance[j] = (float)((double)variance[j] + (double)n * deviation * deviation);
  }
  QUERN__FORWARD(sum_over_ranks(plan, variance, count));
  for (size_t j = 0; j < count; j++) variance[j] = (float)((double)variance[j] / samples);
  return QUERN_OK;
}

/* running ← running + momentum (new - running), with the variance over N - 1. On the host, so that
 * all ranks get the same values. */
static quern_status update_running(const quern_plan *plan, size_t l, size_t count,
                                   const float *mean, const float *variance) {
  const double momentum = (double)QUERN_BATCH_NORM_MOMENTUM, samples = (double)plan->step_samples;
  const quern_tensor running_mean = quern__plan_part(plan, plan->parameters, l, QUERN__MEAN),
                     running_variance =
                         quern__plan_part(plan, plan->parameters, l, QUERN__VARIANCE);
  float *running = plan->sums + 2 * plan->shape.widest;
  QUERN__FORWARD(read_pair(running_mean, running_variance, running));
  for (size_t j = 0; j < count; j++) {
    float *old = &running[j], *old_variance = &running[count + j];
    const double unbiased = (double)variance[j] * samples / (samples - 1.0);
    *old = (float)((double)*old + momentum * ((double)mean[j] - (double)*old));
    *old_variance = (float)((double)*old_variance + momentum * (unbiased - (double)*old_variance));
  }
  return write_pair(running_mean, running_variance, running);
}

quern_status quern__plan_normalize_across_ranks(quern_plan *plan, size_t l, quern__pass pass,
                                                const quern__norm_statistics *statistics, size_t n,
                                                quern_tensor product, quern_tensor to) {
  const quern_layer *layer = &plan->shape.layers[l].layer;
  const float epsilon = layer->normalization.epsilon;
  const size_t count = layer->units;
  const quern_tensor shared_variance =
      quern_vector(plan->statistics, plan->statistics_scratch, count);
  float *mean = plan->sums, *variance = plan->sums + count;
  for (size_t j = 0; j < 2 * count; j++) plan->sums[j] = 0.0f;
  if (n > 0) {
    QUERN__FORWARD(
        quern_batch_norm_moments(plan->context, product, statistics->mean, statistics->inv_std));
    QUERN__FORWARD(read_pair(statistics->mean, statistics->inv_std, plan->sums));
  }
  QUERN__FORWARD(combine_moments(plan, n, count, mean, variance));
  if (pass == QUERN__PASS_TRAINING) QUERN__FORWARD(update_running(plan, l, count, mean, variance));
  if (n == 0) return QUERN_OK;
  QUERN__FORWARD(write_pair(statistics->mean, shared_variance, plan->sums));
  QUERN__FORWARD(quern_batch_norm_inference(
      plan->context, product, quern__plan_part(plan, plan->parameters, l, QUERN__GAMMA),
      quern__plan_part(plan, plan->parameters, l, QUERN__BETA), epsilon, statistics->mean,
      shared_variance, to));
  for (size_t j = 0; j < count; j++)
    variance[j] = (float)(quern__quotient(1.0, sqrt((double)variance[j] + (double)epsilon)));
  return quern_buffer_write(statistics->inv_std.buffer, statistics->inv_std.offset * sizeof(float),
                            count * sizeof(float), variance, QUERN_WAIT);
}

quern_status quern__plan_normalize_back_across_ranks(quern_plan *plan, size_t l,
                                                     const quern__norm_statistics *statistics,
                                                     size_t n) {
  const size_t count = plan->shape.layers[l].layer.units;
  const quern_tensor product = quern__plan_product(plan, l, n), dz = quern__plan_dz(plan, l, n),
                     dgamma = quern__plan_gradient(plan, l, QUERN__GAMMA),
                     dbeta = quern__plan_gradient(plan, l, QUERN__BETA),
                     all_dgamma = quern_vector(plan->statistics, plan->statistics_scratch, count),
                     all_dbeta =
                         quern_vector(plan->statistics, plan->statistics_scratch + count, count);
  for (size_t j = 0; j < 2 * count; j++) plan->sums[j] = 0.0f;
  if (n > 0) {
    QUERN__FORWARD(quern_batch_norm_backward_parameters(
        plan->context, dz, product, statistics->mean, statistics->inv_std, dgamma, dbeta));
    QUERN__FORWARD(read_pair(dgamma, dbeta, plan->sums));
  }
  QUERN__FORWARD(sum_over_ranks(plan, plan->sums, 2 * count));
  if (n == 0) return QUERN_OK;
  QUERN__FORWARD(write_pair(all_dgamma, all_dbeta, plan->sums));
  return quern_batch_norm_backward_data(plan->context, plan->step_samples, dz, product,
                                        quern__plan_part(plan, plan->parameters, l, QUERN__GAMMA),
                                        statistics->mean, statistics->inv_std, all_dgamma,
                                        all_dbeta, dz);
}
