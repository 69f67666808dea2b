/* What the columns of data mean: their names, the texts among them, what stands in for a missing
 * value, what they are standardized by, and what there is to predict. Data sets have one; a network
 * that was trained on them keeps it, and a model file holds it, so that other data can be read and
 * prepared in the same way. */
#ifndef QUERN_SCHEMA_H
#define QUERN_SCHEMA_H

#include <quern/status.h>
#include <stdbool.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct quern_schema quern_schema;

/* What is to be predicted of a sample. */
typedef enum quern_task {
  QUERN_TASK_NONE,      /* nothing is known of it: data for quern_predict alone */
  QUERN_TASK_CLASSES,   /* one class of several */
  QUERN_TASK_LABELS,    /* any of several labels, each 0 or 1 */
  QUERN_TASK_REGRESSION /* one number or several */
} quern_task;

QUERN_API quern_task quern_schema_task(const quern_schema *schema);

/* What a class was called in the data: a text ("setosa"), or a number ("1000"); NULL where its
 * label was the class number itself. Classes that are texts are numbered in the order of their
 * bytes, and numbers in their order. Owned by the schema. */
QUERN_API const char *quern_schema_class_name(const quern_schema *schema, size_t index);

/* The name of a target's column, of labels or of a regression; NULL where the data name none. Owned
 * by the schema. */
QUERN_API const char *quern_schema_target_name(const quern_schema *schema, size_t index);

/* Whether the columns, and the targets of a regression, are standardized. */
QUERN_API bool quern_schema_is_standardized(const quern_schema *schema);

#ifdef __cplusplus
}
#endif
#endif
