/* quern predict: prints predictions as CSV. */
#include "../data/open.h"

#include "../data/arrays.h"
#include "../data/names.h"

#include <math.h>
#include <quern/status.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef struct predict_settings {
  cli_model_settings model;
  cli_data_settings data;
  const char *device;
} predict_settings;

static const cli_option model_options[] = {CLI_OPTION_MODEL(predict_settings), CLI_OPTION_END};
static const cli_option data_options[] = {CLI_OPTION_DATA(predict_settings),
                                          CLI_OPTION_TABLE(predict_settings), CLI_OPTION_END};
static const cli_option device_options[] = {CLI_OPTION_DEVICE(predict_settings), CLI_OPTION_END};

static const cli_option_group groups[] = {
    {"Model", model_options}, {"Data", data_options}, {"Device", device_options}, CLI_GROUPS_END};

static const char *const examples[] = {
    "quern predict --model digits.safetensors --data digits",
    "quern predict --model model.safetensors --data new.csv > classes.csv", NULL};

/* Prints a CSV field: `before`, which is plain, and the text; in quotes if it has a character that
 * would end the field. On a terminal, control characters become question marks. */
static void print_behind(const char *before, const char *text, bool current) {
  const char first = *before != '\0' ? *before : *text;
  const bool quoted = text[strcspn(text, ",\"\r\n")] != '\0' || first == ' ' || first == '\0';
  printf("%s%s", quoted ? "\"" : "", before);
  bool printable;
  for (size_t bytes; (bytes = quern_text_character(text, &printable)) > 0; text += bytes) {
    if (*text == '"') putchar('"');
    if (current && !printable)
      putchar('?');
    else
      fwrite(text, 1, bytes, stdout);
  }
  if (quoted) putchar('"');
}

static void print_text(const char *text, bool current) {
  print_behind("", text, current);
}

/* Prints a heading: `before` and the name, or without a name `plain` and the number. */
static void print_heading(const char *before, const char *plain, const cli_names *names,
                          size_t index, bool current) {
  if (index < names->count)
    print_behind(before, names->items[index], current);
  else
    printf("%s%zu", plain, index);
}

/* Returns the class: that of the largest output, or, for one output, 1 above a half and else 0. -1
 * if an output is not a number. */
static int choose_class(const float *outputs, size_t count) {
  if (count != 1) return cli_largest(outputs, count);
  return isnan(*outputs) ? -1 : *outputs > 0.5f;
}

static void print_class(const cli_names *names, int chosen, bool current) {
  if (chosen >= 0 && (size_t)chosen < names->count)
    print_text(names->items[chosen], current);
  else
    printf("%d", chosen);
}

/* Prints a column for the class, or one for each label; then one for each output. */
static void print_csv(const quern_network *network, quern_task task, const cli_names *names,
                      const float *outputs, size_t rows) {
  const size_t count = quern_network_outputs(network);
  const bool current = isatty(STDOUT_FILENO) != 0;
  /* Losses without a softmax or a sigmoid have outputs, not probabilities. */
  const bool chances = !quern_loss_is_regression(quern_network_loss(network));
  if (task == QUERN_TASK_CLASSES) printf("class");
  for (size_t i = 0; task == QUERN_TASK_LABELS && i < count; i++) {
    if (i > 0) putchar(',');
    print_heading("", "label", names, i, current);
  }
  const char *before = task == QUERN_TASK_REGRESSION ? "" : chances ? "p_" : "y_";
  for (size_t i = 0; i < count; i++) {
    if (i > 0 || task != QUERN_TASK_REGRESSION) putchar(',');
    /* One output of classes belongs to class 1. */
    const size_t number = task == QUERN_TASK_CLASSES && count == 1 ? 1 : i;
    print_heading(before, chances ? "p" : "y", names, number, current);
  }
  putchar('\n');
  for (size_t row = 0; row < rows; row++) {
    const float *values = outputs + row * count;
    if (task == QUERN_TASK_CLASSES) print_class(names, choose_class(values, count), current);
    for (size_t i = 0; task == QUERN_TASK_LABELS && i < count; i++)
      printf("%s%s", i > 0 ? "," : "", isnan(values[i]) ? "" : values[i] > 0.5f ? "1" : "0");
    for (size_t i = 0; i < count; i++)
      printf("%s%.7g", i > 0 || task != QUERN_TASK_REGRESSION ? "," : "", (double)values[i]);
    putchar('\n');
  }
}

/* The task of the model, else of the options, else that of one output by its loss, else of the
 * data, else classes. */
static quern_task task_of(const predict_settings *settings, const quern_network *network,
                          const quern_dataset *data) {
  const quern_schema *schema = quern_network_schema(network);
  if (schema != NULL) return quern_schema_task(schema);
  if (settings->data.task != 0) return (quern_task)settings->data.task;
  const quern_task task = quern_dataset_task(data);
  if (quern_network_outputs(network) == 1)
    return quern_loss_is_regression(quern_network_loss(network)) ? QUERN_TASK_REGRESSION
                                                                 : QUERN_TASK_CLASSES;
  return task == QUERN_TASK_NONE ? QUERN_TASK_CLASSES : task;
}

static cli_exit run_predict(const cli_command *command, int argc, char **argv) {
  predict_settings settings = {.model = CLI_MODEL_SETTINGS_INIT};
  cli_parsed parsed = cli_parse(command, argc, argv, &settings);
  if (parsed != CLI_PARSED_RUN) return (cli_exit)cli_parsed_exit(parsed);

  quern_network *network = NULL;
  quern_dataset *data = NULL;
  quern_context *context = NULL;
  float *outputs = NULL;
  cli_names names = {0};
  cli_exit result = cli_open_model(&settings.model, &network);
  if (result == CLI_OK)
    result = cli_open_samples(&settings.data, settings.model.path, network, &data);
  if (result == CLI_OK) result = cli_check_columns(settings.model.path, network, data);
  if (result == CLI_OK)
    result = cli_check_labels(settings.model.path, quern_network_outputs(network), data);
  if (result == CLI_OK)
    result =
        cli_names_of_schema(quern_network_schema(network), quern_network_outputs(network), &names);
  if (result == CLI_OK) result = cli_open_device(settings.device, stderr, &context);
  if (result == CLI_OK) {
    outputs = cli_floats(quern_dataset_rows(data), quern_network_outputs(network));
    if (outputs == NULL)
      result = cli_fail_memory();
    else if (quern_predict(context, network, data, outputs) != QUERN_OK)
      result = cli_fail_library();
    else
      print_csv(network, task_of(&settings, network, data), &names, outputs,
                quern_dataset_rows(data));
  }
  free(outputs);
  cli_names_free(&names);
  quern_context_free(context);
  quern_dataset_free(data);
  quern_network_free(network);
  return result;
}

const cli_command cli_predict = {
    .name = "predict",
    .summary = "print predictions as CSV",
    .about = "Prints predictions as CSV: a header line, and a line for each sample. The data needs "
             "no targets.",
    .details = "For classes: the class with the largest output (-1 if an output is not a number) "
               "and the probability of each; from one probability: class 1 above 1/2, else 0. For "
               "labels: 0 or 1 and the probability of each. For a "
               "regression: the numbers, in the units of the data. The test set is used if the "
               "data has one, else every sample.",
    .groups = groups,
    .examples = examples,
    .run = run_predict,
};
