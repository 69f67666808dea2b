/* The definition of a data set, for its readers and the trainer. */
#ifndef QUERN_HOST_DATA_DATASET_H
#define QUERN_HOST_DATA_DATASET_H

#include <quern/dataset.h>
#include <quern/types.h>
#include <stdatomic.h>

struct quern_dataset {
  char *source;          /* owned */
  quern_element element; /* of `values` */
  void *values;          /* [rows][columns], owned */
  /* The schema's task decides: labels for classes; targets for labels and regression; else
   * neither. */
  int32_t *labels;         /* [rows], each 0 … outputs-1, owned */
  float *targets;          /* [rows][outputs], owned */
  bool labels_are_classes; /* the labels were given as class numbers, whatever the classes' names */
  size_t rows, columns;
  quern_schema *schema; /* owned; describes these columns */
  /* values may be NaN, each a missing value that has not been filled yet */
  bool has_missing;
  bool without_index;   /* a first column that counts the rows was left out */
  size_t height, width; /* 0, 0 if samples are not images */
  float scale, offset;  /* a value is fma(element, scale, offset) */
  /* References besides the owner's: trainers that stream the data, and running trainings. Nothing
   * may change while there are any. The last reference frees the data set. */
  atomic_size_t readers;
};

/* Acquire or release a reference. Both accept NULL. */
const quern_dataset *quern__dataset_hold(const quern_dataset *dataset);
void quern__dataset_release(const quern_dataset *dataset);

/* QUERN_ERROR_BUSY if the data set has readers and must not change. `what` names the operation. */
quern_status quern__dataset_check_idle(const char *what, const quern_dataset *dataset);

static inline size_t quern__element_bytes(quern_element element) {
  return element == QUERN_ELEMENT_UINT8 ? 1 : sizeof(float);
}

#endif
