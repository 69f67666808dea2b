/* The scores of each label, or of each number of a regression. */
#ifndef QUERN_CLI_EVAL_TARGET_SCORES_H
#define QUERN_CLI_EVAL_TARGET_SCORES_H

#include "confusion.h"

/* The errors of one number, in the units of the data: see quern_metrics. */
typedef struct cli_errors {
  double mean_squared, mean_absolute, r_squared;
} cli_errors;

typedef struct cli_target_scores {
  quern_task task;
  size_t count;
  cli_scores *labels; /* [count] for labels, owned; `samples` counts those with the label */
  cli_errors *errors; /* [count] for a regression, owned */
} cli_target_scores;

/* Predicts every sample. The caller frees *scores. */
cli_exit cli_target_scores_create(quern_context *context, const quern_network *network,
                                  const quern_dataset *data, cli_target_scores *scores);
void cli_target_scores_free(cli_target_scores *scores);

/* Prints a line for each; for a regression only if there are several. */
void cli_print_target_scores(FILE *stream, const cli_target_scores *scores, const cli_names *names);
/* Adds "labels" or "targets" to the object. */
void cli_json_target_scores(cli_json *json, const cli_target_scores *scores,
                            const cli_names *names);

#endif
