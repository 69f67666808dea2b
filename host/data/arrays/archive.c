/* Finds the inputs and targets among a file's arrays. */
#include "../../base/error.h"
#include "../classes.h"
#include "array.h"
#include <stdlib.h>
#include <string.h>

/* Names of the inputs and of the targets. */
typedef struct pair {
  const char *x, *y;
} pair;

/* Returns the first pair whose inputs the file has; NULL if none. */
static const pair *find_pair(const quern__archive *archive, const pair *pairs, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (archive->has(archive->self, pairs[i].x)) return &pairs[i];
  return NULL;
}

/* Usual names. Each list has both cases, since a matrix may be a capital letter. */
static const pair usual_names[] = {{"x", "y"}, {"X", "y"}};
static const pair training_names[] = {{"x_train", "y_train"}, {"X_train", "y_train"}};
static const pair testing_names[] = {{"x_test", "y_test"}, {"X_test", "y_test"}};
#define COUNT_OF(pairs) (sizeof(pairs) / sizeof *(pairs))

static quern_status fail_name(const quern__archive *archive, const char *role, const char *name) {
  char *names;
  QUERN__FORWARD(archive->list(archive->self, &names));
  const quern_status status =
      quern__fail(QUERN_ERROR_FORMAT, "%s: %s: there is no array %.100s, expected one of %.200s",
                  archive->path, role, name, names);
  free(names);
  return status;
}

/* Makes a data set of the arrays. y_name may be NULL. */
static quern_status make_dataset(const quern__archive *archive, const char *x_name,
                                 const char *y_name, const quern_dataset_options *options,
                                 quern_dataset **dataset) {
  quern__array x = {0}, y = {0};
  quern_status status = QUERN_OK;
  QUERN__TRY(archive->read(archive->self, x_name, &x));
  if (y_name != NULL) QUERN__TRY(archive->read(archive->self, y_name, &y));
  status = quern__arrays_dataset(archive->path, &x, y_name != NULL ? &y : NULL, options, dataset);
cleanup:
  quern__array_free(&x);
  quern__array_free(&y);
  return status;
}

/* Chooses the targets: as the options say, else the usual name if the file has it. */
static quern_status choose_targets(const quern__archive *archive, const char *usual,
                                   const quern_dataset_options *options, const char **name) {
  *name = options->target != NULL ? options->target : usual;
  if (*name != NULL && **name == '\0') *name = NULL;
  if (*name != NULL && !archive->has(archive->self, *name)) {
    if (options->target != NULL) return fail_name(archive, "target", options->target);
    *name = NULL;
  }
  return QUERN_OK;
}

quern_status quern__archive_datasets(const quern__archive *archive,
                                     const quern_dataset_options *options, quern_dataset **train,
                                     quern_dataset **test) {
  const char *targets;
  if (options->inputs != NULL) {
    if (!archive->has(archive->self, options->inputs))
      return fail_name(archive, "inputs", options->inputs);
    QUERN__FORWARD(choose_targets(archive, "y", options, &targets));
    return make_dataset(archive, options->inputs, targets, options, train);
  }
  const pair *found = find_pair(archive, usual_names, COUNT_OF(usual_names));
  const pair *both =
      found != NULL ? NULL : find_pair(archive, training_names, COUNT_OF(training_names));
  if (both != NULL) found = both;
  if (found == NULL) return fail_name(archive, "inputs", "x or x_train");
  QUERN__FORWARD(choose_targets(archive, found->y, options, &targets));
  QUERN__FORWARD(make_dataset(archive, found->x, targets, options, train));
  const pair *tested = both != NULL && test != NULL
                           ? find_pair(archive, testing_names, COUNT_OF(testing_names))
                           : NULL;
  if (tested == NULL) return QUERN_OK;
  quern_status status = QUERN_OK;
  if (options->target == NULL || *options->target == '\0')
    QUERN__TRY(choose_targets(archive, tested->y, options, &targets));
  quern_dataset_options testing_options = *options;
  testing_options.task = (*train)->schema->task; /* classes or numbers, as in the training data */
  QUERN__TRY(make_dataset(archive, tested->x, targets, &testing_options, test));
  if (options->classes == 0) QUERN__TRY(quern__dataset_share_classes(*test, (*train)->schema));
cleanup:
  if (status != QUERN_OK) {
    quern_dataset_free(*train);
    *train = NULL;
  }
  return status;
}
