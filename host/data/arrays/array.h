/* Arrays of numbers in files, and data sets made of them. */
#ifndef QUERN_HOST_DATA_ARRAYS_ARRAY_H
#define QUERN_HOST_DATA_ARRAYS_ARRAY_H

#include "../data.h"

enum { QUERN__ARRAY_RANK_LARGEST = 32 }; /* NumPy's limit */

typedef enum quern__number {
  QUERN__BOOL,
  QUERN__UNSIGNED,
  QUERN__SIGNED,
  QUERN__FLOAT,
  QUERN__BRAIN_FLOAT, /* the upper half of a float of 4 bytes */
  QUERN__LATIN,       /* a text of single bytes, ended by a zero if it is shorter */
  QUERN__UNICODE      /* the same of code points, of four bytes each */
} quern__number;

/* Row-major, little-endian. */
typedef struct quern__array {
  char *name; /* for messages: the file, and the array's name in it; owned */
  quern__number number;
  size_t bytes; /* per element: 1, 2, 4 or 8; for floats not 1; for texts any */
  size_t rank;
  size_t shape[QUERN__ARRAY_RANK_LARGEST];
  unsigned char *data; /* owned */
} quern__array;

/* Returns the number of elements. The shape must be that of an existing array, so that it cannot
 * overflow. */
size_t quern__array_count(const quern__array *array);
void quern__array_free(quern__array *array);

/* Reverses the bytes of each unit of the elements, to little-endian. */
void quern__array_swap_bytes(quern__array *array, size_t unit);
/* Converts from column-major order, Fortran's, to row-major. */
quern_status quern__array_from_columns(quern__array *array);

static inline bool quern__array_is_text(const quern__array *array) {
  return array->number == QUERN__LATIN || array->number == QUERN__UNICODE;
}

/* Sets the class labels of texts: the classes of options->schema, or else all texts in the order of
 * their bytes in UTF-8. */
quern_status quern__array_text_labels(const quern__array *array, quern_dataset *result,
                                      const quern_dataset_options *options);

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
