/* Opens devices, data and models of a command line. A failure prints a line. */
#ifndef QUERN_CLI_DATA_OPEN_H
#define QUERN_CLI_DATA_OPEN_H

#include "data_options.h"

#include <quern/quern.h>
#include <stdio.h>

/* Opens the device of `text` (NULL: QUERN_DEVICE, else the best), and prints it on `out`, with a
 * note on why better ones are missing. The caller owns *context. */
cli_exit cli_open_device(const char *text, FILE *out, quern_context **context);

/* Opens the training data, and the test data that comes with it or NULL, read by the schema unless
 * that is NULL. The caller owns both. */
cli_exit cli_open_data(const cli_data_settings *settings, const quern_schema *schema,
                       quern_dataset **train, quern_dataset **test);

/* Opens data to measure with: the test set if there is one, else all of it. The caller owns *data.
 */
cli_exit cli_open_test_data(const cli_data_settings *settings, const quern_schema *schema,
                            quern_dataset **data);

/* The same for a model, which may describe its data. */
cli_exit cli_open_model_data(const cli_data_settings *settings, const char *model,
                             const quern_network *network, quern_dataset **data);

/* The same for predictions: if neither the model nor --target names targets, a table may have the
 * inputs only. */
cli_exit cli_open_samples(const cli_data_settings *settings, const char *model,
                          const quern_network *network, quern_dataset **data);

typedef struct cli_model_settings {
  const char *path;
  quern_activation activation; /* kind CLI_UNSET: the format's default */
  cli_loss loss;               /* the same */
} cli_model_settings;

#define CLI_MODEL_SETTINGS_INIT                                                                    \
  {                                                                                                \
    .activation = {(quern_activation_kind)CLI_UNSET, 0.0f}, .loss = {                              \
      (quern_loss)CLI_UNSET,                                                                       \
      QUERN_HUBER_DELTA                                                                            \
    }                                                                                              \
  }

/* Opens a model: ONNX if the name ends with .onnx, else safetensors. Prints on stderr what was left
 * out or assumed. The caller owns *network. */
cli_exit cli_open_model(const cli_model_settings *settings, quern_network **network);

/* Checks that the data has as many columns as the model reads. */
cli_exit cli_check_columns(const char *path, const quern_network *network,
                           const quern_dataset *data);

/* Checks that every label of `data`, if it has classes, is one of the `classes` of `what`, a file
 * or other source. */
cli_exit cli_check_labels(const char *what, size_t classes, const quern_dataset *data);

#endif
