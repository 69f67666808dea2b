/* A plan's normalizations, forward and backward. */
#include "../base/error.h"
#include "plan.h"

static quern__norm_statistics statistics_of(const quern_plan *plan, size_t l, size_t n) {
  const quern_layer *layer = &plan->shape.layers[l].layer;
  const size_t count = layer->normalization.kind == QUERN_NORMALIZATION_BATCH ? layer->units : n;
  return (quern__norm_statistics){quern_vector(plan->statistics, plan->places[l].mean, count),
                                  quern_vector(plan->statistics, plan->places[l].inv_std, count)};
}

/* True if the statistics cover the samples of all ranks. */
static bool spans_ranks(const quern_plan *plan, size_t l) {
  return plan->collective != NULL &&
         plan->shape.layers[l].layer.normalization.kind == QUERN_NORMALIZATION_BATCH;
}

static quern_tensor parameter(const quern_plan *plan, size_t l, quern__part part) {
  return quern__plan_part(plan, plan->parameters, l, part);
}

static quern_status normalize_batch(quern_plan *plan, size_t l, quern__pass pass,
                                    quern_tensor product, quern_tensor to) {
  const float epsilon = plan->shape.layers[l].layer.normalization.epsilon;
  const quern_tensor gamma = parameter(plan, l, QUERN__GAMMA),
                     beta = parameter(plan, l, QUERN__BETA), mean = parameter(plan, l, QUERN__MEAN),
                     variance = parameter(plan, l, QUERN__VARIANCE);
  if (pass == QUERN__PASS_INFERENCE)
    return quern_batch_norm_inference(plan->context, product, gamma, beta, epsilon, mean, variance,
                                      to);
  const quern__norm_statistics own = statistics_of(plan, l, product.rows);
  if (spans_ranks(plan, l))
    return quern__plan_normalize_across_ranks(plan, l, pass, &own, product.rows, product, to);
  const bool trains = pass == QUERN__PASS_TRAINING;
  return quern_batch_norm_forward(plan->context, product, gamma, beta, epsilon,
                                  QUERN_BATCH_NORM_MOMENTUM, trains ? mean : quern_none(),
                                  trains ? variance : quern_none(), own.mean, own.inv_std, to);
}

quern_status quern__plan_normalize(quern_plan *plan, size_t l, quern__pass pass,
                                   quern_tensor product, quern_tensor to) {
  const quern_normalization *normalization = &plan->shape.layers[l].layer.normalization;
  if (normalization->kind == QUERN_NORMALIZATION_BATCH)
    return normalize_batch(plan, l, pass, product, to);
  quern__norm_statistics own = {quern_none(), quern_none()};
  if (pass != QUERN__PASS_INFERENCE) own = statistics_of(plan, l, product.rows);
  return quern_layer_norm_forward(plan->context, product, parameter(plan, l, QUERN__GAMMA),
                                  parameter(plan, l, QUERN__BETA), normalization->epsilon, own.mean,
                                  own.inv_std, to);
}

/* Updates gamma or beta, to which weight decay applies as it does to biases. */
static quern_status update_scale(quern_plan *plan, quern_tensor gradients,
                                 quern_tensor parameters) {
  quern_optimizer optimizer = plan->optimizer;
  if (!optimizer.decay_bias) optimizer.weight_decay = 0.0;
  return quern_optimizer_update(plan->context, &optimizer, plan->optimizer_steps + 1, gradients,
                                parameters, quern__plan_state(plan, parameters));
}

quern_status quern__plan_normalize_back(quern_plan *plan, size_t l, size_t n) {
  const quern_layer *layer = &plan->shape.layers[l].layer;
  const quern__norm_statistics own = statistics_of(plan, l, n);
  if (spans_ranks(plan, l)) return quern__plan_normalize_back_across_ranks(plan, l, &own, n);
  const quern_tensor gamma = parameter(plan, l, QUERN__GAMMA),
                     beta = parameter(plan, l, QUERN__BETA),
                     product = quern__plan_product(plan, l, n), dz = quern__plan_dz(plan, l, n);
  const bool keeps_gradients = plan->mode == QUERN_PLAN_GRADIENTS;
  const quern_tensor dgamma = keeps_gradients
                                  ? quern__plan_gradient(plan, l, QUERN__GAMMA)
                                  : quern_vector(plan->statistics, plan->statistics_scratch,
                                                 layer->units),
                     dbeta = keeps_gradients ? quern__plan_gradient(plan, l, QUERN__BETA)
                                             : quern_vector(plan->statistics,
                                                            plan->statistics_scratch + layer->units,
                                                            layer->units);
  if (layer->normalization.kind == QUERN_NORMALIZATION_BATCH)
    QUERN__FORWARD(quern_batch_norm_backward(plan->context, dz, product, gamma, own.mean,
                                             own.inv_std, dz, dgamma, dbeta));
  else
    QUERN__FORWARD(quern_layer_norm_backward(plan->context, dz, product, gamma, own.mean,
                                             own.inv_std, dz, dgamma, dbeta));
  if (keeps_gradients || layer->freeze_bias) return QUERN_OK;
  QUERN__FORWARD(update_scale(plan, dgamma, gamma));
  return update_scale(plan, dbeta, beta);
}

quern_status quern__plan_normalize_no_samples(quern_plan *plan, quern__pass pass) {
  for (size_t l = 0; l < plan->shape.layer_count; l++) {
    const quern__norm_statistics own = statistics_of(plan, l, 0);
    if (spans_ranks(plan, l))
      QUERN__FORWARD(
          quern__plan_normalize_across_ranks(plan, l, pass, &own, 0, quern_none(), quern_none()));
  }
  return QUERN_OK;
}

quern_status quern__plan_normalize_no_samples_back(quern_plan *plan) {
  for (size_t l = plan->shape.layer_count; l-- > 0;) {
    const quern__norm_statistics own = statistics_of(plan, l, 0);
    if (spans_ranks(plan, l))
      QUERN__FORWARD(quern__plan_normalize_back_across_ranks(plan, l, &own, 0));
  }
  return QUERN_OK;
}
