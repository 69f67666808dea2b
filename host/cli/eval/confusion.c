#include "confusion.h"

#include "../data/arrays.h"

#include <stdint.h>
#include <stdlib.h>

static size_t count_of(const cli_confusion *confusion, size_t label, size_t predicted) {
  return confusion->counts[label * (confusion->classes + 1) + predicted];
}

static bool allocate_confusion(cli_confusion *created, size_t classes) {
  *created = (cli_confusion){.classes = classes,
                             .class_counts = calloc(classes, sizeof *created->class_counts)};
  if (created->class_counts == NULL || classes > CLI_CONFUSION_MOST)
    return created->class_counts != NULL;
  created->counts = calloc(classes, (classes + 1) * sizeof *created->counts);
  return created->counts != NULL;
}

/* `chosen` is -1 if no output is the largest. */
static void add_confusion(cli_confusion *created, size_t label, int chosen) {
  const size_t predicted = chosen < 0 ? created->classes : (size_t)chosen;
  created->class_counts[label].samples++;
  if (chosen >= 0) created->class_counts[predicted].taken++;
  if (predicted == label) created->class_counts[label].hits++;
  if (created->counts != NULL) created->counts[label * (created->classes + 1) + predicted]++;
}

cli_exit cli_confusion_create(quern_context *context, const quern_network *network,
                              const quern_dataset *data, cli_confusion *created) {
  const size_t rows = quern_dataset_rows(data), classes = quern_network_outputs(network);
  float *outputs = cli_floats(rows, classes);
  cli_exit result = CLI_OK;
  if (!allocate_confusion(created, classes) || outputs == NULL) {
    result = cli_fail_memory();
  } else if (quern_predict(context, network, data, outputs) != QUERN_OK) {
    result = cli_fail_library();
  } else {
    for (size_t row = 0; row < rows; row++)
      add_confusion(created, (size_t)quern_dataset_label(data, row),
                    cli_largest(outputs + row * classes, classes));
  }
  free(outputs);
  return result;
}

void cli_confusion_free(cli_confusion *confusion) {
  free(confusion->class_counts);
  free(confusion->counts);
  *confusion = (cli_confusion){0};
}

static double share(size_t part, size_t whole) {
  return whole > 0 ? (double)part / (double)whole : (double)NAN;
}

cli_scores cli_confusion_scores(const cli_confusion *confusion, size_t class_index) {
  const cli_class_counts *counts = &confusion->class_counts[class_index];
  return (cli_scores){counts->samples, share(counts->hits, counts->taken),
                      share(counts->hits, counts->samples),
                      share(2 * counts->hits, counts->samples + counts->taken)};
}

void cli_json_scores(cli_json *json, cJSON *object, const cli_scores *scores) {
  cli_json_number(json, object, "samples", (double)scores->samples);
  cli_json_number(json, object, "precision", scores->precision);
  cli_json_number(json, object, "recall", scores->recall);
  cli_json_number(json, object, "f1", scores->f1);
}

void cli_json_confusion(cli_json *json, const cli_confusion *confusion, const cli_names *names) {
  cJSON *classes = cli_json_list(json, json->root, "classes");
  cJSON *matrix = confusion->counts != NULL ? cli_json_list(json, json->root, "confusion") : NULL;
  if (matrix == NULL) cli_json_null(json, json->root, "confusion");
  for (size_t i = 0; i < confusion->classes; i++) {
    const cli_scores scores = cli_confusion_scores(confusion, i);
    cJSON *object = cli_json_object(json, classes, NULL);
    if (i < names->count) cli_json_text(json, object, "name", names->items[i]);
    cli_json_scores(json, object, &scores);
    if (confusion->counts == NULL) continue;
    cJSON *row = cli_json_list(json, matrix, NULL);
    for (size_t j = 0; j < confusion->classes; j++)
      cli_json_append_number(json, row, (double)count_of(confusion, i, j));
  }
}
