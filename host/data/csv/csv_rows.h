/* The rows of a table while it is read, and their conversion to a data set. */
#ifndef QUERN_HOST_DATA_CSV_CSV_ROWS_H
#define QUERN_HOST_DATA_CSV_CSV_ROWS_H

#include "csv_columns.h"

/* Rows read so far. An input is a number, NaN if missing, or the number of a text, -1 if missing. A
 * target is a label or a float. A label is the number in the field, the number of a text, or, with
 * a schema, the class. */
typedef struct quern__csv_rows {
  const quern_dataset_options *options;
  quern__csv_columns *columns; /* the caller's */
  float *values;               /* [rows][input_count], owned */
  double *labels;              /* [rows], owned; for classes */
  float *targets;              /* [rows][target_count], owned; for labels and regression */
  size_t count, capacity;
  bool has_missing;
} quern__csv_rows;

/* Adds a record; it must have as many fields as the table has columns. */
quern_status quern__csv_rows_add(quern__csv_rows *rows, const quern__records *record);

/* Moves all rows into the data set. */
quern_status quern__csv_rows_finish(quern__csv_rows *rows, quern_dataset *dataset);
void quern__csv_rows_free(quern__csv_rows *rows);

#endif
