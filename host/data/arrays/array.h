/* Arrays of numbers in files, and data sets made of them. */
#ifndef QUERN_HOST_DATA_ARRAYS_ARRAY_H
#define QUERN_HOST_DATA_ARRAYS_ARRAY_H

#include "../data.h"

enum { QUERN__ARRAY_RANK_LARGEST = 32 }; /* NumPy's limit */

typedef enum quern__number {
  QUERN__BOOL,
  QUERN__UNSIGNED,
  QUERN__SIGNED,
  QUERN__FLOAT
} quern__number;

/* Row-major, little-endian. */
typedef struct quern__array {
  char *name; /* for messages: the file, and the array's name in it; owned */
  quern__number number;
  size_t bytes; /* per element: 1, 2, 4 or 8; for floats 4 or 8 */
  size_t rank;
  size_t shape[QUERN__ARRAY_RANK_LARGEST];
  unsigned char *data; /* owned */
} quern__array;

/* Returns the number of elements. The shape must be that of an existing array, so that it cannot
 * overflow. */
size_t quern__array_count(const quern__array *array);
void quern__array_free(quern__array *array);

/* Reads the whole stream as an .npy file. The caller frees *array, even if this fails. */
quern_status quern__npy_read(quern__stream *stream, quern__array *array);

/* Makes a data set of inputs x and targets y; y may be NULL. Takes over the data of x if it needs
 * no conversion. */
quern_status quern__arrays_dataset(const char *source, quern__array *x, const quern__array *y,
                                   const quern_dataset_options *options, quern_dataset **dataset);

/* --- Files of several arrays ------------------------------------------------------------------ */

/* Access to such a file. `self` is passed to the functions. */
typedef struct quern__archive {
  const char *path;
  void *self;
  bool (*has)(void *self, const char *name);
  /* The caller frees *array, even if this fails. */
  quern_status (*read)(void *self, const char *name, quern__array *array);
  quern_status (*list)(void *self, char **names); /* "x, y", for messages; the caller frees it */
} quern__archive;

/* Makes data sets of the arrays that the options name, or of those with the usual names. test may
 * be NULL. */
quern_status quern__archive_datasets(const quern__archive *archive,
                                     const quern_dataset_options *options, quern_dataset **train,
                                     quern_dataset **test);

#endif
