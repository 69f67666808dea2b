#include "target_scores.h"

#include "../data/arrays.h"
#include "../text/text.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The sums of one target. */
typedef struct sums {
  size_t hits, predicted, there;           /* labels */
  double squares, absolute;                /* of output less target */
  double first, differences, differences2; /* of target less the first one */
} sums;

/* The output above which a label is predicted: half a probability, or half of a target of 1. */
static const float threshold = 0.5f;

static void add_target_scores(sums *to, float output, float target, bool first) {
  const double error = (double)output - (double)target;
  if (first) to->first = (double)target;
  const double difference = (double)target - to->first;
  to->squares += error * error;
  to->absolute += fabs(error);
  to->differences += difference;
  to->differences2 += difference * difference;
  to->predicted += output > threshold;
  to->there += target > threshold;
  to->hits += output > threshold && target > threshold;
}

static double share(double part, double whole) {
  return whole > 0.0 ? part / whole : (double)NAN;
}

static void finish(const sums *from, size_t rows, size_t index, cli_target_scores *created) {
  const double n = (double)rows;
  const double variation = from->differences2 - from->differences * from->differences / n;
  if (created->labels != NULL)
    created->labels[index] =
        (cli_scores){from->there, share((double)from->hits, (double)from->predicted),
                     share((double)from->hits, (double)from->there),
                     share(2.0 * (double)from->hits, (double)(from->predicted + from->there))};
  if (created->errors != NULL)
    created->errors[index] =
        (cli_errors){from->squares / n, from->absolute / n, 1.0 - share(from->squares, variation)};
}

cli_exit cli_target_scores_create(quern_context *context, const quern_network *network,
                                  const quern_dataset *data, cli_target_scores *created) {
  const size_t rows = quern_dataset_rows(data), count = quern_dataset_outputs(data);
  const bool labels = quern_dataset_task(data) == QUERN_TASK_LABELS;
  *created = (cli_target_scores){.task = quern_dataset_task(data), .count = count};
  float *outputs = cli_floats(rows, count), *targets = cli_floats(1, count);
  sums *all = calloc(count, sizeof *all);
  if (labels)
    created->labels = calloc(count, sizeof *created->labels);
  else
    created->errors = calloc(count, sizeof *created->errors);
  cli_exit result = CLI_OK;
  if (outputs == NULL || targets == NULL || all == NULL ||
      (created->labels == NULL && created->errors == NULL)) {
    result = cli_fail_memory();
  } else if (quern_predict(context, network, data, outputs) != QUERN_OK) {
    result = cli_fail_library();
  } else {
    for (size_t row = 0; row < rows; row++) {
      quern_dataset_targets(data, row, targets);
      for (size_t i = 0; i < count; i++)
        add_target_scores(&all[i], outputs[row * count + i], targets[i], row == 0);
    }
    for (size_t i = 0; i < count; i++) finish(&all[i], rows, i, created);
  }
  free(all);
  free(targets);
  free(outputs);
  return result;
}

void cli_target_scores_free(cli_target_scores *scores) {
  free(scores->labels);
  free(scores->errors);
  *scores = (cli_target_scores){0};
}

static void print_errors(FILE *stream, const cli_target_scores *scores, const cli_names *names) {
  size_t width = strlen("target");
  for (size_t i = 0; i < names->count; i++) {
    const size_t length = cli_text_length(names->items[i]);
    if (length > width) width = length;
  }
  cli_print(stream, "\n%*s  %12s  %12s  %8s\n", (int)width, "target", "root m. sq.", "mean abs.",
            "R²");
  for (size_t i = 0; i < scores->count; i++) {
    const cli_errors *errors = &scores->errors[i];
    if (i < names->count)
      cli_print(stream, "%-*s", (int)width, names->items[i]);
    else
      fprintf(stream, "%*zu", (int)width, i);
    fprintf(stream, "  %12.6g  %12.6g  %8.4f\n", sqrt(errors->mean_squared), errors->mean_absolute,
            errors->r_squared);
  }
}

void cli_print_target_scores(FILE *stream, const cli_target_scores *scores,
                             const cli_names *names) {
  if (scores->task == QUERN_TASK_LABELS)
    cli_print_scores(stream, "label", scores->labels, scores->count, names);
  else if (scores->count > 1)
    print_errors(stream, scores, names);
}

void cli_json_target_scores(cli_json *json, const cli_target_scores *scores,
                            const cli_names *names) {
  cJSON *list =
      cli_json_list(json, json->root, scores->task == QUERN_TASK_LABELS ? "labels" : "targets");
  for (size_t i = 0; i < scores->count; i++) {
    cJSON *object = cli_json_object(json, list, NULL);
    if (i < names->count) cli_json_text(json, object, "name", names->items[i]);
    if (scores->task == QUERN_TASK_LABELS) {
      cli_json_scores(json, object, &scores->labels[i]);
      continue;
    }
    cli_json_number(json, object, "mean_squared_error", scores->errors[i].mean_squared);
    cli_json_number(json, object, "mean_absolute_error", scores->errors[i].mean_absolute);
    cli_json_number(json, object, "r_squared", scores->errors[i].r_squared);
  }
}
