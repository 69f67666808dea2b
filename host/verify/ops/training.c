/* Training runs on the device against the reference's, in every form in which the device can take
 * steps, and twice: the same bits. */
#include "training.h"

#include "../../base/error.h"
#include "../../data/dataset.h"
#include "../../network/network.h"
#include <math.h>
#include <quern/train.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A step rounds sums of at most a hundred terms near 1, and there are at most 60 steps. */
static const double allowed = 2e-5;

/* Values of samples and what they are to yield; owned. */
typedef struct arrays {
  float *values, *targets;
  int32_t *labels;
  uint8_t *pixels;
} arrays;

static size_t outputs_of(const quern__training_case *self) {
  return self->layers[self->layer_count - 1].units;
}

static quern_status make_arrays(const quern__training_case *self, arrays *made) {
  const size_t count = self->samples * self->inputs, outputs = outputs_of(self);
  made->labels = calloc(self->samples, sizeof *made->labels);
  made->targets = calloc(self->samples * outputs, sizeof *made->targets);
  made->values = calloc(count, sizeof *made->values);
  made->pixels = calloc(count, 1);
  if (made->labels == NULL || made->targets == NULL || made->values == NULL || made->pixels == NULL)
    return quern__fail_memory("verify", count * sizeof *made->values);
  for (size_t i = 0; i < self->samples; i++) made->labels[i] = (int32_t)(i * 7 % outputs);
  for (size_t i = 0; i < self->samples * outputs; i++)
    made->targets[i] = (float)(i * 29 % 64) / 64.0f;
  for (size_t i = 0; i < count; i++)
    made->values[i] = (float)(i * 37 % 256) / (self->bytes ? 1.0f : 255.0f);
  for (size_t i = 0; i < count; i++) made->pixels[i] = (uint8_t)(i * 37 % 256);
  return QUERN_OK;
}

static quern_status make_data(const quern__training_case *self, quern_dataset **data) {
  arrays made = {0};
  quern_status status;
  QUERN__TRY(make_arrays(self, &made));
  if (self->targets)
    QUERN__TRY(quern_dataset_from_targets(made.values, made.targets, QUERN_TASK_REGRESSION,
                                          self->samples, self->inputs, outputs_of(self), data));
  else
    QUERN__TRY(
        quern_dataset_from_floats(made.values, made.labels, self->samples, self->inputs, data));
  if (self->bytes) { /* what the readers of images make */
    free((*data)->values);
    (*data)->values = made.pixels;
    (*data)->element = QUERN_ELEMENT_UINT8;
    (*data)->scale = 1.0f / 255.0f;
    made.pixels = NULL;
  }

cleanup:
  free(made.labels);
  free(made.targets);
  free(made.values);
  free(made.pixels);
  return status;
}

static quern_status make_network(const quern__training_case *self, quern_network **network) {
  quern_layer layers[QUERN__TRAINING_LAYERS];
  for (size_t l = 0; l < self->layer_count; l++) {
    layers[l] = quern_dense(self->layers[l].units, self->layers[l].activation);
    layers[l].freeze_weights = self->layers[l].freeze_weights;
    layers[l].freeze_bias = self->layers[l].freeze_bias;
    layers[l].dropout = self->layers[l].dropout;
    layers[l].normalization = quern_normalization_of(self->layers[l].normalization);
  }
  QUERN__FORWARD(
      quern_network_create(self->inputs, layers, self->layer_count, self->loss, network));
  return quern_network_initialize(*network, QUERN_INITIALIZER_DEFAULT, 5);
}

/* What a training leaves: the flat range of parameters and running statistics, and the loss behind
 * them. */
typedef struct learned {
  float *values; /* owned */
  size_t count;
} learned;

static quern_status download(const quern_network *network, double loss, learned *got) {
  const size_t count = network->shape.flat_count;
  got->count = count + 1;
  got->values = malloc(got->count * sizeof *got->values);
  if (got->values == NULL) return quern__fail_memory("verify", got->count * sizeof *got->values);
  memcpy(got->values, network->parameters, count * sizeof *got->values);
  got->values[count] = (float)loss;
  return QUERN_OK;
}

/* Weights of the classes, one of them 0. */
static const float class_weights[] = {1.5f, 0.25f, 0.0f, 3.0f, 1.0f};

static quern_status learn(quern_context *context, const quern__training_case *self,
                          const quern_dataset *data, size_t epochs, learned *got) {
  quern_train_options options = quern_train_options_default();
  quern_network *network = NULL;
  quern_epoch last;
  quern_status status;
  options.epochs = epochs;
  options.batch = self->batch;
  options.optimizer = quern_optimizer_of(self->optimizer, 0.1);
  options.optimizer.weight_decay = 0.01;
  options.schedule = quern_schedule_of(QUERN_SCHEDULE_CONSTANT);
  options.label_smoothing = self->smoothing;
  if (self->weighs) options.class_weights = class_weights;
  if (self->optimizer != QUERN_OPTIMIZER_SGD) {
    /* A step of Adam is as sensitive to a gradient as epsilon is small. */
    options.optimizer.learning_rate = 0.01;
    options.optimizer.epsilon = 1e-3;
    options.optimizer.momentum = 0.9;
    options.optimizer.decay_bias = false;
    options.schedule = quern_schedule_of(QUERN_SCHEDULE_ONE_CYCLE);
  }
  QUERN__TRY(make_network(self, &network));
  QUERN__TRY(quern_train(context, network, data, NULL, &options, &last));
  status = download(network, last.train_loss, got);

cleanup:
  quern_network_free(network);
  return status;
}

static void compare_training(quern__verify *v, const char *title, const learned *got,
                             const learned *again, const learned *expected) {
  if (memcmp(got->values, again->values, got->count * sizeof *got->values) != 0)
    quern__verify_wrong(v, "%s: not the same bits in two runs", title);
  for (size_t i = 0; i < got->count; i++) {
    const double value = (double)expected->values[i];
    const double error =
        quern_verify_error((double)got->values[i], value, allowed * (1 + fabs(value)));
    quern__verify_error(v, title, error);
    if (!(error <= 1))
      quern__verify_wrong(v, "%s: %s %zu is %.9g, expected %.9g", title,
                          i + 1 < got->count ? "parameter" : "the loss behind parameter", i,
                          (double)got->values[i], value);
  }
}

static quern_status check_training(quern__verify *v, const quern__training_case *self,
                                   const char *form) {
  char title[QUERN__MAX_TITLE];
  const size_t epochs = v->few ? 1 : self->epochs;
  quern_dataset *data = NULL;
  learned got = {NULL, 0}, again = {NULL, 0}, expected = {NULL, 0};
  quern_status status;
  snprintf(title, sizeof title, "training %zu-…-%zu, %s loss, %s, %zu samples by %zu%s",
           self->inputs, outputs_of(self), quern_loss_name(self->loss),
           quern_optimizer_name(self->optimizer), self->samples, self->batch, form);
  quern__verify_begin(v);
  QUERN__TRY(make_data(self, &data));
  QUERN__TRY(learn(v->reference, self, data, epochs, &expected));
  QUERN__TRY(learn(v->device, self, data, epochs, &got));
  QUERN__TRY(learn(v->device, self, data, epochs, &again));
  compare_training(v, title, &got, &again, &expected);

cleanup:
  quern__verify_end(v);
  free(got.values);
  free(again.values);
  free(expected.values);
  quern_dataset_free(data);
  return status;
}

/* Steps with batch normalization run op by op alone. */
static bool normalizes_batches(const quern__training_case *self) {
  for (size_t l = 0; l < self->layer_count; l++)
    if (self->layers[l].normalization == QUERN_NORMALIZATION_BATCH) return true;
  return false;
}

/* Whether the device can take the task's steps in that form; where it can, it does so from now on.
 */
static bool choose(quern__verify *v, const quern__training_case *self, quern__steps_form form) {
  if (form != QUERN__STEPS_OP_BY_OP && normalizes_batches(self)) return false;
  /* Where a work-item's loops end, no plan takes whole steps by itself (host/opencl/quirks.c), and
   * compiling them takes minutes. */
  if (v->loop_rounds > 0 && v->few && form != QUERN__STEPS_OP_BY_OP) return false;
  /* A work-item would take more rounds than its loops have: in a launch of many steps, or with a
   * network above to itself. */
  if (v->loop_rounds > 0 && ((form == QUERN__STEPS_SERIAL &&
                              (self->batch > 5 || self->optimizer != QUERN_OPTIMIZER_SGD)) ||
                             (form == QUERN__STEPS_COLUMNS && self->batch > 20)))
    return false;
  return v->variants->force_steps(v->state, form);
}

quern_status quern__sweep_training(quern__verify *v) {
  static const char *const forms[] = {", op by op", ", by one work-item", ", in columns",
                                      ", in blocks", ", by a program of its own"};
  for (size_t i = 0; i < quern__training_case_count; i++) {
    if (quern__training_cases[i].large && v->small) continue;
    if (v->variants == NULL) {
      QUERN__FORWARD(check_training(v, &quern__training_cases[i], ""));
      continue;
    }
    for (quern__steps_form form = 0; form < QUERN__STEPS_FORMS; form++)
      if (choose(v, &quern__training_cases[i], form))
        QUERN__FORWARD(check_training(v, &quern__training_cases[i], forms[form]));
  }
  return QUERN_OK;
}
