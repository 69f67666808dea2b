/* The rows of a table as they are read, and the data set that they become. */
#ifndef QUERN_HOST_DATA_CSV_CSV_ROWS_H
#define QUERN_HOST_DATA_CSV_CSV_ROWS_H

#include "csv_columns.h"

/* Of each input a value, of a text its number, -1 for one that is missing; NaN for a number that is
 * missing. Of targets a label, or a float each. A label is the number that stands there, of a text
 * its number; by a schema it is the class. */
typedef struct quern__csv_rows {
  const quern_dataset_options *options;
  quern__csv_columns *columns; /* the caller's */
  float *values;               /* [rows][input_count], owned */
  double *labels;              /* [rows], owned; for classes */
  float *targets;              /* [rows][target_count], owned; for labels and regression */
  size_t count, capacity;
  bool has_missing;
} quern__csv_rows;

/* Adds a record, which has as many fields as the table has columns. */
quern_status quern__csv_rows_add(quern__csv_rows *rows, const quern__records *record);

/* Moves all into the data set. */
quern_status quern__csv_rows_finish(quern__csv_rows *rows, quern_dataset *dataset);
void quern__csv_rows_free(quern__csv_rows *rows);

#endif
