/* The definition of a schema. Data sets, networks and model files each have a copy of their own. */
#ifndef QUERN_HOST_DATA_SCHEMA_H
#define QUERN_HOST_DATA_SCHEMA_H

#include <quern/schema.h>

/* A column of a table, or a target. */
typedef struct quern__schema_column {
  char *name;        /* owned; NULL if it has none */
  size_t place;      /* in the table, from 0 */
  char **categories; /* [category_count], owned, in byte order; NULL for numbers */
  /* [category_count], owned, ascending: the labels of the categories; NULL if they are texts */
  double *values;
  size_t category_count;
} quern__schema_column;

typedef struct quern__schema_columns {
  quern__schema_column *items; /* owned */
  size_t count;
} quern__schema_columns;

struct quern_schema {
  quern_task task;
  size_t columns; /* values per sample: one for each category of a text column */
  size_t outputs; /* classes, labels or numbers */
  size_t fields;  /* columns of the table, including unused ones; 0 if it was not a table */
  /* Both are empty if there was no table, except that classes may have a target. */
  quern__schema_columns inputs, targets;
  /* [columns], owned: replacements for missing values; NULL if there are none */
  double *fill;
  double *mean, *deviation; /* [columns], owned; NULL if the values are not standardized */
  /* [outputs], owned; NULL if the targets are not standardized */
  double *target_mean, *target_deviation;
};

quern_status quern__schema_create(quern_schema **schema);
/* *to is NULL if `from` is. */
quern_status quern__schema_copy(const quern_schema *from, quern_schema **to);
void quern__schema_free(quern_schema *schema);

/* Create `count` empty columns, and copy `count` doubles; the copy of NULL is NULL. */
quern_status quern__schema_columns_create(size_t count, quern__schema_columns *columns);
quern_status quern__schema_copy_doubles(const double *from, size_t count, double **to);

/* Makes `values`, ascending whole numbers, the categories of a column that has none. Takes over
 * `values`. */
quern_status quern__schema_set_values(quern__schema_column *column, double *values, size_t count);

/* Sets the number of classes, and copies their list; NULL means 0 … outputs-1. A failure changes
 * nothing. */
quern_status quern__schema_set_classes(quern_schema *schema, const quern__schema_column *list,
                                       size_t outputs);

bool quern__schema_same_categories(const quern__schema_column *a, const quern__schema_column *b);

/* Copies a text of `length` bytes, and terminates it by a zero. */
quern_status quern__schema_copy_text(const char *text, size_t length, char **copy);

/* True if the schema has more than the numbers of values and classes. */
bool quern__schema_has_more(const quern_schema *schema);

/* True if both prepare the same data alike. NULL prepares nothing. */
bool quern__schema_prepares_alike(const quern_schema *a, const quern_schema *b);

/* True if equal labels of the two, which must have classes, mean the same class. */
bool quern__schema_classes_alike(const quern_schema *a, const quern_schema *b);

/* Fold the standardization into a network: that of the inputs into the first layer, W
 * [columns][units] and b [units]; that of the targets into the last, W [in][outputs] and b
 * [outputs], which must have no activation. Each parameter is rounded once. NULL changes
 * nothing. */
void quern__schema_fold_inputs(const quern_schema *schema, size_t units, float *weights,
                               float *bias);
void quern__schema_fold_targets(const quern_schema *schema, size_t in, float *weights, float *bias);

/* Convert to and from JSON. The caller frees the result. `where` names the source in messages. The
 * parser refuses whatever the printer would not write. */
quern_status quern__schema_print(const quern_schema *schema, char **text);
quern_status quern__schema_parse(const char *where, const char *text, quern_schema **schema);

#endif
