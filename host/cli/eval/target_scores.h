/* How well each label, or each number of a regression, is predicted. */
#ifndef QUERN_CLI_EVAL_TARGET_SCORES_H
#define QUERN_CLI_EVAL_TARGET_SCORES_H

#include "confusion.h"

/* Of one number, in the units of the data: see quern_metrics. */
typedef struct cli_errors {
  double mean_squared, mean_absolute, r_squared;
} cli_errors;

typedef struct cli_target_scores {
  quern_task task;
  size_t count;
  cli_scores *labels; /* [count] of labels, owned; samples are those that have it */
  cli_errors *errors; /* [count] of a regression, owned */
} cli_target_scores;

/* Predicts every sample. The caller frees *made. */
cli_exit cli_target_scores_create(quern_context *context, const quern_network *network,
                                  const quern_dataset *data, cli_target_scores *scores);
void cli_target_scores_free(cli_target_scores *scores);

/* A line for each; of a regression only where there are several. */
void cli_print_target_scores(FILE *stream, const cli_target_scores *scores, const cli_names *names);
/* "labels" or "targets" in the object. */
void cli_json_target_scores(cli_json *json, const cli_target_scores *scores,
                            const cli_names *names);

#endif
