/* The fields of a training's identity, as text. */
#include "identity.h"

#include "../data/dataset.h"
#include "../model/metadata.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

static void print_network(quern__text *text, const quern_trainer *trainer) {
  const quern__shape *shape = &trainer->plan->shape;
  quern__text_print(text, "%zu", shape->inputs);
  for (size_t l = 0; l < shape->layer_count; l++)
    quern__text_print(text, "-%zu", shape->layers[l].layer.units);
}

static void print_activations(quern__text *text, const quern_trainer *trainer) {
  const quern__shape *shape = &trainer->plan->shape;
  for (size_t l = 0; l < shape->layer_count; l++) {
    if (l > 0) quern__text_put(text, ",");
    quern__metadata_print_activation(text, shape->layers[l].layer.activation);
  }
}

/* such as "batch,layer:0.001,none" */
static void print_normalization(quern__text *text, const quern_trainer *trainer) {
  const quern__shape *shape = &trainer->plan->shape;
  for (size_t l = 0; l < shape->layer_count; l++) {
    if (l > 0) quern__text_put(text, ",");
    quern__metadata_print_normalization(text, shape->layers[l].layer.normalization);
  }
}

/* such as "0.2,0.5,0" */
static void print_dropout(quern__text *text, const quern_trainer *trainer) {
  const quern__shape *shape = &trainer->plan->shape;
  for (size_t l = 0; l < shape->layer_count; l++) {
    if (l > 0) quern__text_put(text, ",");
    quern__text_float(text, shape->layers[l].layer.dropout);
  }
}

static void print_loss(quern__text *text, const quern_trainer *trainer) {
  quern__metadata_print_loss(text, trainer->plan->shape.loss, trainer->plan->shape.huber_delta);
}

/* such as "0.weight,2.bias", with the layers' numbers */
static void print_frozen(quern__text *text, const quern_trainer *trainer) {
  const quern__shape *shape = &trainer->plan->shape;
  const char *comma = "";
  for (size_t l = 0; l < shape->layer_count; l++) {
    const bool frozen[] = {shape->layers[l].layer.freeze_weights,
                           shape->layers[l].layer.freeze_bias};
    for (size_t part = 0; part < 2; part++) {
      if (!frozen[part]) continue;
      quern__text_print(text, "%s%zu.%s", comma, l, part == 0 ? "weight" : "bias");
      comma = ",";
    }
  }
}

/* such as "1438x64 uint8, scale 0.0625, offset 0, crc32 9f3a0c11" */
static void print_data(quern__text *text, const quern_trainer *trainer) {
  const quern__data_source *train = &trainer->train;
  quern__text_print(text, "%zux%zu %s, scale ", train->rows, train->columns,
                    train->element == QUERN_ELEMENT_UINT8 ? "uint8" : "float32");
  quern__text_float(text, train->scale);
  quern__text_put(text, ", offset ");
  quern__text_float(text, train->offset);
  if (train->target_count > 0)
    quern__text_print(text, ", %zu %s", train->target_count,
                      train->task == QUERN_TASK_LABELS ? "labels" : "targets");
  quern__text_print(text, ", crc32 %08" PRIx32, trainer->fingerprint);
}

static void print_batch(quern__text *text, const quern_trainer *trainer) {
  quern__text_print(text, "%zu", trainer->options.batch);
}

static void print_generator(quern__text *text, const quern_trainer *trainer) {
  (void)trainer;
  quern__text_put(text, "philox4x32-10, a stream an epoch");
}

static void print_seed(quern__text *text, const quern_trainer *trainer) {
  quern__text_print(text, "%" PRIu64, trainer->options.seed);
}

/* such as ", beta1 0.9" */
static void print_number(quern__text *text, const char *name, double value) {
  quern__text_print(text, ", %s ", name);
  quern__text_double(text, value);
}

/* such as "adam, beta1 0.9, beta2 0.999, epsilon 1e-08", with the settings that this optimizer
 * uses */
static void print_optimizer(quern__text *text, const quern_trainer *trainer) {
  const quern_optimizer *optimizer = &trainer->options.optimizer;
  quern__text_put(text, quern_optimizer_name(optimizer->kind));
  const bool betas =
      optimizer->kind == QUERN_OPTIMIZER_ADAM || optimizer->kind == QUERN_OPTIMIZER_ADAMW;
  if (betas) {
    print_number(text, "beta1", optimizer->beta1);
    print_number(text, "beta2", optimizer->beta2);
  } else if (optimizer->kind != QUERN_OPTIMIZER_SGD) {
    print_number(text, "momentum", optimizer->momentum);
  }
  if (optimizer->kind == QUERN_OPTIMIZER_RMSPROP) print_number(text, "alpha", optimizer->alpha);
  if (quern_optimizer_keeps_square(optimizer)) print_number(text, "epsilon", optimizer->epsilon);
}

static void print_learning_rate(quern__text *text, const quern_trainer *trainer) {
  quern__text_double(text, trainer->options.optimizer.learning_rate);
}

static void print_weight_decay(quern__text *text, const quern_trainer *trainer) {
  const quern_optimizer *optimizer = &trainer->options.optimizer;
  quern__text_double(text, optimizer->weight_decay);
  if (optimizer->weight_decay > 0.0 && !optimizer->decay_bias)
    quern__text_put(text, ", not of biases");
}

/* such as "cosine over 300 steps, minimum 0, after a warm-up of 20 steps from 0.333" */
static void print_schedule(quern__text *text, const quern_trainer *trainer) {
  const quern_schedule *schedule = &trainer->options.schedule;
  quern__text_put(text, quern_schedule_name(schedule->kind));
  switch (schedule->kind) {
  case QUERN_SCHEDULE_CONSTANT:
    break;
  case QUERN_SCHEDULE_STEP:
    quern__text_print(text, " every %" PRIu64 " steps", schedule->period);
    print_number(text, "gamma", schedule->gamma);
    break;
  case QUERN_SCHEDULE_COSINE:
    quern__text_print(text, " over %" PRIu64 " steps", schedule->steps);
    print_number(text, "minimum", schedule->minimum);
    break;
  case QUERN_SCHEDULE_ONE_CYCLE:
    quern__text_print(text, " over %" PRIu64 " steps", schedule->steps);
    print_number(text, "peak", schedule->peak);
    print_number(text, "start", schedule->start);
    print_number(text, "end", schedule->end);
    print_number(text, "most momentum", schedule->most_momentum);
    print_number(text, "least momentum", schedule->least_momentum);
    break;
  }
  if (schedule->warmup == 0) return;
  quern__text_print(text, ", after a warm-up of %" PRIu64 " steps from ", schedule->warmup);
  quern__text_double(text, schedule->warmup_factor);
}

static void print_patience(quern__text *text, const quern_trainer *trainer) {
  quern__text_print(text, "%zu", trainer->options.patience);
}

static void print_clip_norm(quern__text *text, const quern_trainer *trainer) {
  quern__text_float(text, trainer->options.clip_norm);
}

static void print_label_smoothing(quern__text *text, const quern_trainer *trainer) {
  quern__text_float(text, trainer->options.label_smoothing);
}

/* such as "1,0.5,2"; "" for none */
static void print_class_weights(quern__text *text, const quern_trainer *trainer) {
  const size_t classes = quern__shape_outputs(&trainer->plan->shape);
  for (size_t c = 0; trainer->class_weights != NULL && c < classes; c++) {
    if (c > 0) quern__text_put(text, ",");
    quern__text_float(text, trainer->class_weights[c]);
  }
}

static const struct {
  const char *key, *name;
  void (*print)(quern__text *text, const quern_trainer *trainer);
} fields[QUERN__IDENTITY_COUNT] = {
#define FIELD(field, name) {"quern." #field, name, print_##field},
    QUERN__IDENTITY(FIELD)
#undef FIELD
};

static quern_status fingerprint(quern_trainer *trainer) {
  if (trainer->fingerprinted) return QUERN_OK;
  uint32_t sum = 0;
  QUERN__FORWARD(quern__data_source_checksum(&trainer->train, &sum));
  trainer->fingerprint = sum;
  trainer->fingerprinted = true;
  return QUERN_OK;
}

quern_status quern__identity_create(quern_trainer *trainer, quern__identity *identity) {
  *identity = (quern__identity){{NULL}};
  QUERN__FORWARD(fingerprint(trainer));
  for (size_t i = 0; i < QUERN__IDENTITY_COUNT; i++) {
    quern__text text = {0};
    fields[i].print(&text, trainer);
    QUERN__FORWARD(quern__text_close(&text, &identity->values[i]));
  }
  return QUERN_OK;
}

void quern__identity_free(quern__identity *identity) {
  for (size_t i = 0; i < QUERN__IDENTITY_COUNT; i++) free(identity->values[i]);
  *identity = (quern__identity){{NULL}};
}

void quern__identity_pairs(const quern__identity *identity, quern__metadata_pair *pairs) {
  for (size_t i = 0; i < QUERN__IDENTITY_COUNT; i++)
    pairs[i] = (quern__metadata_pair){fields[i].key, identity->values[i]};
}

const char *quern__identity_name(size_t index) {
  return fields[index].name;
}

quern_status quern__identity_check(const quern__identity *identity,
                                   const quern__safetensors *file) {
  for (size_t i = 0; i < QUERN__IDENTITY_COUNT; i++) {
    const char *text = quern__safetensors_metadata(file, fields[i].key);
    if (text == NULL)
      return quern__fail(QUERN_ERROR_FORMAT, "%s: metadata \"%s\" is missing", file->path,
                         fields[i].key);
    if (strcmp(text, identity->values[i]) != 0)
      return quern__fail(QUERN_ERROR_FORMAT,
                         "%s: belongs to another training: its %s is \"%.200s\", but this "
                         "training's is \"%.200s\"",
                         file->path, fields[i].name, text, identity->values[i]);
  }
  return QUERN_OK;
}
