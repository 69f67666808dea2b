/* What is told of a measurement: it depends on the task. */
#ifndef QUERN_CLI_LOG_METRICS_H
#define QUERN_CLI_LOG_METRICS_H

#include "../base/json.h"

#include <quern/train.h>
#include <stdio.h>

/* The one figure of several, and what it is called: accuracy of classes, F1 of labels, R² of a
 * regression. */
typedef struct cli_headline {
  const char *name;
  double value;
} cli_headline;
cli_headline cli_headline_of(const quern_metrics *metrics);

/* "accuracy 0.9600, loss 0.1200", and the like. */
void cli_print_metrics(FILE *out, const quern_metrics *metrics);

/* Adds those that the task has, and of all tasks the accuracy, each name with `before` in front. */
void cli_json_metrics(cli_json *json, cJSON *parent, const char *before,
                      const quern_metrics *metrics);

#endif
