/* Decides, by the memory available, whether data sets are resident on the device or streamed from
 * the host in chunks. */
#ifndef QUERN_HOST_TRAIN_DATA_RESIDENCY_H
#define QUERN_HOST_TRAIN_DATA_RESIDENCY_H

#include "../../base/checked.h"
#include <quern/dataset.h>
#include <stdbool.h>

/* Bytes of a sample on the device, without its entry in the order. */
typedef struct quern__sample_size {
  size_t columns, element; /* number of values, bytes of one */
  size_t label;            /* bytes of the label or targets; 0 if they stay on the host */
} quern__sample_size;

quern__sample_size quern__sample_size_of(const quern_dataset *dataset, bool learns);

/* Bytes from the first value of a chunk to the labels or targets: whole cache lines. */
size_t quern__values_padded(size_t value_bytes);

/* Computes the bytes of a chunk of `rows` samples; false on overflow. */
QUERN__CHECKED bool quern__chunk_bytes(const quern__sample_size *size, size_t rows, size_t *bytes);

typedef struct quern__residency {
  size_t chunk_rows; /* samples that a chunk has room for; 0: resident */
  /* positions of a pass per chunk, including samples of other ranks */
  size_t chunk_span;
} quern__residency;

typedef struct quern__residency_request {
  quern__sample_size size;
  size_t rows; /* samples to store if resident; 0: no data set */
  /* A unit is the samples that are used together, and so must be in one chunk. Samples of this rank
   * in a unit, positions of a unit including other ranks' samples, units per pass. */
  size_t unit, span, units;
  quern__residency residency;
  size_t bytes; /* bytes on the device, order included */
} quern__residency_request;

typedef struct quern__data_limits {
  size_t bytes;      /* for all data sets */
  size_t allocation; /* largest size of a buffer; 0: no limit */
  bool strict;       /* too little memory is an error; otherwise the smallest chunks are used */
} quern__data_limits;

/* Places training and test data: resident if both fit. Otherwise the smaller is resident if that
 * leaves half of the memory, and the rest is streamed in chunks no longer than efficiency needs. */
quern_status quern__place(const quern__data_limits *limits, quern__residency_request *train,
                          quern__residency_request *test);

/* Places data that is read once: streamed, unless one chunk holds all of it. */
quern__residency quern__residency_once(const quern_dataset *dataset, bool learns, size_t allocation,
                                       size_t batch);

#endif
