/* The inside of a data set, shared by its readers and by the trainer that uploads it. */
#ifndef QUERN_HOST_DATA_DATASET_H
#define QUERN_HOST_DATA_DATASET_H

#include <quern/dataset.h>
#include <quern/types.h>
#include <stdatomic.h>

struct quern_dataset {
  char *source;          /* owned */
  quern_element element; /* of `values` */
  void *values;          /* [rows][columns], owned */
  /* By the schema's task: labels for classes, targets for labels and regression, neither for none.
   */
  int32_t *labels;         /* [rows], each 0 … outputs-1, owned */
  float *targets;          /* [rows][outputs], owned */
  bool labels_are_classes; /* they were given as class numbers, whatever the classes are called */
  size_t rows, columns;
  quern_schema *schema; /* owned; its columns are these columns */
  /* there may be NaN among the values, each a missing one that nothing stands in for yet */
  bool has_missing;
  size_t height, width; /* 0, 0 where a sample is no image */
  float scale, offset;  /* a value is fma(element, scale, offset) */
  /* Beside its owner, trainers that stream it and trainings under way: the last of all of them
   * frees it, and while there are any it stays as it is. */
  atomic_size_t readers;
};

/* One more or one less reader; both take NULL. */
const quern_dataset *quern__dataset_hold(const quern_dataset *dataset);
void quern__dataset_release(const quern_dataset *dataset);

/* QUERN_ERROR_BUSY, where it has readers and so may not be changed. */
quern_status quern__dataset_check_idle(const char *what, const quern_dataset *dataset);

/* Bytes of one element. */
static inline size_t quern__element_bytes(quern_element element) {
  return element == QUERN_ELEMENT_UINT8 ? 1 : sizeof(float);
}

#endif
