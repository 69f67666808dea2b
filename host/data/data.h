/* Declarations shared by the readers of data sets. */
#ifndef QUERN_HOST_DATA_DATA_H
#define QUERN_HOST_DATA_DATA_H

#include "dataset.h"
#include "schema.h"
#include "stream/stream.h"

/* The limit on rows, columns and classes: all are dimensions of ops, and labels fit an int32_t. */
#define QUERN__DIMENSION_LARGEST ((size_t)INT32_MAX)

/* Creates an empty data set for a reader to fill: scale 1, and a schema without a task. */
quern_status quern__dataset_new(const char *source, quern_dataset **dataset);
/* Makes the schema one of classes. Rows, columns and labels (each 0 … INT32_MAX - 1) must be
 * set. */
void quern__dataset_set_classes(quern_dataset *dataset);
/* Sets the schema's task and outputs. Rows, columns and targets must be set. */
void quern__dataset_set_targets(quern_dataset *dataset, quern_task task, size_t count);
/* Replaces byte elements by scaled floats. */
quern_status quern__dataset_widen(quern_dataset *dataset);

/* Copies "data set options" over the defaults and checks them. Callers built against an older
 * version pass a shorter struct. */
quern_status quern__dataset_options_read(const quern_dataset_options *given,
                                         quern_dataset_options *options);

/* Finds the folder of a well-known data set; *path is NULL for other names. The caller frees it. */
quern_status quern__named_folder(const char *name, char **path);

/* Reads the IDX files in a folder. test may be NULL; *test is NULL if the folder has no test
 * set. */
quern_status quern__idx_open_folder(const char *folder, const quern_dataset_options *options,
                                    quern_dataset **train, quern_dataset **test);
/* Returns the path of the index-th file that quern__idx_open_folder reads; *path is NULL if it is
 * missing. The caller frees it. */
enum { QUERN__IDX_FOLDER_FILES = 4 };
quern_status quern__idx_in_folder(const char *folder, size_t index, char **path);
/* Reads images and their labels. If labels is NULL, the file next to the images is used. */
quern_status quern__idx_read(const char *images, const char *labels,
                             const quern_dataset_options *options, quern_dataset **dataset);
/* Returns the path of the labels that belong to an images file; fails if they are missing. The
 * caller frees *labels. */
quern_status quern__idx_labels_beside(const char *images, char **labels);

/* Reads the rest of the stream as a table. */
quern_status quern__csv_read(quern__stream *stream, const quern_dataset_options *options,
                             quern_dataset **dataset);

/* Reads an .npy file, whose first bytes the stream has buffered, and its targets' file if that
 * exists. */
quern_status quern__npy_open(quern__stream *stream, const quern_dataset_options *options,
                             quern_dataset **dataset);
/* Returns the path of the targets' file; *beside is NULL if the name of `path` has no counterpart.
 * The caller frees it. */
quern_status quern__npy_targets_beside(const char *path, char **beside);
/* test may be NULL. */
quern_status quern__npz_open(quern__stream *stream, const quern_dataset_options *options,
                             quern_dataset **train, quern_dataset **test);
quern_status quern__tensors_open(quern__stream *stream, const quern_dataset_options *options,
                                 quern_dataset **train, quern_dataset **test);

/* As quern_dataset_split; if `by_class` is unset, without regard to classes. */
quern_status quern__dataset_split(const quern_dataset *dataset, double fraction, uint64_t seed,
                                  bool by_class, quern_dataset **rest, quern_dataset **held_out);

/* Reads the embedded digits, split in two. test may be NULL. */
quern_status quern__digits_open(quern_dataset **train, quern_dataset **test);

#endif
