/* Arrays of numbers as files hold them, and the data sets that two of them make. */
#ifndef QUERN_HOST_DATA_ARRAYS_ARRAY_H
#define QUERN_HOST_DATA_ARRAYS_ARRAY_H

#include "../data.h"

enum { QUERN__ARRAY_RANK_LARGEST = 32 }; /* NumPy's own */

typedef enum quern__number {
  QUERN__BOOL,
  QUERN__UNSIGNED,
  QUERN__SIGNED,
  QUERN__FLOAT
} quern__number;

/* Row major, little-endian. */
typedef struct quern__array {
  char *name; /* for messages: the file, and what it is called in it; owned */
  quern__number number;
  size_t bytes; /* of an element: 1, 2, 4 or 8; of floats 4 or 8 */
  size_t rank;
  size_t shape[QUERN__ARRAY_RANK_LARGEST];
  unsigned char *data; /* owned */
} quern__array;

/* Elements, once the shape is known to be one of an array that exists. */
size_t quern__array_count(const quern__array *array);
void quern__array_free(quern__array *array);

/* The stream as an .npy file, whole. The caller frees *array, whatever this returns. */
quern_status quern__npy_read(quern__stream *stream, quern__array *array);

/* Samples, and what is to be predicted of them or NULL, as a data set. It takes over the data of x
 * where they stay as they are. */
quern_status quern__arrays_dataset(const char *source, quern__array *x, const quern__array *y,
                                   const quern_dataset_options *options, quern_dataset **dataset);

/* --- Files of several arrays
 * ---------------------------------------------------------------------------- */

/* What such a file can be asked. `self` is the reader's. */
typedef struct quern__archive {
  const char *path;
  void *self;
  bool (*has)(void *self, const char *name);
  /* The caller frees *array, whatever this returns. */
  quern_status (*read)(void *self, const char *name, quern__array *array);
  quern_status (*list)(void *self, char **names); /* "x, y", for messages; the caller frees it */
} quern__archive;

/* The data sets of those arrays that the options name, or of the usual names. test may be NULL. */
quern_status quern__archive_datasets(const quern__archive *archive,
                                     const quern_dataset_options *options, quern_dataset **train,
                                     quern_dataset **test);

#endif
