/* Checks the gradients of whole networks on the device against finite differences of the loss on
 * the reference, for every activation under every loss.
 *
 * Derivatives are computed by Romberg's method: central differences at steps h, h/2, h/4,
 * extrapolated twice. The error is estimated from the last two extrapolations. Added to it is the
 * rounding of the loss to float, which the smallest step magnifies. */
#include "../sweep.h"

#include "../../base/error.h"
#include <float.h>
#include <math.h>
#include <quern/plan.h>
#include <stdio.h>
#include <string.h>

/* Biases of the hidden layer are far from zero and its weights small, so that no step crosses a
 * kink of an activation. */
enum { SAMPLES = 6, INPUTS = 5, HIDDEN = 7, OUTPUTS = 4, LAYERS = 2 };
enum {
  WEIGHTS_1 = 0,
  BIAS_1 = WEIGHTS_1 + INPUTS * HIDDEN,
  WEIGHTS_2 = BIAS_1 + HIDDEN,
  BIAS_2 = WEIGHTS_2 + HIDDEN * OUTPUTS,
  PARAMETERS = BIAS_2 + OUTPUTS
};
static const double step = 0x1p-3;
/* Number of roundings between a parameter and a sample's loss, and the largest value rounded. */
enum { ROUNDINGS = 8, MAGNITUDE = 4 };

typedef struct instance {
  quern_plan *plan;
  quern_buffer *x, *labels, *losses, *correct;
} instance;

typedef struct problem {
  quern_network *network;
  float parameters[PARAMETERS], x[SAMPLES * INPUTS];
  int32_t labels[SAMPLES];
  instance reference, device;
} problem;

static void free_instance(instance *self) {
  quern_plan_free(self->plan);
  quern_buffer_free(self->x);
  quern_buffer_free(self->labels);
  quern_buffer_free(self->losses);
  quern_buffer_free(self->correct);
}

static quern_status create_instance(quern_context *context, const problem *p, quern_plan_mode mode,
                                    instance *self) {
  QUERN__FORWARD(quern_plan_create(context, p->network, SAMPLES, mode, &self->plan));
  QUERN__FORWARD(quern_buffer_create(context, sizeof p->x, &self->x));
  QUERN__FORWARD(quern_buffer_create(context, sizeof p->labels, &self->labels));
  QUERN__FORWARD(quern_buffer_create(context, SAMPLES * sizeof(float), &self->losses));
  QUERN__FORWARD(quern_buffer_create(context, sizeof(int32_t), &self->correct));
  QUERN__FORWARD(quern_buffer_fill(self->correct, 0, sizeof(int32_t), 0));
  QUERN__FORWARD(quern_buffer_write(self->x, 0, sizeof p->x, p->x, QUERN_WAIT));
  return quern_buffer_write(self->labels, 0, sizeof p->labels, p->labels, QUERN_WAIT);
}

/* Moves outputs away from kinks of the loss. Targets are 0 and 1. Outputs near 4 and -3 stay on one
 * side of them and more than delta away; those near 1/2 stay within delta of both. Only the
 * absolute loss has kinks at the targets. */
#define DELTA 2.0f
static void keep_from_kinks(problem *p, quern_loss loss) {
  static const float near[OUTPUTS] = {4.0f, 0.5f, -3.0f, 0.5f},
                     far[OUTPUTS] = {4.0f, 4.0f, -3.0f, -3.0f};
  for (size_t i = WEIGHTS_2; i < BIAS_2; i++) p->parameters[i] *= 0.1f;
  for (size_t i = 0; i < OUTPUTS; i++)
    p->parameters[BIAS_2 + i] = loss == QUERN_LOSS_HUBER ? near[i] : far[i];
}

static void choose_values(quern__values *values, quern_loss loss, problem *p) {
  quern__values_next(values);
  for (size_t i = 0; i < PARAMETERS; i++)
    p->parameters[i] = (float)((int)(quern__values_word(values) >> 8) - (1 << 23)) * 0x1p-23f;
  for (size_t i = 0; i < BIAS_1; i++) p->parameters[i] *= 0.2f;
  for (size_t i = 0; i < HIDDEN; i++) p->parameters[BIAS_1 + i] = i % 3 == 2 ? -1.5f : 1.5f;
  for (size_t i = 0; i < SAMPLES * INPUTS; i++)
    p->x[i] = (float)((int)(quern__values_word(values) >> 8) - (1 << 23)) * 0x1p-23f;
  if (loss == QUERN_LOSS_ABSOLUTE || loss == QUERN_LOSS_HUBER) keep_from_kinks(p, loss);
  for (size_t i = 0; i < SAMPLES; i++) p->labels[i] = (int32_t)quern__values_below(values, OUTPUTS);
}

static quern_status set_parameters(const problem *p) {
  QUERN__FORWARD(
      quern_network_set_layer(p->network, 0, p->parameters + WEIGHTS_1, p->parameters + BIAS_1));
  return quern_network_set_layer(p->network, 1, p->parameters + WEIGHTS_2, p->parameters + BIAS_2);
}

static quern_status evaluate(const problem *p, double *loss) {
  const instance *self = &p->reference;
  float losses[SAMPLES];
  QUERN__FORWARD(set_parameters(p));
  QUERN__FORWARD(quern_plan_upload(self->plan, p->network));
  QUERN__FORWARD(quern_plan_evaluate(
      self->plan, quern_matrix(self->x, 0, SAMPLES, INPUTS), quern_vector(self->labels, 0, SAMPLES),
      quern_vector(self->losses, 0, SAMPLES), quern_vector(self->correct, 0, 1)));
  QUERN__FORWARD(quern_buffer_read(self->losses, 0, sizeof losses, losses, QUERN_WAIT));
  *loss = 0;
  for (size_t i = 0; i < SAMPLES; i++) *loss += (double)losses[i] / SAMPLES;
  return QUERN_OK;
}

/* Uses the difference of the two parameters as rounded to float. */
static quern_status central_difference(problem *p, size_t i, double wanted, double *slope) {
  const float parameter = p->parameters[i];
  const float up = parameter + (float)wanted, down = parameter - (float)wanted;
  double loss_up, loss_down;
  p->parameters[i] = up;
  QUERN__FORWARD(evaluate(p, &loss_up));
  p->parameters[i] = down;
  QUERN__FORWARD(evaluate(p, &loss_down));
  p->parameters[i] = parameter;
  *slope = (loss_up - loss_down) / ((double)up - (double)down);
  return QUERN_OK;
}

static quern_status differentiate(problem *p, size_t i, double *slope, double *error) {
  double first, second, third;
  QUERN__FORWARD(central_difference(p, i, step, &first));
  QUERN__FORWARD(central_difference(p, i, step / 2, &second));
  QUERN__FORWARD(central_difference(p, i, step / 4, &third));
  const double coarse = (4 * second - first) / 3, fine = (4 * third - second) / 3;
  *slope = (16 * fine - coarse) / 15;
  *error = fabs(fine - coarse) + ROUNDINGS * (double)FLT_EPSILON / 2 * MAGNITUDE / (step / 4) * 2;
  return QUERN_OK;
}

static quern_status read_tensor(quern_tensor tensor, float *values) {
  return quern_buffer_read(tensor.buffer, tensor.offset * sizeof *values,
                           tensor.rows * tensor.columns * sizeof *values, values, QUERN_WAIT);
}

/* Reads the gradients after a step of the device without an optimizer, which changes no
 * parameter. */
static quern_status read_gradients(const problem *p, float gradients[PARAMETERS]) {
  const instance *self = &p->device;
  static const size_t weights[LAYERS] = {WEIGHTS_1, WEIGHTS_2}, biases[LAYERS] = {BIAS_1, BIAS_2};
  QUERN__FORWARD(quern_plan_step(self->plan, quern_matrix(self->x, 0, SAMPLES, INPUTS),
                                 quern_vector(self->labels, 0, SAMPLES), quern_none()));
  for (size_t l = 0; l < LAYERS; l++) {
    quern_tensor w, b;
    QUERN__FORWARD(quern_plan_layer_gradients(self->plan, l, &w, &b));
    QUERN__FORWARD(read_tensor(w, gradients + weights[l]));
    QUERN__FORWARD(read_tensor(b, gradients + biases[l]));
  }
  return QUERN_OK;
}

static quern_status compare_gradients(quern__verify *v, problem *p, const char *title) {
  float gradients[PARAMETERS], again[PARAMETERS];
  QUERN__FORWARD(read_gradients(p, gradients));
  QUERN__FORWARD(read_gradients(p, again));
  if (memcmp(gradients, again, sizeof gradients) != 0)
    quern__verify_wrong(v, "%s: not the same bits in two runs", title);
  for (size_t i = 0; i < PARAMETERS; i++) {
    double slope, allowed;
    QUERN__FORWARD(differentiate(p, i, &slope, &allowed));
    const double error = quern_verify_error((double)gradients[i], slope, allowed);
    quern__verify_error(v, title, error);
    if (!(error <= 1))
      quern__verify_wrong(
          v, "%s: the gradient of parameter %zu is %.9g, finite differences give %.9g within %.3g",
          title, i, (double)gradients[i], slope, allowed);
  }
  return QUERN_OK;
}

static quern_status check_gradients(quern__verify *v, quern_activation_kind kind, quern_loss loss) {
  const quern_layer layers[LAYERS] = {quern_dense(HIDDEN, kind),
                                      quern_dense(OUTPUTS, QUERN_ACTIVATION_IDENTITY)};
  char title[QUERN__MAX_TITLE];
  problem p = {.network = NULL};
  quern_status status;
  snprintf(title, sizeof title, "gradients %d-%d-%d %s, %s loss", INPUTS, HIDDEN, OUTPUTS,
           quern_activation_name(kind), quern_loss_name(loss));
  quern__verify_begin(v);
  choose_values(&v->values, loss, &p);
  QUERN__TRY(quern_network_create(INPUTS, layers, LAYERS, loss, &p.network));
  QUERN__TRY(quern_network_set_huber_delta(p.network, DELTA));
  QUERN__TRY(set_parameters(&p));
  QUERN__TRY(create_instance(v->reference, &p, QUERN_PLAN_INFERENCE, &p.reference));
  QUERN__TRY(create_instance(v->device, &p, QUERN_PLAN_GRADIENTS, &p.device));
  status = compare_gradients(v, &p, title);

cleanup:
  quern__verify_end(v);
  free_instance(&p.reference);
  free_instance(&p.device);
  quern_network_free(p.network);
  return status;
}

quern_status quern__sweep_gradients(quern__verify *v) {
  for (unsigned loss = 0; quern_loss_name((quern_loss)loss) != NULL; loss++)
    for (unsigned kind = 0; quern_activation_name((quern_activation_kind)kind) != NULL; kind++)
      QUERN__FORWARD(check_gradients(v, (quern_activation_kind)kind, (quern_loss)loss));
  return QUERN_OK;
}
