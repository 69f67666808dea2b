/* Data sets in host memory: samples as they are on disk, and a class for each. */
#ifndef QUERN_DATASET_H
#define QUERN_DATASET_H

#include <quern/ops.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct quern_dataset quern_dataset;

typedef enum quern_csv_header { QUERN_HEADER_AUTO, QUERN_HEADER_NONE, QUERN_HEADER_ONE } quern_csv_header;
typedef enum quern_csv_label { QUERN_LABEL_LAST, QUERN_LABEL_FIRST } quern_csv_label;

/* How a file is read. Start from QUERN_DATASET_OPTIONS_INIT. Only CSV files have anything to choose.
 * QUERN_HEADER_AUTO takes the first line for a header when none of its fields is a number. */
typedef struct quern_dataset_options {
  size_t size; /* sizeof(quern_dataset_options), so that the struct can grow */
  quern_csv_header header;
  quern_csv_label label;
} quern_dataset_options;

#define QUERN_DATASET_OPTIONS_INIT                                                                           \
  { sizeof(quern_dataset_options), QUERN_HEADER_AUTO, QUERN_LABEL_LAST }

/* Opens what `where` names:
 *   "digits"     1,797 handwritten digits of 8x8 pixels that are part of the library, split by seed 0 (see
 * below), one fifth held out as *test a folder     the IDX files in it, plain or .gz, by the names of MNIST:
 * train-images-idx3-ubyte and train-labels-idx1-ubyte as *train; t10k-… as *test where they exist a file IDX
 * images (their labels are the file of the same name with "images-idx3" replaced by "labels-idx1") or CSV,
 * told apart by their first bytes; *test is NULL A folder or file called "digits" is reached as "./digits".
 * Bytes stay bytes: IDX pixels scale to 0 … 1 when they are gathered, digits by 1/16; CSV values are floats,
 * taken as they are. The caller owns *train and *test; test may be NULL when it is not wanted. options may be
 * NULL. Errors name the file, the place (byte or line) and what was expected. */
QUERN_API quern_status quern_dataset_open(const char *where, const quern_dataset_options *options,
                                          quern_dataset **train, quern_dataset **test);

/* Copies rows x columns floats and one class label (0, 1, 2 …) for each row. NaN and infinity are refused. */
QUERN_API quern_status quern_dataset_from_floats(const float *values, const int32_t *labels, size_t rows,
                                                 size_t columns, quern_dataset **dataset);

/* Deals the rows into two new sets by a shuffle seeded with `seed`: round(rows · fraction) of them, at least
 * one, into *held_out, the rest, at least one, into *rest. 0 < fraction < 1. The same seed gives the same
 * split everywhere. */
QUERN_API quern_status quern_dataset_split(const quern_dataset *dataset, double fraction, uint64_t seed,
                                           quern_dataset **rest, quern_dataset **held_out);

QUERN_API void quern_dataset_free(quern_dataset *dataset);

QUERN_API size_t quern_dataset_rows(const quern_dataset *dataset);
QUERN_API size_t quern_dataset_columns(const quern_dataset *dataset);
/* One more than the largest label; the parts of a split keep the count of the whole. */
QUERN_API size_t quern_dataset_classes(const quern_dataset *dataset);
/* Height and width of the samples as images; false where columns are no image. */
QUERN_API bool quern_dataset_image_size(const quern_dataset *dataset, size_t *height, size_t *width);
/* The label of a row; the scaled values of a row, `columns` floats. row must be less than the count. */
QUERN_API int32_t quern_dataset_label(const quern_dataset *dataset, size_t row);
QUERN_API void quern_dataset_values(const quern_dataset *dataset, size_t row, float *values);
/* Where it came from: a path, "digits", or "memory". Owned by the data set. */
QUERN_API const char *quern_dataset_source(const quern_dataset *dataset);

#ifdef __cplusplus
}
#endif
#endif
