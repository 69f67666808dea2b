/* quern predict: what a model says of each sample, as CSV. */
#include "open.h"

#include "arrays.h"

#include <stdlib.h>

typedef struct predict_settings {
  cli_model_settings model;
  cli_data_settings data;
  const char *device;
} predict_settings;

static const cli_option options[] = {CLI_OPTION_MODEL(predict_settings), CLI_OPTION_DATA(predict_settings),
                                     CLI_OPTION_CSV(predict_settings), CLI_OPTION_DEVICE(predict_settings),
                                     CLI_OPTION_END};

static const char *const examples[] = {"quern predict --model digits.safetensors --data digits",
                                       "quern predict --model model.safetensors --data new.csv > classes.csv",
                                       NULL};

static void print_csv(const quern_network *network, const float *outputs, size_t rows) {
  size_t classes = quern_network_outputs(network);
  /* The squared loss has outputs, not probabilities. */
  const char *letter = quern_network_loss(network) == QUERN_SQUARED ? "y" : "p";
  printf("class");
  for (size_t i = 0; i < classes; i++) printf(",%s%zu", letter, i);
  putchar('\n');
  for (size_t row = 0; row < rows; row++) {
    const float *values = outputs + row * classes;
    printf("%d", cli_largest(values, classes));
    for (size_t i = 0; i < classes; i++) printf(",%.7g", (double)values[i]);
    putchar('\n');
  }
}

static cli_exit run(const cli_command *command, int argc, char **argv) {
  predict_settings settings = {.model = CLI_MODEL_SETTINGS_INIT};
  cli_parsed parsed = cli_parse(command, argc, argv, &settings);
  if (parsed != CLI_PARSED_RUN) return (cli_exit)cli_parsed_exit(parsed);

  quern_network *network = NULL;
  quern_dataset *data = NULL;
  quern_context *context = NULL;
  float *outputs = NULL;
  cli_exit result = cli_open_model(&settings.model, &network);
  if (result == CLI_OK) result = cli_open_test_data(&settings.data, &data);
  if (result == CLI_OK) result = cli_check_columns(settings.model.path, network, data);
  if (result == CLI_OK) result = cli_check_labels(settings.model.path, quern_network_outputs(network), data);
  if (result == CLI_OK) result = cli_open_device(settings.device, stderr, &context);
  if (result == CLI_OK) {
    outputs = cli_floats(quern_dataset_rows(data), quern_network_outputs(network));
    if (outputs == NULL)
      result = cli_fail_memory();
    else if (quern_predict(context, network, data, outputs) != QUERN_OK)
      result = cli_fail_library();
    else
      print_csv(network, outputs, quern_dataset_rows(data));
  }
  free(outputs);
  quern_context_free(context);
  quern_dataset_free(data);
  quern_network_free(network);
  return result;
}

const cli_command cli_predict = {
    .name = "predict",
    .summary = "print the class and the probabilities of each sample, as CSV",
    .about = "Prints a header line and a line for each sample: its class, the one with the largest output "
             "(-1 where an "
             "output is not a number), and the probability of every class. Where the data have a test set, "
             "as a folder "
             "does, that is what is used; else every sample is. Data come with labels, which must be classes "
             "of the "
             "model.",
    .options = options,
    .examples = examples,
    .run = run,
};
