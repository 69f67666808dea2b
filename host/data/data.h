/* What the readers of data sets share. */
#ifndef QUERN_HOST_DATA_DATA_H
#define QUERN_HOST_DATA_DATA_H

#include "dataset.h"
#include "schema.h"
#include "stream/stream.h"

/* Rows, columns and classes are each dimensions of some op, or one past an int32_t label. */
#define QUERN__DIMENSION_LARGEST ((size_t)INT32_MAX)

/* An empty data set with a copy of `source`, for a reader to fill; scale 1, a schema without a
 * task. */
quern_status quern__dataset_new(const char *source, quern_dataset **dataset);
/* Once rows, columns and labels (each 0 … INT32_MAX - 1) are set: makes the schema that of classes.
 */
void quern__dataset_set_classes(quern_dataset *dataset);
/* Once rows, columns and targets are set. */
void quern__dataset_set_targets(quern_dataset *dataset, quern_task task, size_t count);
/* The elements as floats, scaled, in place of bytes. */
quern_status quern__dataset_widen(quern_dataset *dataset);

/* "data set options" over the defaults, checked, for callers built against a shorter struct. */
quern_status quern__dataset_options_read(const quern_dataset_options *given,
                                         quern_dataset_options *options);

/* The folder of a data set that is known by its name; *path, the caller's to free, is NULL for
 * other names. */
quern_status quern__named_folder(const char *name, char **path);

/* The IDX files in a folder. test may be NULL; *test is NULL where the folder has none. */
quern_status quern__idx_open_folder(const char *folder, const quern_dataset_options *options,
                                    quern_dataset **train, quern_dataset **test);
/* The files that quern__idx_open_folder reads: *path, the caller's to free, is the index-th of
 * them, and NULL if it is not there. */
enum { QUERN__IDX_FOLDER_FILES = 4 };
quern_status quern__idx_in_folder(const char *folder, size_t index, char **path);
/* The images in one file and their labels in another; labels NULL: the file beside the images. */
quern_status quern__idx_read(const char *images, const char *labels,
                             const quern_dataset_options *options, quern_dataset **dataset);
/* The path of the labels that belong to an images file; they are there. The caller frees *labels.
 */
quern_status quern__idx_labels_beside(const char *images, char **labels);

/* The rest of the stream as a table. */
quern_status quern__csv_read(quern__stream *stream, const quern_dataset_options *options,
                             quern_dataset **dataset);

/* An .npy file, whose first bytes the stream has read ahead, with that of its targets where it
 * exists. */
quern_status quern__npy_open(quern__stream *stream, const quern_dataset_options *options,
                             quern_dataset **dataset);
/* The path of that file, the caller's to free; *beside is NULL if the name of `path` has no such
 * companion. */
quern_status quern__npy_targets_beside(const char *path, char **beside);
/* test may be NULL. */
quern_status quern__npz_open(quern__stream *stream, const quern_dataset_options *options,
                             quern_dataset **train, quern_dataset **test);
quern_status quern__tensors_open(quern__stream *stream, const quern_dataset_options *options,
                                 quern_dataset **train, quern_dataset **test);

/* The embedded digits, split. test may be NULL. */
quern_status quern__digits_open(quern_dataset **train, quern_dataset **test);

#endif
