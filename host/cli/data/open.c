#include "open.h"

#include "../text/text.h"
#include "describe.h"
#include "find_device.h"
#include "format.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* Whether the option or the environment names a device. */
static bool is_named(const char *text) {
  if (text == NULL) text = getenv("QUERN_DEVICE");
  return text != NULL && *text != '\0' && strcasecmp(text, "auto") != 0;
}

cli_exit cli_open_device(const char *text, FILE *out, quern_context **context) {
  quern_device_list *list = NULL;
  const quern_device *device;
  quern_device_info info;
  cli_exit result = CLI_OK;
  if (quern_device_list_create(&list) != QUERN_OK) return cli_fail_library();
  result = cli_find_device(list, text, &device);
  if (result != CLI_OK) goto cleanup;
  if (quern_context_create_on(device, context) != QUERN_OK) {
    result = cli_fail_library();
    goto cleanup;
  }
  const char *note = quern_device_list_note(list);
  quern_context_describe(*context, &info);
  cli_print_device(out, &info);
  cli_print_tuning(out, *context);
  bool fell_back = info.kind == QUERN_DEVICE_REFERENCE && !is_named(text);
  if (fell_back && *note == '\0')
    note = "no OpenCL device was found; the reference is plain C, and slow";
  /* If the reference was asked for, missing devices do not matter. */
  if (*note != '\0' && (fell_back || info.kind != QUERN_DEVICE_REFERENCE))
    cli_print(out, "note: %s\n", note);
cleanup:
  quern_device_list_free(list);
  return result;
}

const char *const cli_headers[] = {"auto", "none", "one", NULL};
const char *const cli_labels[] = {"last", "first", NULL};
const char *const cli_delimiters[] = {"auto", "comma", "semicolon", "tab", "bar", NULL};
const char *const cli_decimals[] = {"point", "comma", NULL};
const char *const cli_tasks[] = {"auto", "classes", "labels", "regression", NULL};
const char *const cli_missing[] = {"refuse", "mean", "zero", NULL};

static quern_status read_data(const cli_data_settings *settings, const quern_schema *schema,
                              quern_dataset **train, quern_dataset **test) {
  static const char delimiters[] = {'\0', ',', ';', '\t', '|'};
  quern_dataset_options options = quern_dataset_options_default();
  options.header = (quern_csv_header)settings->header;
  options.label = (quern_csv_label)settings->label;
  options.delimiter = delimiters[settings->delimiter];
  options.inputs = settings->inputs;
  options.target = settings->target;
  if (settings->target != NULL && strcmp(settings->target, "none") == 0) options.target = "";
  options.exclude = settings->exclude;
  options.missing_values = settings->missing_values;
  options.decimal = settings->decimal == 1 ? ',' : '.';
  options.task = (quern_task)settings->task;
  options.missing = (quern_missing)settings->missing;
  options.text = settings->one_hot ? QUERN_TEXT_ONE_HOT : QUERN_TEXT_REFUSE;
  options.schema = schema;
  options.classes = settings->classes;
  return quern_dataset_open(settings->where, &options, train, test);
}

cli_exit cli_open_data(const cli_data_settings *settings, const quern_schema *schema,
                       quern_dataset **train, quern_dataset **test) {
  return read_data(settings, schema, train, test) == QUERN_OK ? CLI_OK : cli_fail_library();
}

static quern_status read_test_data(const cli_data_settings *settings, const quern_schema *schema,
                                   quern_dataset **data) {
  quern_dataset *train, *test;
  const quern_status status = read_data(settings, schema, &train, &test);
  if (status == QUERN_OK && test != NULL) quern_dataset_free(train);
  *data = test != NULL ? test : train;
  return status;
}

cli_exit cli_open_test_data(const cli_data_settings *settings, const quern_schema *schema,
                            quern_dataset **data) {
  return read_test_data(settings, schema, data) == QUERN_OK ? CLI_OK : cli_fail_library();
}

/* Sets how data for a model without a schema is read. A network with one output has no classes to
 * number: its targets are numbers, or 0 and 1. */
static cli_data_settings settings_for(const cli_data_settings *settings,
                                      const quern_network *network) {
  cli_data_settings result = *settings;
  const bool numbers = quern_loss_is_regression(quern_network_loss(network));
  result.classes = quern_network_outputs(network);
  if (result.classes != 1) return result;
  if (result.task == QUERN_TASK_CLASSES || (result.task == QUERN_TASK_NONE && !numbers))
    result.task = QUERN_TASK_LABELS;
  if (result.task == QUERN_TASK_NONE) result.task = QUERN_TASK_REGRESSION;
  return result;
}

cli_exit cli_open_model_data(const cli_data_settings *settings, const char *model,
                             const quern_network *network, quern_dataset **data) {
  const quern_schema *schema = quern_network_schema(network);
  const char *given = settings->target != NULL    ? "target"
                      : settings->inputs != NULL  ? "inputs"
                      : settings->task != 0       ? "task"
                      : settings->exclude != NULL ? "exclude"
                                                  : NULL;
  if (schema != NULL && given != NULL)
    return cli_fail("--%s is for models that do not describe their data, and %s does", given,
                    model);
  const cli_data_settings of_model = settings_for(settings, network);
  return cli_open_test_data(&of_model, schema, data);
}

static bool has_inputs(const quern_network *network, const cli_data_settings *settings,
                       quern_dataset **data) {
  if (read_test_data(settings, NULL, data) != QUERN_OK) return false;
  if (quern_dataset_columns(*data) == quern_network_inputs(network)) return true;
  quern_dataset_free(*data);
  return false;
}

cli_exit cli_open_samples(const cli_data_settings *settings, const char *model,
                          const quern_network *network, quern_dataset **data) {
  const cli_data_settings usual = settings_for(settings, network);
  cli_data_settings alone = *settings;
  alone.target = "none";
  /* If neither fits, the error is that of data with targets. */
  if (quern_network_schema(network) == NULL && settings->target == NULL &&
      (has_inputs(network, &usual, data) || has_inputs(network, &alone, data)))
    return CLI_OK;
  return cli_open_model_data(settings, model, network, data);
}

/* The softmax of one output is always 1: a model that seems to have that has another loss, which a
 * state_dict does not name. */
static cli_exit check_loss(const char *path, const quern_network *network) {
  const quern_loss loss = quern_network_loss(network);
  if (quern_network_outputs(network) != 1 ||
      (loss != QUERN_LOSS_CATEGORICAL && loss != QUERN_LOSS_ELEMENTWISE))
    return CLI_OK;
  return cli_fail("%s has one output, and a softmax of it would always be 1: give --loss binary "
                  "for a probability, or --loss squared for a number",
                  path);
}

cli_exit cli_open_model(const cli_model_settings *settings, quern_network **network) {
  quern_model_options options = quern_model_options_default();
  quern_onnx_options onnx = quern_onnx_options_default();
  options.activation_is_chosen = (int)settings->activation.kind != CLI_UNSET;
  options.loss_is_chosen = onnx.loss_is_chosen = (int)settings->loss.kind != CLI_UNSET;
  if (options.activation_is_chosen) options.activation = settings->activation;
  if (options.loss_is_chosen) {
    options.loss = onnx.plain_loss = settings->loss.kind;
    options.huber_delta = settings->loss.delta;
  }
  const quern_status status = cli_format_of(settings->path) == CLI_FORMAT_ONNX
                                  ? quern_onnx_load(settings->path, &onnx, network)
                                  : quern_model_load(settings->path, &options, network);
  if (status != QUERN_OK) return cli_fail_library();
  const cli_exit result = check_loss(settings->path, *network);
  const char *note = quern_network_note(*network);
  if (result == CLI_OK && *note != '\0') cli_print(stderr, "note: %s: %s\n", settings->path, note);
  return result;
}

cli_exit cli_check_columns(const char *path, const quern_network *network,
                           const quern_dataset *data) {
  size_t inputs = quern_network_inputs(network);
  size_t columns = quern_dataset_columns(data);
  if (inputs == columns) return CLI_OK;
  return cli_fail("%s takes %zu values per sample, but %s has %zu", path, inputs,
                  quern_dataset_source(data), columns);
}

cli_exit cli_check_labels(const char *what, size_t classes, const quern_dataset *data) {
  if (quern_dataset_classes(data) <= classes) return CLI_OK;
  size_t row = 0;
  while ((size_t)quern_dataset_label(data, row) < classes) row++;
  return cli_fail(
      "%s: sample %zu, counted from 0, has label %d, but %s has the %zu classes from 0 on",
      quern_dataset_source(data), row, (int)quern_dataset_label(data, row), what, classes);
}
