/* Data sets in host memory: samples as they are on disk, and what is to be predicted of each. */
#ifndef QUERN_DATASET_H
#define QUERN_DATASET_H

#include <quern/ops.h>
#include <quern/schema.h>

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

/* A value that is missing from a table: an empty field, "NA", "?" or "nan". */
typedef enum quern_missing {
  QUERN_MISSING_REFUSE, /* an error that names the place */
  QUERN_MISSING_MEAN,   /* the mean of its column over the data that quern_dataset_fit is given */
  QUERN_MISSING_ZERO
} quern_missing;

/* Columns of texts among the inputs of a table. A missing text is none of the categories. */
typedef enum quern_text {
  QUERN_TEXT_REFUSE, /* an error that names the place */
  QUERN_TEXT_ONE_HOT /* a value for each category, 1 for the sample's own and 0 for all others */
} quern_text;

/* How data are read. Start from quern_dataset_options_default(). Of tables, which are CSV and TSV
 * files, a column is named by what the header calls it or by its number, from 1 on; a list of them
 * has commas between. */
typedef struct quern_dataset_options {
  size_t size; /* sizeof(quern_dataset_options), so that the struct can grow */
  /* Of tables: QUERN_HEADER_AUTO takes the first line for a header when none of its fields is a
   * number. */
  quern_csv_header header;
  quern_csv_label label; /* of tables, where `target` is NULL: which column is the target */
  /* What is to be predicted, where it is not as usual: of tables the columns, "" for none; of .npz
   * and safetensors files the name of an array. NULL: as `label` says; the array "y", or "y_train"
   * beside "y_test". */
  const char *target;
  /* The inputs: of tables the columns, NULL for all that are no target; of arrays a name as
   * above. */
  const char *inputs;
  /* QUERN_TASK_NONE: tables have classes; of arrays a list of whole numbers has classes, a matrix
   * of them labels, and other numbers are a regression. */
  quern_task task;
  /* of tables: ',', ';', '\t' …; 0: by the first line, the first of comma, tab and semicolon that
   * is in it */
  char delimiter;
  quern_missing missing;
  quern_text text;
  /* Read and prepare the data as those that this is the schema of, or NULL. Columns are found by
   * name where there are names; there may be more of them, and the targets may be missing.
   * `inputs`, `target`, `task`, `missing` and `text` do not count then. */
  const quern_schema *schema;
  /* For a network that has so many outputs and no schema: labels that are numbers are class
   * numbers, 0 … classes - 1, and others are QUERN_ERROR_DATA. 0: the data say which classes there
   * are. Does not count where there is a schema. */
  size_t classes;
} quern_dataset_options;

static inline quern_dataset_options quern_dataset_options_default(void) {
  quern_dataset_options options;
  options.size = sizeof options;
  options.header = QUERN_HEADER_AUTO;
  options.label = QUERN_LABEL_LAST;
  options.target = NULL;
  options.inputs = NULL;
  options.task = QUERN_TASK_NONE;
  options.delimiter = 0;
  options.missing = QUERN_MISSING_REFUSE;
  options.text = QUERN_TEXT_REFUSE;
  options.schema = NULL;
  options.classes = 0;
  return options;
}

/* Opens what `where` names:
 *
 *   "digits"         1,797 handwritten digits of 8x8 pixels that are part of the library, split by
 *                    seed 0 (see below), one fifth held out as *test
 *   "fashion-mnist"  the folder datasets/fashion-mnist in XDG_DATA_HOME or one of XDG_DATA_DIRS: on
 *                    Debian that of the package dataset-fashion-mnist
 *   a folder         the IDX files in it by the names of MNIST: train-images-idx3-ubyte and
 *                    train-labels-idx1-ubyte as *train, t10k-… as *test where they exist
 *   a file           told apart by its first bytes:
 *     IDX            images; their labels are the file of the same name with "images-idx3" replaced
 *                    by "labels-idx1"
 *     NumPy .npy     samples in the rows of an array of any rank; targets in the file of the same
 *                    name with its last "x" that stands alone replaced by "y" ("x.npy",
 *                    "train-x.npy", "X_test.npy")
 *     NumPy .npz     arrays x and y; or x_train and y_train as *train, x_test and y_test as *test
 *     safetensors    tensors of those names
 *     CSV, TSV       a table; the name's ending .tsv or .tab means tabs. RFC 4180: a field in
 *                    quotes may hold delimiters, line ends, and quotes written twice
 *
 * *test is NULL where there is none. A folder or file called "digits" is reached as "./digits".
 * Each of them may be gzip'd; an .npz or safetensors file then goes through a temporary file
 * without a name. Arrays are little-endian, in C order, of floats, integers or booleans of any size
 * but half floats. Bytes stay bytes: pixels of IDX, and of arrays of bytes with three dimensions or
 * more, scale to 0 … 1 when they are gathered, digits by 1/16; other values are floats, taken as
 * they are. A class is a whole number of at most 2^53 or a text. Labels 0 … k-1, each of them
 * there, are the class numbers. Others are numbered in their order, texts in that of their bytes,
 * and quern_schema_class_name has them; so are those of a test set by the classes of the training
 * data, where a label that these lack is QUERN_ERROR_DATA. More than 20 classes that are more than
 * a tenth of the rows are refused unless `task` asks for classes: they are likely numbers to
 * predict.
 * Labels are 0 or 1. The caller owns *train and *test, two variables; test may be NULL when it is
 * not wanted. options may be NULL. Errors name the file, the place (byte, or line and column) and
 * what was expected. */
QUERN_API quern_status quern_dataset_open(const char *where, const quern_dataset_options *options,
                                          quern_dataset **train, quern_dataset **test);

/* *reads: whether opening `where` reads the file that is at `path`, under this or another name
 * (links are followed, and hard links known by device and inode), so that a program can refuse to
 * write there. False if there is no such file. Labels and targets that are read from a file beside
 * count. Fails where the data set's place cannot be found out. */
QUERN_API quern_status quern_dataset_reads(const char *where, const char *path, bool *reads);

/* Copies rows x columns floats and one class number (0, 1, 2 …) for each row. NaN and infinity are
 * refused. */
QUERN_API quern_status quern_dataset_from_floats(const float *values, const int32_t *labels,
                                                 size_t rows, size_t columns,
                                                 quern_dataset **dataset);

/* Copies rows x columns floats and, for each row, `target_count` floats: numbers of
 * QUERN_TASK_REGRESSION, or 0 and 1 of QUERN_TASK_LABELS. With QUERN_TASK_NONE targets is NULL and
 * target_count 0. NaN and infinity are refused. */
QUERN_API quern_status quern_dataset_from_targets(const float *values, const float *targets,
                                                  quern_task task, size_t rows, size_t columns,
                                                  size_t target_count, quern_dataset **dataset);

/* Deals the rows into two new sets by a shuffle seeded with `seed`: round(rows · fraction) of them,
 * at least one, into *held_out, the rest, at least one, into *rest. 0 < fraction < 1. The same seed
 * gives the same split everywhere. The results are two variables, and neither is the one that holds
 * `dataset`, which stays the caller's to free. */
QUERN_API quern_status quern_dataset_split(const quern_dataset *dataset, double fraction,
                                           uint64_t seed, quern_dataset **rest,
                                           quern_dataset **held_out);

/* Learns from these samples, the ones that are trained on, what prepares any others, notes it in
 * the schema, and prepares them:
 *
 *   a missing value of QUERN_MISSING_MEAN   m, the mean of what its column has; 0 where it has
 *                                           nothing
 *   with `standardize`, each value v        (v - μ) / σ   with μ the mean of its column and
 *                                           σ² = 1/n Σ (v - μ)², missing values filled before;
 *                                           σ is 1 where a column is constant, so that it becomes 0
 *   and each target of a regression         the same
 *
 * All in double, rounded once. Bytes become floats then, four times as large. A set that has a
 * schema with such numbers is QUERN_ERROR_ARGUMENT. */
QUERN_API quern_status quern_dataset_fit(quern_dataset *dataset, bool standardize);

/* Prepares a set in the way of another, whose schema this is: such as the test set in that of the
 * training set. They must have as many columns, and this one must not be prepared. Labels are
 * numbered by the classes of the schema; QUERN_ERROR_DATA: it lacks one of them. Those of
 * quern_dataset_from_floats are class numbers, and stay. */
QUERN_API quern_status quern_dataset_apply(quern_dataset *dataset, const quern_schema *schema);

QUERN_API void quern_dataset_free(quern_dataset *dataset);

QUERN_API size_t quern_dataset_rows(const quern_dataset *dataset);
QUERN_API size_t quern_dataset_columns(const quern_dataset *dataset);
/* Never NULL. Owned by the data set. */
QUERN_API const quern_schema *quern_dataset_schema(const quern_dataset *dataset);
QUERN_API quern_task quern_dataset_task(const quern_dataset *dataset);
/* How many outputs a network for it has: classes, of which there are one more than the largest
 * class number, unless a split or a schema knows of more; labels; numbers; 0 where there is no
 * task. */
QUERN_API size_t quern_dataset_outputs(const quern_dataset *dataset);
/* The same for classes, and 0 for other tasks. */
QUERN_API size_t quern_dataset_classes(const quern_dataset *dataset);
/* Height and width of the samples as images; false where columns are no image. */
QUERN_API bool quern_dataset_image_size(const quern_dataset *dataset, size_t *height,
                                        size_t *width);
/* The class number of a row, -1 for other tasks than classes; the values of a row, scaled and
 * prepared, `columns` floats. row must be less than the count. */
QUERN_API int32_t quern_dataset_label(const quern_dataset *dataset, size_t row);
QUERN_API void quern_dataset_values(const quern_dataset *dataset, size_t row, float *values);
/* The targets of a row, `outputs` floats, in the units of the data, also where they are trained on
 * standardized. For labels and regression alone. */
QUERN_API void quern_dataset_targets(const quern_dataset *dataset, size_t row, float *targets);
/* Where it came from: a path, "digits", or "memory". Owned by the data set. */
QUERN_API const char *quern_dataset_source(const quern_dataset *dataset);

#ifdef __cplusplus
}
#endif
#endif
