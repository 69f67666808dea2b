/* The tensors in a plan's buffers: for its steps, and for callers. */
#include "plan.h"

#include "../base/error.h"

quern_tensor quern__plan_part(const quern_plan *plan, quern_buffer *flat, size_t layer,
                              quern__part part) {
  const quern__extent extent = quern__layer_part(&plan->shape.layers[layer], part);
  return quern_vector(flat, extent.first, extent.count);
}

quern_tensor quern__plan_weights(const quern_plan *plan, quern_buffer *flat, size_t layer) {
  const quern__placed_layer *placed = &plan->shape.layers[layer];
  return quern_matrix(flat, placed->weights, placed->inputs, placed->layer.units);
}

quern_tensor quern__plan_bias(const quern_plan *plan, quern_buffer *flat, size_t layer) {
  const quern__placed_layer *placed = &plan->shape.layers[layer];
  return quern_vector(flat, placed->bias, placed->layer.units);
}

quern_tensor quern__plan_output(const quern_plan *plan, size_t layer, size_t n) {
  return quern_matrix(plan->outputs, plan->places[layer].output, n,
                      plan->shape.layers[layer].layer.units);
}

quern_tensor quern__plan_layer_input(const quern_plan *plan, size_t layer, size_t n) {
  return quern_matrix(plan->outputs, plan->places[layer].layer_input, n,
                      plan->shape.layers[layer].layer.units);
}

quern_tensor quern__plan_product(const quern_plan *plan, size_t layer, size_t n) {
  return quern_matrix(plan->outputs, plan->places[layer].product, n,
                      plan->shape.layers[layer].layer.units);
}

quern_dropout_mask quern__plan_mask(const quern_plan *plan, size_t layer) {
  return (quern_dropout_mask){.p = plan->shape.layers[layer].layer.dropout,
                              .seed = plan->dropout_seed,
                              .step = plan->steps_taken,
                              .layer = (uint32_t)layer,
                              .first_row = plan->first_row};
}

quern_tensor quern__plan_dz(const quern_plan *plan, size_t layer, size_t n) {
  return quern_matrix(plan->dz, plan->places[layer].output, n,
                      plan->shape.layers[layer].layer.units);
}

quern_tensor quern__plan_derivative_input(const quern_plan *plan, size_t layer, size_t n) {
  return quern_activation_reads_z(plan->shape.layers[layer].layer.activation.kind)
             ? quern__plan_dz(plan, layer, n)
             : quern__plan_output(plan, layer, n);
}

static quern_status check_pointers(const char *what, const quern_plan *plan,
                                   const quern_tensor *first, const quern_tensor *second) {
  if (plan != NULL && first != NULL && second != NULL) return QUERN_OK;
  return quern__fail(QUERN_ERROR_ARGUMENT, "%s: the plan or a result pointer is NULL", what);
}

static quern_status check_layer(const char *what, const quern_plan *plan, size_t index) {
  if (index < plan->shape.layer_count) return QUERN_OK;
  return quern__fail(QUERN_ERROR_ARGUMENT,
                     "%s: there is no layer %zu: the network has %zu, counted from 0", what, index,
                     plan->shape.layer_count);
}

static quern_status check_gradients(const char *what, const quern_plan *plan) {
  if (plan->gradients.count > 0) return QUERN_OK;
  return quern__fail(QUERN_ERROR_ARGUMENT,
                     "%s: the plan keeps no gradients: create it with QUERN_PLAN_GRADIENTS", what);
}

static quern_status check_normalization(const char *what, const quern_plan *plan, size_t index) {
  QUERN__FORWARD(check_layer(what, plan, index));
  if (plan->shape.layers[index].layer.normalization.kind != QUERN_NORMALIZATION_NONE)
    return QUERN_OK;
  return quern__fail(QUERN_ERROR_ARGUMENT, "%s: layer %zu has no normalization", what, index);
}

quern_status quern_plan_layer(const quern_plan *plan, size_t index, quern_tensor *weights,
                              quern_tensor *bias) {
  QUERN__FORWARD(check_pointers("plan layer", plan, weights, bias));
  QUERN__FORWARD(check_layer("plan layer", plan, index));
  *weights = quern__plan_weights(plan, plan->parameters, index);
  *bias = quern__plan_bias(plan, plan->parameters, index);
  return QUERN_OK;
}

quern_status quern_plan_layer_gradients(const quern_plan *plan, size_t index, quern_tensor *weights,
                                        quern_tensor *bias) {
  const char *what = "plan layer gradients";
  QUERN__FORWARD(check_pointers(what, plan, weights, bias));
  QUERN__FORWARD(check_gradients(what, plan));
  QUERN__FORWARD(check_layer(what, plan, index));
  *weights = quern__plan_gradient(plan, index, QUERN__WEIGHTS);
  *bias = quern__plan_gradient(plan, index, QUERN__BIAS);
  return QUERN_OK;
}

quern_status quern_plan_normalization(const quern_plan *plan, size_t index, quern_tensor *gamma,
                                      quern_tensor *beta) {
  QUERN__FORWARD(check_pointers("plan normalization", plan, gamma, beta));
  QUERN__FORWARD(check_normalization("plan normalization", plan, index));
  *gamma = quern__plan_part(plan, plan->parameters, index, QUERN__GAMMA);
  *beta = quern__plan_part(plan, plan->parameters, index, QUERN__BETA);
  return QUERN_OK;
}

quern_status quern_plan_normalization_gradients(const quern_plan *plan, size_t index,
                                                quern_tensor *gamma, quern_tensor *beta) {
  const char *what = "plan normalization gradients";
  QUERN__FORWARD(check_pointers(what, plan, gamma, beta));
  QUERN__FORWARD(check_gradients(what, plan));
  QUERN__FORWARD(check_normalization(what, plan, index));
  *gamma = quern__plan_gradient(plan, index, QUERN__GAMMA);
  *beta = quern__plan_gradient(plan, index, QUERN__BETA);
  return QUERN_OK;
}
