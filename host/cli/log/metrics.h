/* The metrics of a task, for people and in JSON. */
#ifndef QUERN_CLI_LOG_METRICS_H
#define QUERN_CLI_LOG_METRICS_H

#include "../base/json.h"

#include <quern/train.h>
#include <stdio.h>

/* The main metric and its name: accuracy of classes, F1 of labels, R² of a regression. */
typedef struct cli_headline {
  const char *name;
  double value;
} cli_headline;
cli_headline cli_headline_of(const quern_metrics *metrics);

/* Prints "accuracy 0.9600, loss 0.1200", or the like. */
void cli_print_metrics(FILE *out, const quern_metrics *metrics);

/* Adds the metrics of the task, and the accuracy for any task, each name with `before` in front. */
void cli_json_metrics(cli_json *json, cJSON *parent, const char *before,
                      const quern_metrics *metrics);

#endif
