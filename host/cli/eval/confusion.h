/* The confusion matrix. */
#ifndef QUERN_CLI_EVAL_CONFUSION_H
#define QUERN_CLI_EVAL_CONFUSION_H

#include "../base/json.h"
#include "../data/names.h"

#include <quern/quern.h>
#include <stdio.h>

/* The most classes of a matrix. Its size grows with their square, unlike that of a model. */
enum { CLI_CONFUSION_MOST = 1024 };

/* The counts of a class: its samples, the samples predicted as it, and those that are both. */
typedef struct cli_class_counts {
  size_t samples, taken, hits;
} cli_class_counts;

/* counts[label · (classes + 1) + predicted]: samples; the last column counts those without a
 * largest output. */
typedef struct cli_confusion {
  size_t classes;
  cli_class_counts *class_counts; /* [classes], owned */
  size_t *counts;                 /* owned; NULL for more than CLI_CONFUSION_MOST classes */
} cli_confusion;

/* The scores of a class; TP is the samples of the class that are predicted as it:
 *
 *   precision = TP / samples predicted as it
 *   recall = TP / samples of it
 *   F1 = 2 TP / (samples predicted as it + samples of it)
 *
 * NaN if the divisor is 0. */
typedef struct cli_scores {
  size_t samples;
  double precision, recall, f1;
} cli_scores;

/* Predicts every sample. The caller frees *confusion. */
cli_exit cli_confusion_create(quern_context *context, const quern_network *network,
                              const quern_dataset *data, cli_confusion *confusion);
void cli_confusion_free(cli_confusion *confusion);

cli_scores cli_confusion_scores(const cli_confusion *confusion, size_t class_index);

/* Prints a table with a line for each of `count`. */
void cli_print_scores(FILE *stream, const char *heading, const cli_scores *scores, size_t count,
                      const cli_names *names);
/* Adds "samples", "precision", "recall" and "f1" to the object. */
void cli_json_scores(cli_json *json, cJSON *object, const cli_scores *scores);

/* Prints a line for each class and, if it fits, the matrix: a row for each class, a column for each
 * predicted class. */
cli_exit cli_print_confusion(FILE *stream, const cli_confusion *confusion, const cli_names *names);
/* Adds "classes" and "confusion", which is null without a matrix, to the object. */
void cli_json_confusion(cli_json *json, const cli_confusion *confusion, const cli_names *names);

#endif
