/* Data sets in host memory: samples as stored on disk, and their targets. */
#ifndef QUERN_DATASET_H
#define QUERN_DATASET_H

#include <quern/schema.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct quern_dataset quern_dataset;

typedef enum quern_csv_header {
  QUERN_HEADER_AUTO,
  QUERN_HEADER_NONE,
  QUERN_HEADER_ONE
} quern_csv_header;
typedef enum quern_csv_label { QUERN_LABEL_LAST, QUERN_LABEL_FIRST } quern_csv_label;

/* How to read a missing value in a table: an empty field, "?", "None", or, in upper or lower case,
 * "nan", "NA", "N/A", "#N/A", "<NA>" or "null"; or one of options.missing_values. */
typedef enum quern_missing {
  QUERN_MISSING_REFUSE, /* an error that names the place */
  QUERN_MISSING_MEAN,   /* its column's mean over the data passed to quern_dataset_fit */
  QUERN_MISSING_ZERO
} quern_missing;

/* How to read input columns of text in a table. A missing text belongs to no category. */
typedef enum quern_text {
  QUERN_TEXT_REFUSE, /* an error that names the place */
  QUERN_TEXT_ONE_HOT /* one value per category, 1 for the sample's own and 0 for the others */
} quern_text;

/* Options for reading data, grouped by subject. Start from quern_dataset_options_default(). Tables
 * are CSV and TSV files. A table's column is named by its header or by its number, from 1; lists
 * are separated by commas. Strings and the schema are borrowed during the call. */
typedef struct quern_dataset_options {
  size_t size; /* sizeof(quern_dataset_options), so that the struct can grow */

  /* --- What to predict, and from what --- */
  /* QUERN_TASK_NONE: tables have classes; in arrays, a vector of whole numbers means classes, a
   * matrix of them labels, and other numbers a regression. */
  quern_task task;
  /* The target. Tables: columns, "" for none, NULL for the one that `label` selects. .npz and
   * safetensors: the name of an array, NULL for "y", or "y_train" and "y_test". */
  const char *target;
  quern_csv_label label; /* tables: the target column if `target` is NULL */
  /* The inputs. Tables: columns, NULL for all that are not targets. Arrays: a name as above. */
  const char *inputs;

  /* --- Tables --- */
  /* QUERN_HEADER_AUTO treats the first line as a header if none of its fields is a number. A first
   * line of numbers and texts with a number below a text is an error: it may be either. */
  quern_csv_header header;
  /* ',', ';', '\t' …; 0: whichever of comma, tab and semicolon, in this order, is found first in
   * the first line */
  char delimiter;
  quern_missing missing;
  quern_text text;

  /* --- Data for a network that exists --- */
  /* If not NULL, read and prepare the data by this schema. Columns are found by name if they have
   * names; extra columns are allowed, and the targets may be missing. `task`, `target`, `inputs`,
   * `missing` and `text` are then ignored. */
  const quern_schema *schema;
  /* For a network with this many outputs and no schema: numeric labels are class numbers 0 …
   * classes - 1, others are QUERN_ERROR_DATA. 0: the data determine the classes. Ignored if there
   * is a schema. */
  size_t classes;

  /* --- Tables, continued --- */
  /* Columns that are neither inputs nor targets; NULL for none. If `inputs` and `exclude` are NULL,
   * a first column without a name that counts the rows from 0 or 1 is excluded. */
  const char *exclude;
  const char *missing_values; /* more texts of missing values, separated by commas; NULL for none */
  char decimal;               /* the decimal mark, '.' or ','; 0: '.' */
} quern_dataset_options;

/* Returns the defaults: all as the data suggest, and no value missing or text among the inputs. */
static inline quern_dataset_options quern_dataset_options_default(void) {
  quern_dataset_options options;
  options.size = sizeof options;
  options.task = QUERN_TASK_NONE;
  options.target = NULL;
  options.label = QUERN_LABEL_LAST;
  options.inputs = NULL;
  options.header = QUERN_HEADER_AUTO;
  options.delimiter = 0;
  options.missing = QUERN_MISSING_REFUSE;
  options.text = QUERN_TEXT_REFUSE;
  options.schema = NULL;
  options.classes = 0;
  options.exclude = NULL;
  options.missing_values = NULL;
  options.decimal = 0;
  return options;
}

/* Opens the data set that `where` names:
 *
 *   "digits"         1,797 handwritten digits of 8x8 pixels, part of the library; a
 *                    fixed fifth of them is *test
 *   "fashion-mnist"  the folder datasets/fashion-mnist in XDG_DATA_HOME or one of XDG_DATA_DIRS;
 *                    on Debian, from the package dataset-fashion-mnist
 *   a folder         its IDX files with MNIST's names: train-images-idx3-ubyte and
 *                    train-labels-idx1-ubyte as *train, t10k-… as *test if present
 *   a file           recognized by its first bytes:
 *     IDX            images; labels from the file of the same name with "images-idx3" replaced by
 *                    "labels-idx1"
 *     NumPy .npy     samples in the rows of an array of any rank; targets from the file of the
 *                    same name with its last standalone "x" replaced by "y" ("x.npy",
 *                    "train-x.npy", "X_test.npy")
 *     NumPy .npz     arrays x and y; or x_train and y_train as *train, x_test and y_test as *test
 *     safetensors    tensors of those names
 *     CSV, TSV       a table; the extension .tsv or .tab means tabs. RFC 4180: a quoted field may
 *                    contain delimiters, line ends, and doubled quotes
 *
 * A folder or file called "digits" is opened as "./digits". Each file may be gzip'd; an .npz or
 * safetensors file is then unpacked to an unnamed temporary file. Arrays are of floats, integers
 * or booleans of any size and byte order, in C or Fortran order; targets may be texts, which are
 * classes.
 *
 * Bytes stay bytes: pixels in IDX files, and in byte arrays of at least three dimensions, are
 * scaled to 0 … 1 when gathered; "digits" by 1/16. Other values become floats, unscaled.
 *
 * A class is a whole number of magnitude at most 2^53, or a text. Labels 0 … k-1, all present, are
 * the class numbers. Other labels are numbered in ascending order, texts in byte order;
 * quern_schema_class_name returns them. A test set uses the training data's classes; any other
 * label is QUERN_ERROR_DATA. More than 20 classes that exceed a tenth of the rows are an error, as
 * probably numbers to predict, unless `task` is QUERN_TASK_CLASSES. For QUERN_TASK_LABELS, labels
 * are 0 or 1.
 *
 * *test is NULL if there is none; pass NULL for test if it is not needed. options may be NULL. The
 * caller owns *train and *test, two variables. Errors name the file, the place (byte, or line and
 * column) and what was expected. */
QUERN_API quern_status quern_dataset_open(const char *where, const quern_dataset_options *options,
                                          quern_dataset **train, quern_dataset **test);

/* Sets *reads to whether opening `where` reads the file at `path`, so that a program can refuse to
 * overwrite it. Includes accompanying label and target files, and other names of the same file:
 * links are followed, hard links compared by device and inode. False if there is no file at `path`.
 * An error if the data set's location cannot be determined. */
QUERN_API quern_status quern_dataset_reads(const char *where, const char *path, bool *reads);

/* Copies rows x columns floats and one class number (0, 1, 2 …) per row. The caller owns *dataset.
 * NaN and infinity are errors. */
QUERN_API quern_status quern_dataset_from_floats(const float *values, const int32_t *labels,
                                                 size_t rows, size_t columns,
                                                 quern_dataset **dataset);

/* Copies rows x columns floats and `target_count` floats per row: numbers for
 * QUERN_TASK_REGRESSION, 0 and 1 for QUERN_TASK_LABELS. For QUERN_TASK_NONE, targets is NULL and
 * target_count 0. The caller owns *dataset. NaN and infinity are errors. */
QUERN_API quern_status quern_dataset_from_targets(const float *values, const float *targets,
                                                  quern_task task, size_t rows, size_t columns,
                                                  size_t target_count, quern_dataset **dataset);

/* Splits the rows into two new sets by a shuffle with `seed`: round(rows · fraction) into
 * *held_out, the others into *rest, at least one each. 0 < fraction < 1. Each class is split in
 * this proportion, to within a row; if it has two rows or more, both sets have at least one of
 * them, which may change their sizes. The same seed gives the same split on every machine. The
 * results need two variables, neither of them the one that holds `dataset`. The caller still owns
 * `dataset`. */
QUERN_API quern_status quern_dataset_split(const quern_dataset *dataset, double fraction,
                                           uint64_t seed, quern_dataset **rest,
                                           quern_dataset **held_out);

/* Computes from these samples, the training set, how to prepare data, records it in the schema, and
 * prepares them:
 *
 *   a missing value with QUERN_MISSING_MEAN  m, the mean of the values present in its column; 0 if
 *                                            there are none
 *   with `standardize`, each value v         (v - μ) / σ   with μ the mean of its column and
 *                                            σ² = 1/n Σ (v - μ)², after filling missing values;
 *                                            σ is 1 if the column is constant, which becomes 0
 *   and each regression target               the same
 *
 * All in double, rounded once. Bytes become floats, four times as large. QUERN_ERROR_ARGUMENT if
 * the set is standardized already. */
QUERN_API quern_status quern_dataset_fit(quern_dataset *dataset, bool standardize);

/* Prepares a set with another's schema, such as the test set with that of the training set. Both
 * must have the same number of columns, and this set must not be prepared yet. Labels are numbered
 * by the schema's classes; those from quern_dataset_from_floats are class numbers and stay
 * unchanged. QUERN_ERROR_DATA if the schema lacks a label. */
QUERN_API quern_status quern_dataset_apply(quern_dataset *dataset, const quern_schema *schema);

/* Returns a note on what the reader decided, such as a column that it left out; "" if there is
 * none. Static. */
QUERN_API const char *quern_dataset_note(const quern_dataset *dataset);

/* Frees a data set. A training that streams it keeps what it needs. NULL is accepted. */
QUERN_API void quern_dataset_free(quern_dataset *dataset);

/* Return the numbers of samples and of values per sample. */
QUERN_API size_t quern_dataset_rows(const quern_dataset *dataset);
QUERN_API size_t quern_dataset_columns(const quern_dataset *dataset);

/* Returns the schema; never NULL. Owned by the data set. */
QUERN_API const quern_schema *quern_dataset_schema(const quern_dataset *dataset);

/* Returns the schema's task. */
QUERN_API quern_task quern_dataset_task(const quern_dataset *dataset);

/* Returns how many outputs a network for this set needs: classes, labels or numbers; 0 without a
 * task. Classes are one more than the largest class number, or more if a split or a schema has
 * more. */
QUERN_API size_t quern_dataset_outputs(const quern_dataset *dataset);

/* Returns the number of classes; 0 for other tasks. */
QUERN_API size_t quern_dataset_classes(const quern_dataset *dataset);

/* Gets the height and width of the samples as images. Returns false if they are not images. */
QUERN_API bool quern_dataset_image_size(const quern_dataset *dataset, size_t *height,
                                        size_t *width);

/* Returns a row's class number; -1 for tasks other than classes. row must be less than the row
 * count. */
QUERN_API int32_t quern_dataset_label(const quern_dataset *dataset, size_t row);

/* Gets a row's values as training sees them, scaled and prepared: `columns` floats. row must be
 * less than the row count. */
QUERN_API void quern_dataset_values(const quern_dataset *dataset, size_t row, float *values);

/* Gets a row's targets, `outputs` floats, in the units of the data even if standardized for
 * training. For labels and regression only. row must be less than the row count. */
QUERN_API void quern_dataset_targets(const quern_dataset *dataset, size_t row, float *targets);

/* Returns the source: a path, "digits", or "memory". Owned by the data set. */
QUERN_API const char *quern_dataset_source(const quern_dataset *dataset);

#ifdef __cplusplus
}
#endif
#endif
