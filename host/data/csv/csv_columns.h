/* Which columns of a table are what. */
#ifndef QUERN_HOST_DATA_CSV_CSV_COLUMNS_H
#define QUERN_HOST_DATA_CSV_CSV_COLUMNS_H

#include "../data.h"
#include "../words.h"
#include "csv_record.h"

/* What a column holds is decided by the first value in it that is not missing, unless the schema
 * says so. */
typedef enum quern__csv_kind {
  QUERN__CSV_UNDECIDED,
  QUERN__CSV_NUMBERS,
  QUERN__CSV_TEXTS
} quern__csv_kind;

typedef struct quern__csv_column {
  size_t place; /* in the table, from 0 */
  quern__csv_kind kind;
  quern__words words;                  /* of texts that are new; owned */
  const quern__schema_column *decided; /* where the schema says what it holds; the schema's */
} quern__csv_column;

typedef struct quern__csv_columns {
  size_t fields;                       /* of each record */
  char **names;                        /* [fields], owned; NULL: there is no header */
  quern__csv_column *inputs, *targets; /* owned */
  size_t input_count, target_count;
  quern_task task;
} quern__csv_columns;

/* Decides by the first record, which may be the header, and the options. The caller frees *columns,
 * whatever this returns. */
quern_status quern__csv_columns_create(const quern__records *first, bool header,
                                       const quern_dataset_options *options,
                                       quern__csv_columns *columns);
void quern__csv_columns_free(quern__csv_columns *columns);

#endif
