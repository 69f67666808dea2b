/* quern eval: measures a model on data, class by class, and draws example predictions. */
#include "../data/describe.h"
#include "../data/names.h"
#include "../data/open.h"
#include "../data/target.h"
#include "../log/metrics.h"
#include "../plot/canvas.h"
#include "../text/text.h"
#include "confusion.h"
#include "plot_confusion.h"
#include "show.h"
#include "target_scores.h"

typedef struct eval_settings {
  cli_model_settings model;
  cli_data_settings data;
  const char *device, *class_names, *plot;
  size_t show;
  bool json;
} eval_settings;

static const cli_option model_options[] = {CLI_OPTION_MODEL(eval_settings), CLI_OPTION_END};
static const cli_option data_options[] = {CLI_OPTION_DATA(eval_settings),
                                          CLI_OPTION_TABLE(eval_settings), CLI_OPTION_END};
static const cli_option output_options[] = {
    CLI_OPTION_DEVICE(eval_settings),
    {.name = "show",
     .value = "N",
     .kind = CLI_COUNT,
     .offset = offsetof(eval_settings, show),
     .least = 1,
     .most = INT32_MAX,
     .help = "draw the first N images with their predictions"},
    {.name = "class-names",
     .value = "A,B…",
     .kind = CLI_TEXT,
     .offset = offsetof(eval_settings, class_names),
     .help = "names of the classes or labels",
     .otherwise = "the model's"},
    {.name = "plot",
     .value = "FILE",
     .kind = CLI_TEXT,
     .offset = offsetof(eval_settings, plot),
     .help = "draw the confusion matrix: .svg or .png"},
    CLI_OPTION_JSON(eval_settings),
    CLI_OPTION_END};

static const cli_option_group groups[] = {{"Model", model_options},
                                          {"Data", data_options},
                                          {"Device and output", output_options},
                                          CLI_GROUPS_END};

static const char *const examples[] = {
    "quern eval --model digits.safetensors --data digits --show 8",
    "quern eval --model torch.safetensors --activation tanh --data test.csv --json", NULL};

typedef struct eval_session {
  const eval_settings *settings;
  FILE *out;
  quern_network *network;
  quern_dataset *data, *pixels; /* pixels: the data as in the file, for --show */
  cli_names names;
  quern_context *context;
} eval_session;

/* Checks the picture's file before anything is read. */
static cli_exit check_picture(const eval_settings *settings) {
  if (settings->plot == NULL) return CLI_OK;
  cli_exit result = cli_canvas_check(settings->plot);
  if (result == CLI_OK) result = cli_check_target(settings->plot);
  if (result == CLI_OK) result = cli_check_spared(settings->plot, settings->model.path, "--model");
  return result == CLI_OK ? cli_check_data_spared(settings->plot, settings->data.where, "--data")
                          : result;
}

/* Opens and checks the files before a device is opened. */
static cli_exit prepare(eval_session *run) {
  const eval_settings *settings = run->settings;
  const char *path = settings->model.path;
  size_t height, width;
  cli_exit result = check_picture(settings);
  if (result == CLI_OK) result = cli_open_model(&settings->model, &run->network);
  if (result == CLI_OK)
    result = cli_open_model_data(&settings->data, path, run->network, &run->data);
  if (result == CLI_OK) result = cli_check_columns(path, run->network, run->data);
  if (result != CLI_OK) return result;
  const size_t outputs = quern_network_outputs(run->network);
  const quern_task task = quern_dataset_task(run->data);
  const char *source = quern_dataset_source(run->data);
  if (task == QUERN_TASK_NONE)
    return cli_fail("%s has no labels or targets to measure against; quern predict needs none",
                    source);
  result = cli_check_labels(path, outputs, run->data);
  if (result == CLI_OK)
    result = settings->class_names != NULL
                 ? cli_names_split(settings->class_names, &run->names)
                 : cli_names_of_schema(quern_network_schema(run->network), outputs, &run->names);
  if (result == CLI_OK && settings->class_names != NULL && run->names.count != outputs)
    result = cli_fail("--class-names gives %zu names, but %s has %zu classes", run->names.count,
                      path, outputs);
  if (result == CLI_OK && settings->show > 0 &&
      !quern_dataset_image_size(run->data, &height, &width))
    result = cli_fail("--show: %s has no images", source);
  if (result == CLI_OK && task != QUERN_TASK_CLASSES &&
      (settings->show > 0 || settings->plot != NULL))
    result = cli_fail("--%s is for classes, and %s has %s", settings->show > 0 ? "show" : "plot",
                      source, task == QUERN_TASK_LABELS ? "labels" : "numbers to predict");
  if (result == CLI_OK && settings->plot != NULL && outputs > CLI_CONFUSION_MOST)
    result = cli_fail("--plot draws at most %d classes, and %s has %zu", CLI_CONFUSION_MOST, path,
                      outputs);
  /* Images are drawn as in the file, without the preparation for predictions. */
  cli_data_settings drawn = settings->data;
  drawn.task = QUERN_TASK_CLASSES;
  if (result == CLI_OK && settings->show > 0)
    result = cli_open_test_data(&drawn, NULL, &run->pixels);
  return result;
}

/* Begins the object; the scores of classes or targets follow. */
static cli_json begin_json(const eval_session *run, const quern_metrics *metrics) {
  cli_json json = cli_json_create();
  cli_json_device(&json, json.root, run->context);
  cli_json_text(&json, json.root, "model", run->settings->model.path);
  cli_json_network(&json, run->network);
  cli_json_text(&json, json.root, "data", quern_dataset_source(run->data));
  cli_json_number(&json, json.root, "samples", (double)metrics->samples);
  cli_json_metrics(&json, json.root, "", metrics);
  cli_json_number(&json, json.root, "samples_per_second", metrics->samples_per_second);
  return json;
}

static void print_last_line(const eval_session *run, const quern_metrics *metrics) {
  fprintf(run->out, "\n");
  cli_print_metrics(run->out, metrics);
  cli_print(run->out, " over %s samples, %s samples/s\n",
            cli_grouped((double)metrics->samples).text,
            cli_grouped(metrics->samples_per_second).text);
}

static cli_exit plot(const eval_session *run, const quern_metrics *metrics,
                     const cli_confusion *confusion) {
  char title[96];
  snprintf(title, sizeof title, "accuracy %.4f over %s samples", metrics->accuracy,
           cli_grouped((double)metrics->samples).text);
  const cli_exit result = cli_plot_confusion(confusion, &run->names, title, run->settings->plot);
  if (result == CLI_OK) cli_print(run->out, "\nsaved %s\n", run->settings->plot);
  return result;
}

static cli_exit report_classes(const eval_session *run, const quern_metrics *metrics) {
  const eval_settings *settings = run->settings;
  cli_confusion confusion = {0};
  cli_exit result = cli_confusion_create(run->context, run->network, run->data, &confusion);
  if (result == CLI_OK) result = cli_print_confusion(run->out, &confusion, &run->names);
  if (result == CLI_OK) print_last_line(run, metrics);
  if (result == CLI_OK && settings->plot != NULL) result = plot(run, metrics, &confusion);
  if (result == CLI_OK && settings->json) {
    cli_json json = begin_json(run, metrics);
    cli_json_confusion(&json, &confusion, &run->names);
    result = cli_json_print(&json);
    cli_json_free(&json);
  }
  cli_confusion_free(&confusion);
  return result;
}

static cli_exit report_targets(const eval_session *run, const quern_metrics *metrics) {
  cli_target_scores scores = {0};
  cli_exit result = cli_target_scores_create(run->context, run->network, run->data, &scores);
  if (result == CLI_OK) {
    cli_print_target_scores(run->out, &scores, &run->names);
    print_last_line(run, metrics);
  }
  if (result == CLI_OK && run->settings->json) {
    cli_json json = begin_json(run, metrics);
    cli_json_target_scores(&json, &scores, &run->names);
    result = cli_json_print(&json);
    cli_json_free(&json);
  }
  cli_target_scores_free(&scores);
  return result;
}

static cli_exit evaluate(const eval_session *run) {
  const eval_settings *settings = run->settings;
  quern_metrics metrics;
  cli_print(run->out, "model: %s, ", settings->model.path);
  cli_print_network(run->out, run->network);
  cli_print(run->out, "\ndata: %s, ", quern_dataset_source(run->data));
  cli_print_data(run->out, run->data);
  fprintf(run->out, "\n");
  if (quern_evaluate(run->context, run->network, run->data, &metrics) != QUERN_OK)
    return cli_fail_library();
  if (settings->show > 0) {
    cli_exit result = cli_show(run->out, run->context, run->network, run->data, run->pixels,
                               settings->show, &run->names);
    if (result != CLI_OK) return result;
  }
  return metrics.task == QUERN_TASK_CLASSES ? report_classes(run, &metrics)
                                            : report_targets(run, &metrics);
}

static cli_exit run_eval(const cli_command *command, int argc, char **argv) {
  eval_settings settings = {.model = CLI_MODEL_SETTINGS_INIT};
  cli_parsed parsed = cli_parse(command, argc, argv, &settings);
  if (parsed != CLI_PARSED_RUN) return (cli_exit)cli_parsed_exit(parsed);

  eval_session session = {.settings = &settings, .out = settings.json ? stderr : stdout};
  cli_exit result = prepare(&session);
  if (result == CLI_OK) result = cli_open_device(settings.device, session.out, &session.context);
  if (result == CLI_OK) result = evaluate(&session);
  quern_context_free(session.context);
  cli_names_free(&session.names);
  quern_dataset_free(session.data);
  quern_dataset_free(session.pixels);
  quern_network_free(session.network);
  return result;
}

const cli_command cli_eval = {
    .name = "eval",
    .summary = "measure a model on data",
    .about = "Measures a model on data: its loss and accuracy, and the scores of each class, label "
             "or target.",
    .details = "For classes: accuracy; precision, recall and F1 of each; a confusion matrix of at "
               "most 1024 classes. For labels: the scores of each, the share of labels that are "
               "right, and of samples with all labels right. For a regression: R², the root of the "
               "mean squared error and the mean absolute error, in the units of the data. The test "
               "set is measured if the data has one, else every sample.",
    .groups = groups,
    .examples = examples,
    .run = run_eval,
};
