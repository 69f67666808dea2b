/* The network, its first weights and the weights of classes. */
#include "session.h"

#include <math.h>
#include <stdlib.h>

/* The loss of --loss, or the default of the task. */
static quern_loss loss_of(const train_session *run) {
  if ((int)run->settings->loss.kind != CLI_UNSET) return run->settings->loss.kind;
  switch (quern_dataset_task(run->train)) {
  case QUERN_TASK_LABELS:
    return QUERN_LOSS_BINARY;
  case QUERN_TASK_REGRESSION:
    return QUERN_LOSS_SQUARED;
  case QUERN_TASK_NONE:
  case QUERN_TASK_CLASSES:
    break;
  }
  return QUERN_LOSS_CATEGORICAL;
}

/* A class without samples gets weight 0. */
cli_exit cli_training_weigh_classes(train_session *run) {
  const cli_reals *given = &run->settings->class_weights;
  if (given->count == 0 && !given->word) return CLI_OK;
  if (loss_of(run) != QUERN_LOSS_CATEGORICAL)
    return cli_fail("--class-weights needs the categorical loss, but that of %s is %s",
                    quern_dataset_source(run->train), quern_loss_name(loss_of(run)));
  const size_t classes = quern_dataset_outputs(run->train);
  if (given->count > 0 && given->count != classes)
    return cli_fail("--class-weights has %zu weights, but %s has %zu classes", given->count,
                    quern_dataset_source(run->train), classes);
  run->class_weights = calloc(classes, sizeof *run->class_weights);
  size_t *counts = calloc(classes, sizeof *counts);
  const size_t rows = quern_dataset_rows(run->train);
  const bool good = run->class_weights != NULL && counts != NULL;
  for (size_t row = 0; good && row < rows; row++) counts[quern_dataset_label(run->train, row)]++;
  for (size_t c = 0; good && c < classes; c++) {
    const double each = (double)classes * (double)counts[c];
    run->class_weights[c] = given->count > 0 ? (float)given->items[c]
                            : counts[c] == 0 ? 0.0f
                                             : (float)((double)rows / each);
  }
  free(counts);
  return good ? CLI_OK : cli_fail_memory();
}

cli_exit cli_training_make_network(train_session *run) {
  const train_settings *settings = run->settings;
  size_t count = settings->hidden.count;
  quern_layer *layers = calloc(count + 1, sizeof *layers);
  if (layers == NULL) return cli_fail_memory();
  for (size_t i = 0; i < count; i++) {
    layers[i] = quern_dense(settings->hidden.items[i], settings->activation.kind);
    layers[i].activation = settings->activation;
    layers[i].normalization =
        quern_normalization_of((quern_normalization_kind)settings->normalization);
    layers[i].dropout = isnan(settings->dropout) ? 0.0f : (float)settings->dropout;
  }
  layers[count] = quern_dense(quern_dataset_outputs(run->train), QUERN_ACTIVATION_IDENTITY);
  quern_status status = quern_network_create(quern_dataset_columns(run->train), layers, count + 1,
                                             loss_of(run), &run->network);
  free(layers);
  if (status == QUERN_OK)
    status = quern_network_set_huber_delta(run->network, settings->loss.delta);
  return status == QUERN_OK ? CLI_OK : cli_fail_library();
}

cli_exit cli_training_initialize(const train_session *run, const quern_train_options *training) {
  quern_data_residency placement = quern_data_residency_default();
  if (run->devices.count == 1 &&
      quern_trainer_residency(run->devices.contexts[0], run->network, run->train, run->test,
                              training, &placement) != QUERN_OK)
    return cli_fail_library();
  const train_settings *settings = run->settings;
  const quern_status status = quern_network_initialize(
      run->network, (quern_initializer)settings->initializer, settings->seed);
  return status == QUERN_OK ? CLI_OK : cli_fail_library();
}
