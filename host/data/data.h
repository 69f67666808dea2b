/* What the readers of data sets share. */
#ifndef QUERN_HOST_DATA_DATA_H
#define QUERN_HOST_DATA_DATA_H

#include "dataset.h"
#include "stream.h"

/* Rows, columns and classes are each dimensions of some op, or one past an int32_t label. */
#define QUERN__DIMENSION_LARGEST ((size_t)INT32_MAX)

/* An empty data set with a copy of `source`, for a reader to fill; scale 1. */
quern_status quern__dataset_new(const char *source, quern_dataset **dataset);
/* Sets classes from the labels, each of which is 0 … INT32_MAX - 1. */
void quern__dataset_count_classes(quern_dataset *dataset);

/* The IDX files in a folder. test may be NULL; *test is NULL where the folder has none. */
quern_status quern__idx_open_folder(const char *folder, quern_dataset **train, quern_dataset **test);
/* The images in one file and their labels in another; labels NULL: the file beside the images. */
quern_status quern__idx_read(const char *images, const char *labels, quern_dataset **dataset);
/* The path of the labels that belong to an images file; they are there. The caller frees *labels. */
quern_status quern__idx_labels_beside(const char *images, char **labels);

/* The rest of the stream as CSV. */
quern_status quern__csv_read(quern__stream *stream, const quern_dataset_options *options,
                             quern_dataset **dataset);

/* The embedded digits, split. test may be NULL. */
quern_status quern__digits_open(quern_dataset **train, quern_dataset **test);

#endif
