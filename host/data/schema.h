/* The inside of a schema. It is copied, not shared: a data set, a network and a model file have one
 * each. */
#ifndef QUERN_HOST_DATA_SCHEMA_H
#define QUERN_HOST_DATA_SCHEMA_H

#include <quern/schema.h>

/* One column of a table, or one target. */
typedef struct quern__schema_column {
  char *name;        /* owned; NULL: it has none */
  size_t place;      /* in the table, from 0 */
  char **categories; /* [category_count], owned, in the order of their bytes; NULL: numbers */
  /* [category_count], owned: the labels that the categories are, ascending; NULL: texts */
  double *values;
  size_t category_count;
} quern__schema_column;

typedef struct quern__schema_columns {
  quern__schema_column *items; /* owned */
  size_t count;
} quern__schema_columns;

struct quern_schema {
  quern_task task;
  size_t columns; /* values a sample: a text column has one for each category */
  size_t outputs; /* classes, labels or numbers */
  size_t fields;  /* columns of the table, those that are left out as well; 0: it was no table */
  /* Of a table; of other data these are empty. Classes have one target. */
  quern__schema_columns inputs, targets;
  /* [columns], owned: what stands in for a missing value; NULL: nothing does */
  double *fill;
  double *mean, *deviation; /* [columns], owned; NULL: the values are not standardized */
  /* [outputs], owned; NULL: the targets are not standardized */
  double *target_mean, *target_deviation;
};

quern_status quern__schema_create(quern_schema **schema);
/* *to is NULL where `from` is. */
quern_status quern__schema_copy(const quern_schema *from, quern_schema **to);
void quern__schema_free(quern_schema *schema);

/* Room for the columns of a table, all empty; and copies of `count` doubles, NULL of NULL. */
quern_status quern__schema_columns_create(size_t count, quern__schema_columns *columns);
quern_status quern__schema_copy_doubles(const double *from, size_t count, double **to);

/* Makes `values`, ascending whole numbers, the categories of a column that has none, and takes them
 * over. */
quern_status quern__schema_set_values(quern__schema_column *column, double *values, size_t count);

/* So many classes, listed as those of `list`, or 0 … outputs-1 for NULL. A failure changes nothing.
 */
quern_status quern__schema_set_classes(quern_schema *schema, const quern__schema_column *list,
                                       size_t outputs);

bool quern__schema_same_categories(const quern__schema_column *a, const quern__schema_column *b);

/* A copy of a text of `length` bytes, ended by a zero. */
quern_status quern__schema_copy_text(const char *text, size_t length, char **copy);

/* Whether it says more than that a sample has so many values and is one of so many classes. */
bool quern__schema_has_more(const quern_schema *schema);

/* Whether both make the same numbers of the same data. NULL changes nothing. */
bool quern__schema_prepares_alike(const quern_schema *a, const quern_schema *b);

/* Whether equal labels of both, which have classes, are the same class. */
bool quern__schema_classes_alike(const quern_schema *a, const quern_schema *b);

/* Puts what standardizes the inputs into the first layer, W [columns][units] and b [units], and
 * what scales the outputs back into the last, W [in][outputs] and b [outputs], which must have no
 * activation. Rounded once each. NULL changes nothing. */
void quern__schema_fold_inputs(const quern_schema *schema, size_t units, float *weights,
                               float *bias);
void quern__schema_fold_targets(const quern_schema *schema, size_t in, float *weights, float *bias);

/* As JSON, which the caller frees, and back. `where` names what it was read from. The reader takes
 * what the writer gives and refuses all else. */
quern_status quern__schema_print(const quern_schema *schema, char **text);
quern_status quern__schema_parse(const char *where, const char *text, quern_schema **schema);

#endif
