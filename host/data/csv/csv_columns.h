/* The roles of a table's columns. */
#ifndef QUERN_HOST_DATA_CSV_CSV_COLUMNS_H
#define QUERN_HOST_DATA_CSV_CSV_COLUMNS_H

#include "../data.h"
#include "../words.h"
#include "csv_record.h"

/* What a column contains. The schema decides, or else the column's first value that is not
 * missing. */
typedef enum quern__csv_kind {
  QUERN__CSV_UNDECIDED,
  QUERN__CSV_NUMBERS,
  QUERN__CSV_TEXTS
} quern__csv_kind;

typedef struct quern__csv_column {
  size_t place; /* in the table, from 0 */
  quern__csv_kind kind;
  quern__words words;                        /* different texts, if no schema lists them; owned */
  const quern__schema_column *schema_column; /* if there is a schema; owned by it */
} quern__csv_column;

typedef struct quern__csv_columns {
  size_t fields;                       /* per record */
  char **names;                        /* [fields], owned; NULL without a header */
  quern__csv_column *inputs, *targets; /* owned */
  size_t input_count, target_count;
  quern_task task;
  size_t index_place; /* of the column that must count the rows; `fields` if there is none */
  uint64_t next_index;
} quern__csv_columns;

/* Selects the columns by the first record, which may be the header, and by the options. The caller
 * frees *columns, even if this fails. */
quern_status quern__csv_columns_create(const quern__records *first, bool header,
                                       const quern_dataset_options *options,
                                       quern__csv_columns *columns);
/* Refuses columns with too many different texts to be categories: one-hot coding would need memory
 * for rows times texts. Refuses numbers with a stray text, which would all become categories. */
quern_status quern__csv_check_categories(const quern__csv_columns *columns, size_t rows,
                                         const char *file);

void quern__csv_columns_free(quern__csv_columns *columns);

#endif
