/* Opens what a command line names, and says what was opened. Each fails with a line of its own. */
#ifndef QUERN_CLI_DATA_OPEN_H
#define QUERN_CLI_DATA_OPEN_H

#include "data_options.h"

#include <quern/quern.h>
#include <stdio.h>

/* The device of `text` (NULL: the environment's, else the best), named on `people` together with
 * what kept better ones away. The caller owns *context. */
cli_exit cli_open_device(const char *text, FILE *out, quern_context **context);

/* The training data, and the test data that comes with it or NULL, read as the schema says unless
 * that is NULL. The caller owns both. */
cli_exit cli_open_data(const cli_data_settings *settings, const quern_schema *schema,
                       quern_dataset **train, quern_dataset **test);

/* Data to measure with: the test set where there is one, else all of it. The caller owns *data. */
cli_exit cli_open_test_data(const cli_data_settings *settings, const quern_schema *schema,
                            quern_dataset **data);

/* The same for a model, which may say what its data are. */
cli_exit cli_open_model_data(const cli_data_settings *settings, const char *model,
                             const quern_network *network, quern_dataset **data);

/* The same to predict from: where neither the model nor --target says what is to be predicted, a
 * table may have the inputs alone. */
cli_exit cli_open_samples(const cli_data_settings *settings, const char *model,
                          const quern_network *network, quern_dataset **data);

typedef struct cli_model_settings {
  const char *path;
  quern_activation activation; /* of kind CLI_UNSET: what is usual for the format */
  cli_loss loss;               /* the same */
} cli_model_settings;

#define CLI_MODEL_SETTINGS_INIT                                                                    \
  {                                                                                                \
    .activation = {(quern_activation_kind)CLI_UNSET, 0.0f}, .loss = {                              \
      (quern_loss)CLI_UNSET,                                                                       \
      QUERN_HUBER_DELTA                                                                            \
    }                                                                                              \
  }

/* A model of any format that quern reads: ONNX where the name ends with .onnx, else safetensors.
 * The caller owns *network. */
cli_exit cli_open_model(const cli_model_settings *settings, quern_network **network);

/* Whether the data have the columns that the model reads. */
cli_exit cli_check_columns(const char *path, const quern_network *network,
                           const quern_dataset *data);

/* Whether every label of `data`, where it has classes, is one of `classes` classes of `what`, a
 * file or other source. */
cli_exit cli_check_labels(const char *what, size_t classes, const quern_dataset *data);

#endif
