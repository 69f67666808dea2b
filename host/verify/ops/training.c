/* Training runs on the device against the reference's, in every form in which the device can take
 * steps, and twice: the same bits. */
#include "../sweep.h"

#include "../../base/error.h"
#include "../../data/dataset.h"
#include "../../network/network.h"
#include <math.h>
#include <quern/train.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_LAYERS = 3 };

typedef struct task {
  size_t inputs, samples, batch, epochs;
  bool bytes;
  quern_loss loss;
  struct {
    size_t units;
    quern_activation_kind activation;
    bool freeze_weights, freeze_bias;
    float dropout;
    quern_normalization_kind normalization;
  } layers[MOST_LAYERS];
  size_t layer_count;
  bool large;
  quern_optimizer_kind optimizer; /* all but plain SGD with numbers that change from step to step */
} task;

#define LEARNS(units, kind)                                                                        \
  { (units), QUERN_ACTIVATION_##kind, false, false, 0.0f, QUERN_NORMALIZATION_NONE }
#define FROZEN(units, kind, weights, bias)                                                         \
  { (units), QUERN_ACTIVATION_##kind, (weights), (bias), 0.0f, QUERN_NORMALIZATION_NONE }
#define DROPS(units, kind, p)                                                                      \
  { (units), QUERN_ACTIVATION_##kind, false, false, (p), QUERN_NORMALIZATION_NONE }
#define NORMAL(units, kind, normalization, frozen)                                                 \
  { (units), QUERN_ACTIVATION_##kind, false, (frozen), 0.0f, QUERN_NORMALIZATION_##normalization }

/* Of one work-item's steps, of a block of samples for each, of columns in uneven shares, with a
 * smaller last batch; bytes and floats; frozen parameters; dropout and normalizations, which go op
 * by op. */
static const task tasks[] = {
    {3,
     20,
     1,
     3,
     false,
     QUERN_LOSS_CATEGORICAL,
     {LEARNS(3, RELU), LEARNS(3, SIGMOID), LEARNS(3, IDENTITY)},
     3,
     false,
     QUERN_OPTIMIZER_SGD},
    {19,
     23,
     5,
     2,
     true,
     QUERN_LOSS_CATEGORICAL,
     {LEARNS(17, TANH), LEARNS(5, IDENTITY)},
     2,
     false,
     QUERN_OPTIMIZER_SGD},
    {37,
     269,
     131,
     2,
     false,
     QUERN_LOSS_CATEGORICAL,
     {LEARNS(35, LEAKY_RELU), LEARNS(18, RELU), LEARNS(10, IDENTITY)},
     3,
     false,
     QUERN_OPTIMIZER_SGD},
    {21,
     60,
     17,
     2,
     true,
     QUERN_LOSS_CATEGORICAL,
     {LEARNS(149, RELU), LEARNS(3, IDENTITY)},
     2,
     false,
     QUERN_OPTIMIZER_SGD},
    {65,
     150,
     70,
     2,
     true,
     QUERN_LOSS_CATEGORICAL,
     {LEARNS(33, RELU), LEARNS(4, IDENTITY)},
     2,
     true,
     QUERN_OPTIMIZER_SGD},
    {21,
     90,
     4,
     1,
     false,
     QUERN_LOSS_CATEGORICAL,
     {FROZEN(20, RELU, true, true), FROZEN(17, TANH, true, false), LEARNS(6, IDENTITY)},
     3,
     true,
     QUERN_OPTIMIZER_SGD},
    {21,
     90,
     80,
     1,
     false,
     QUERN_LOSS_CATEGORICAL,
     {FROZEN(20, RELU, true, true), FROZEN(17, TANH, false, true), LEARNS(6, IDENTITY)},
     3,
     true,
     QUERN_OPTIMIZER_SGD},
    {3,
     20,
     2,
     3,
     false,
     QUERN_LOSS_CATEGORICAL,
     {LEARNS(3, TANH), LEARNS(3, IDENTITY)},
     2,
     false,
     QUERN_OPTIMIZER_MOMENTUM},
    {19,
     23,
     5,
     2,
     true,
     QUERN_LOSS_CATEGORICAL,
     {LEARNS(17, TANH), LEARNS(5, IDENTITY)},
     2,
     false,
     QUERN_OPTIMIZER_ADAM},
    {37,
     269,
     131,
     2,
     false,
     QUERN_LOSS_CATEGORICAL,
     {LEARNS(35, TANH), LEARNS(10, IDENTITY)},
     2,
     true,
     QUERN_OPTIMIZER_ADAMW},
    {65,
     150,
     20,
     2,
     true,
     QUERN_LOSS_CATEGORICAL,
     {LEARNS(149, SIGMOID), LEARNS(4, IDENTITY)},
     2,
     true,
     QUERN_OPTIMIZER_RMSPROP},
    {21,
     90,
     4,
     1,
     false,
     QUERN_LOSS_CATEGORICAL,
     {FROZEN(17, TANH, true, false), LEARNS(6, IDENTITY)},
     2,
     true,
     QUERN_OPTIMIZER_NESTEROV},
    {23,
     40,
     16,
     2,
     false,
     QUERN_LOSS_SQUARED,
     {LEARNS(18, TANH), LEARNS(3, SIGMOID)},
     2,
     false,
     QUERN_OPTIMIZER_ADAMW},
    {23,
     40,
     16,
     2,
     false,
     QUERN_LOSS_ELEMENTWISE,
     {LEARNS(18, SIGMOID), LEARNS(3, IDENTITY)},
     2,
     false,
     QUERN_OPTIMIZER_SGD},
    {23,
     40,
     16,
     2,
     false,
     QUERN_LOSS_BINARY,
     {LEARNS(18, TANH), LEARNS(3, IDENTITY)},
     2,
     false,
     QUERN_OPTIMIZER_SGD},
    {23,
     40,
     16,
     2,
     false,
     QUERN_LOSS_SQUARED,
     {LEARNS(18, RELU), LEARNS(3, SIGMOID)},
     2,
     false,
     QUERN_OPTIMIZER_SGD},
    {23,
     40,
     16,
     2,
     false,
     QUERN_LOSS_CATEGORICAL,
     {DROPS(18, TANH, 0.5f), DROPS(13, SILU, 0.25f), LEARNS(3, IDENTITY)},
     3,
     false,
     QUERN_OPTIMIZER_SGD},
    {23,
     41,
     16,
     2,
     false,
     QUERN_LOSS_CATEGORICAL,
     {NORMAL(18, TANH, BATCH, false), NORMAL(13, SILU, LAYER, false), LEARNS(3, IDENTITY)},
     3,
     false,
     QUERN_OPTIMIZER_MOMENTUM},
    {23,
     41,
     16,
     2,
     false,
     QUERN_LOSS_SQUARED,
     {NORMAL(18, SIGMOID, LAYER, false), NORMAL(13, TANH, BATCH, true),
      NORMAL(3, IDENTITY, BATCH, false)},
     3,
     true,
     QUERN_OPTIMIZER_SGD},
};

/* A step rounds sums of at most a hundred terms near 1, and there are at most 60 steps. */
static const double allowed = 2e-5;

static quern_status make_data(const task *self, quern_dataset **data) {
  const size_t count = self->samples * self->inputs,
               classes = self->layers[self->layer_count - 1].units;
  int32_t *labels = calloc(self->samples, sizeof *labels);
  float *values = calloc(count, sizeof *values);
  uint8_t *pixels = calloc(count, 1);
  quern_status status = QUERN_OK;
  if (labels == NULL || values == NULL || pixels == NULL) {
    status = quern__fail_memory("verify", count * sizeof *values);
    goto cleanup;
  }
  for (size_t i = 0; i < self->samples; i++) labels[i] = (int32_t)(i * 7 % classes);
  for (size_t i = 0; i < count; i++)
    values[i] = (float)(i * 37 % 256) / (self->bytes ? 1.0f : 255.0f);
  for (size_t i = 0; i < count; i++) pixels[i] = (uint8_t)(i * 37 % 256);
  QUERN__TRY(quern_dataset_from_floats(values, labels, self->samples, self->inputs, data));
  if (self->bytes) { /* what the readers of images make */
    free((*data)->values);
    (*data)->values = pixels;
    (*data)->element = QUERN_ELEMENT_UINT8;
    (*data)->scale = 1.0f / 255.0f;
    pixels = NULL;
  }

cleanup:
  free(labels);
  free(values);
  free(pixels);
  return status;
}

static quern_status make_network(const task *self, quern_network **network) {
  quern_layer layers[MOST_LAYERS];
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

static quern_status learn(quern_context *context, const task *self, const quern_dataset *data,
                          size_t epochs, learned *got) {
  quern_train_options options = quern_train_options_default();
  quern_network *network = NULL;
  quern_epoch last;
  quern_status status;
  options.epochs = epochs;
  options.batch = self->batch;
  options.optimizer = quern_optimizer_of(self->optimizer, 0.1);
  options.optimizer.weight_decay = 0.01;
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

static quern_status check_training(quern__verify *v, const task *self, const char *form) {
  char title[QUERN__MAX_TITLE];
  const size_t epochs = v->few ? 1 : self->epochs;
  quern_dataset *data = NULL;
  learned got = {NULL, 0}, again = {NULL, 0}, expected = {NULL, 0};
  quern_status status;
  snprintf(title, sizeof title, "training %zu-…-%zu, %s loss, %s, %zu samples by %zu%s",
           self->inputs, self->layers[self->layer_count - 1].units, quern_loss_name(self->loss),
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

/* Whether the device can take the task's steps in that form; where it can, it does so from now on.
 */
static bool choose(quern__verify *v, const task *self, quern__steps_form form) {
  /* Steps are whole under this loss alone, without dropout and normalization. */
  if (form != QUERN__STEPS_OP_BY_OP &&
      (self->loss != QUERN_LOSS_CATEGORICAL || self->layers[0].dropout > 0.0f ||
       self->layers[0].normalization != QUERN_NORMALIZATION_NONE))
    return false;
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
                                      ", in blocks"};
  for (size_t i = 0; i < sizeof tasks / sizeof *tasks; i++) {
    if (tasks[i].large && v->small) continue;
    if (v->variants == NULL) {
      QUERN__FORWARD(check_training(v, &tasks[i], ""));
      continue;
    }
    for (quern__steps_form form = 0; form < QUERN__STEPS_FORMS; form++)
      if (choose(v, &tasks[i], form)) QUERN__FORWARD(check_training(v, &tasks[i], forms[form]));
  }
  return QUERN_OK;
}
