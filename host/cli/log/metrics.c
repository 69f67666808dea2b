#include "metrics.h"
#include "../data/describe.h"

#include <math.h>

cli_headline cli_headline_of(const quern_metrics *metrics) {
  switch (metrics->task) {
  case QUERN_TASK_LABELS:
    return (cli_headline){"F1", metrics->f1};
  case QUERN_TASK_REGRESSION:
    return (cli_headline){"R²", metrics->r_squared};
  case QUERN_TASK_NONE:
  case QUERN_TASK_CLASSES:
    break;
  }
  return (cli_headline){"accuracy", metrics->accuracy};
}

void cli_print_metrics(FILE *out, const quern_metrics *metrics) {
  const cli_headline headline = cli_headline_of(metrics);
  fprintf(out, "%s %s, ", headline.name, cli_figure(headline.value).text);
  if (metrics->task == QUERN_TASK_LABELS)
    fprintf(out, "all labels right %.4f, label accuracy %.4f, ", metrics->exact_match,
            metrics->label_accuracy);
  if (metrics->task == QUERN_TASK_REGRESSION)
    fprintf(out, "root mean squared error %.6g, mean absolute error %.6g, ",
            sqrt(metrics->mean_squared_error), metrics->mean_absolute_error);
  fprintf(out, "loss %s", cli_figure(metrics->loss).text);
}

static void add_metrics(cli_json *json, cJSON *parent, const char *before, const char *name,
                        double value) {
  char whole[64];
  snprintf(whole, sizeof whole, "%s%s", before, name);
  cli_json_number(json, parent, whole, value);
}

void cli_json_metrics(cli_json *json, cJSON *parent, const char *before,
                      const quern_metrics *metrics) {
  add_metrics(json, parent, before, "accuracy", metrics->accuracy);
  if (metrics->task == QUERN_TASK_LABELS) {
    add_metrics(json, parent, before, "exact_match", metrics->exact_match);
    add_metrics(json, parent, before, "label_accuracy", metrics->label_accuracy);
    add_metrics(json, parent, before, "f1", metrics->f1);
  }
  if (metrics->task == QUERN_TASK_REGRESSION) {
    add_metrics(json, parent, before, "mean_squared_error", metrics->mean_squared_error);
    add_metrics(json, parent, before, "mean_absolute_error", metrics->mean_absolute_error);
    add_metrics(json, parent, before, "r_squared", metrics->r_squared);
  }
  add_metrics(json, parent, before, "loss", metrics->loss);
}
