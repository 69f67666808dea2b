/* Files that quern does not read, by their first bytes. */
#ifndef QUERN_HOST_BASE_FILE_KIND_H
#define QUERN_HOST_BASE_FILE_KIND_H

#include <stddef.h>

typedef struct quern__file_kind {
  const char *name;  /* "a Parquet file" */
  const char *data;  /* how to make data of it that quern reads; NULL if it is not data */
  const char *model; /* how to make a model of it; NULL if it is no model */
} quern__file_kind;

/* Returns the kind of a file that begins with these bytes; NULL if it is not known. */
const quern__file_kind *quern__file_kind_of(const unsigned char *bytes, size_t count);

#endif
