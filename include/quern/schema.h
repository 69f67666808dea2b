/* The meaning of a data set's columns: names, categories, replacements for missing values,
 * standardization, and targets. Data sets have a schema. A network trained on one keeps it and
 * model files store it, so that other data can be read and prepared in the same way. */
#ifndef QUERN_SCHEMA_H
#define QUERN_SCHEMA_H

#include <quern/status.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct quern_schema quern_schema;

/* What to predict for a sample. */
typedef enum quern_task {
  QUERN_TASK_NONE,      /* unknown: data for quern_predict only */
  QUERN_TASK_CLASSES,   /* one class of several */
  QUERN_TASK_LABELS,    /* any of several labels, each 0 or 1 */
  QUERN_TASK_REGRESSION /* one number or several */
} quern_task;

/* Returns what the data are to predict. */
QUERN_API quern_task quern_schema_task(const quern_schema *schema);

/* Returns the label of a class in the data, a text ("setosa") or a number ("1000"); NULL if the
 * label was the class number itself, and for an index past the end. Texts are numbered in byte
 * order, numbers in ascending order. Owned by the schema. */
QUERN_API const char *quern_schema_class_name(const quern_schema *schema, size_t index);

/* Returns the column name of a target, for labels and regression; NULL if the data have none, and
 * for an index past the end. Owned by the schema. */
QUERN_API const char *quern_schema_target_name(const quern_schema *schema, size_t index);

/* True if the columns, and the targets of a regression, are standardized. */
QUERN_API bool quern_schema_is_standardized(const quern_schema *schema);

#ifdef __cplusplus
}
#endif
#endif
