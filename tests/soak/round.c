/* A round: data sets, a network, a context, training with checkpoints, a second trainer that
 * resumes, a plan, a model file, and errors. Shapes differ from the previous round's, so that
 * buffers cannot be reused. */
#include "round.h"
#include "../support/plain_options.h"

#include "base/error.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { PATH_BYTES = 4096, CLASSES = 10, INPUTS = 64 };

typedef struct place {
  const char *device, *folder;
  size_t kind; /* of the round */
  quern_context *context;
  quern_dataset *train, *test;
  quern_network *network;
  const char *what; /* is being done */
} place;

static const char *path_in(const place *where, const char *name, char path[PATH_BYTES]) {
  snprintf(path, PATH_BYTES, "%s/%s", where->folder, name);
  return path;
}

/* --- Data
 * -----------------------------------------------------------------------------------------------
 */

/* A file of numbers between commas that quern reads; it is removed afterwards. */
static quern_status read_csv(const place *where) {
  char path[PATH_BYTES];
  quern_dataset *read = NULL;
  FILE *file = fopen(path_in(where, "data.csv", path), "w");
  if (file == NULL) return quern__fail(QUERN_ERROR_FILE, "%s: cannot be written", path);
  for (size_t row = 0; row < 50 + where->kind; row++)
    fprintf(file, "%zu.5,%zu,-1e-3,%zu\n", row, row * 7 % 13, row % 3);
  fclose(file);
  const quern_status status = quern_dataset_open(path, NULL, &read, NULL);
  quern_dataset_free(read);
  remove(path);
  return status;
}

static quern_status make_data(place *where) {
  quern_status status = QUERN_OK;
  quern_dataset *digits = NULL, *rest = NULL;
  where->what = "opening data";
  QUERN__TRY(read_csv(where));
  QUERN__TRY(quern_dataset_open("digits", NULL, &digits, NULL));
  /* Some hundreds of samples, another number in each round. */
  QUERN__TRY(quern_dataset_split(digits, 0.1 + 0.01 * (double)where->kind, where->kind, &rest,
                                 &where->train));
  quern_dataset_free(digits);
  digits = rest;
  rest = NULL;
  QUERN__TRY(quern_dataset_split(digits, 0.05, where->kind, &rest, &where->test));

cleanup:
  quern_dataset_free(rest);
  quern_dataset_free(digits);
  return status;
}

static quern_status make_network(place *where) {
  static const quern_loss losses[] = {QUERN_LOSS_CATEGORICAL, QUERN_LOSS_BINARY, QUERN_LOSS_SQUARED,
                                      QUERN_LOSS_ELEMENTWISE};
  static const quern_activation_kind activations[] = {QUERN_ACTIVATION_RELU, QUERN_ACTIVATION_TANH,
                                                      QUERN_ACTIVATION_LEAKY_RELU,
                                                      QUERN_ACTIVATION_SIGMOID};
  where->what = "making a network";
  const size_t hidden = 1 + where->kind % 2;
  quern_layer layers[3];
  for (size_t i = 0; i < hidden; i++)
    layers[i] = quern_dense(5 + where->kind * 3 + i, activations[where->kind % 4]);
  layers[hidden] = quern_dense(CLASSES, QUERN_ACTIVATION_IDENTITY);
  layers[0].freeze_bias = where->kind % 5 == 0;
  QUERN__FORWARD(quern_network_create(INPUTS, layers, hidden + 1, losses[where->kind / 4 % 4],
                                      &where->network));
  return quern_network_initialize(where->network, QUERN_INITIALIZER_DEFAULT, where->kind);
}

/* --- Training --- */

static bool stop_at_once(void *user) {
  (void)user;
  return true;
}

static quern_train_options options_of(const place *where) {
  quern_train_options options = plain_train_options();
  options.epochs = 1;
  options.batch = 16 + 7 * (where->kind % 6);
  options.optimizer =
      quern_optimizer_of((quern_optimizer_kind)(where->kind % (QUERN_OPTIMIZER_RMSPROP + 1)), 0.01);
  options.schedule.kind = (quern_schedule_kind)(where->kind % (QUERN_SCHEDULE_ONE_CYCLE + 1));
  options.seed = where->kind;
  if (where->kind % 3 == 0) options.clip_norm = 1.0f;
  return options;
}

/* Stopped within an epoch, saved, and continued by another trainer. */
static quern_status train(place *where) {
  quern_status status = QUERN_OK;
  quern_trainer *first = NULL, *second = NULL;
  quern_epoch epoch;
  char checkpoint[PATH_BYTES];
  (void)path_in(where, "checkpoint", checkpoint);
  const quern_train_options options = options_of(where);
  where->what = "training";
  QUERN__TRY(quern_trainer_create(where->context, where->network, where->train, where->test,
                                  &options, &first));
  QUERN__TRY(quern_trainer_steps(first, 2, &epoch));
  QUERN__TRY(quern_trainer_save(first, checkpoint));
  where->what = "resuming";
  QUERN__TRY(quern_trainer_create(where->context, where->network, where->train, where->test,
                                  &options, &second));
  QUERN__TRY(quern_trainer_resume(second, checkpoint));
  quern_trainer_free(first);
  first = NULL;
  QUERN__TRY(quern_trainer_epoch(second, &epoch));
  QUERN__TRY(quern_trainer_download(second, where->network));

cleanup:
  quern_trainer_free(first);
  quern_trainer_free(second);
  return status;
}

/* In one call, with a stop that ends it and writes a checkpoint. */
static quern_status train_and_stop(place *where) {
  char checkpoint[PATH_BYTES];
  quern_train_options options = options_of(where);
  where->what = "training that is stopped";
  options.checkpoint = path_in(where, "stopped", checkpoint);
  options.stop = stop_at_once;
  const quern_status status =
      quern_train(where->context, where->network, where->train, NULL, &options, NULL);
  remove(checkpoint);
  return status;
}

static quern_status step_by_hand(place *where) {
  enum { SAMPLES = 9 };
  quern_status status = QUERN_OK;
  quern_plan *plan = NULL;
  quern_buffer *samples = NULL, *view = NULL;
  where->what = "a plan";
  const quern_plan_mode mode = where->kind % 2 == 0 ? QUERN_PLAN_GRADIENTS : QUERN_PLAN_TRAINING;
  QUERN__TRY(quern_plan_create(where->context, where->network, SAMPLES, mode, &plan));
  const quern_optimizer optimizer = quern_optimizer_of(
      mode == QUERN_PLAN_GRADIENTS ? QUERN_OPTIMIZER_ADAM : QUERN_OPTIMIZER_SGD, 0.01);
  QUERN__TRY(quern_plan_set_optimizer(plan, &optimizer));
  QUERN__TRY(quern_buffer_create(where->context, SAMPLES * (INPUTS + 1) * sizeof(float), &samples));
  QUERN__TRY(quern_buffer_view(samples, 0, SAMPLES * INPUTS * sizeof(float), &view));
  QUERN__TRY(quern_buffer_fill(samples, 0, SAMPLES * (INPUTS + 1) * sizeof(float), 0));
  for (size_t i = 0; i < 3; i++)
    QUERN__TRY(quern_plan_step(plan, quern_matrix(view, 0, SAMPLES, INPUTS),
                               quern_vector(samples, SAMPLES * INPUTS, SAMPLES), quern_none()));
  QUERN__TRY(quern_plan_download(plan, where->network));

cleanup:
  quern_buffer_free(samples); /* the view outlives it */
  quern_buffer_free(view);
  quern_plan_free(plan);
  return status;
}

/* --- Other objects, and errors --- */

static quern_status use(place *where) {
  quern_status status = QUERN_OK;
  quern_network *loaded = NULL;
  quern_metrics metrics;
  char model[PATH_BYTES];
  where->what = "saving and evaluating";
  float *outputs = calloc(quern_dataset_rows(where->test) * CLASSES, sizeof *outputs);
  if (outputs == NULL) return quern__fail_memory("outputs", CLASSES);
  QUERN__TRY(quern_model_save(where->network, path_in(where, "model.safetensors", model)));
  QUERN__TRY(quern_model_load(model, NULL, &loaded));
  QUERN__TRY(quern_evaluate(where->context, loaded, where->test, &metrics));
  QUERN__TRY(quern_predict(where->context, loaded, where->test, outputs));

cleanup:
  quern_network_free(loaded);
  free(outputs);
  return status;
}

/* After an error, quern drops what it has begun. */
static quern_status be_refused(place *where) {
  where->what = "refusals";
  quern_dataset *data = NULL;
  quern_network *network = NULL;
  quern_buffer *buffer = NULL;
  quern_trainer *trainer = NULL;
  quern_epoch epoch;
  char path[PATH_BYTES];
  const float values[] = {1.0f, 0.0f, 2.0f, INFINITY};
  const int32_t labels[] = {0, 1};
  const quern_train_options options = options_of(where);
  const bool refused =
      quern_dataset_from_floats(values, labels, 2, 2, &data) == QUERN_ERROR_DATA &&
      quern_model_load(path_in(where, "checkpoint", path), NULL, &network) == QUERN_ERROR_FORMAT &&
      quern_buffer_create(where->context, SIZE_MAX / 2, &buffer) != QUERN_OK &&
      quern_trainer_create(where->context, where->network, where->train, NULL, &options,
                           &trainer) == QUERN_OK &&
      quern_trainer_resume(trainer, path_in(where, "model.safetensors", path)) ==
          QUERN_ERROR_FORMAT &&
      quern_trainer_epoch(trainer, &epoch) == QUERN_OK;
  quern_trainer_free(trainer);
  return refused
             ? QUERN_OK
             : quern__fail(QUERN_ERROR_ARGUMENT, "something was not refused, or refused wrongly");
}

quern_status soak_round(const char *device, const char *folder, size_t round, const char **what) {
  place where = {.device = device, .folder = folder, .kind = round % SOAK_KINDS};
  quern_status status = QUERN_OK;
  QUERN__TRY(make_data(&where));
  QUERN__TRY(make_network(&where));
  where.what = "making a context";
  QUERN__TRY(quern_context_create(device, &where.context));
  QUERN__TRY(train(&where));
  QUERN__TRY(train_and_stop(&where));
  QUERN__TRY(step_by_hand(&where));
  QUERN__TRY(use(&where));
  QUERN__TRY(be_refused(&where));

cleanup:
  *what = where.what;
  quern_dataset_free(where.train);
  quern_dataset_free(where.test);
  quern_network_free(where.network);
  quern_context_free(where.context);
  return status;
}
