/* Where data sets lie, by what they may take of the device: whole on it, or on the host, to come in
 * chunks. */
#ifndef QUERN_HOST_TRAIN_DATA_RESIDENCY_H
#define QUERN_HOST_TRAIN_DATA_RESIDENCY_H

#include "../../base/checked.h"
#include <quern/dataset.h>
#include <stdbool.h>

/* What a sample takes on the device, in bytes, without its place in the order. */
typedef struct quern__sample_size {
  size_t columns, element; /* values, and bytes of one */
  size_t label;            /* what is to be predicted; 0: it stays on the host */
} quern__sample_size;

quern__sample_size quern__sample_size_of(const quern_dataset *dataset, bool learns);

/* Bytes from the first value of a chunk to what is to be predicted: whole cache lines. */
size_t quern__values_room(size_t value_bytes);

/* Bytes of a chunk of so many samples; false where they overflow. */
QUERN__CHECKED bool quern__chunk_bytes(const quern__sample_size *size, size_t rows, size_t *bytes);

typedef struct quern__residency {
  size_t chunk_rows; /* samples that a chunk has room for; 0: resident */
  /* samples of a pass that it reaches over, with those of them that are other ranks' */
  size_t chunk_span;
} quern__residency;

/* A data set to be placed. */
typedef struct quern__residency_request {
  quern__sample_size size;
  size_t rows; /* that are kept where they are resident; 0: there is none */
  /* Of samples that are used together, and so come in one chunk: how many they are at most, with
   * other ranks' between them, and how often they come in a pass. */
  size_t unit, span, units;
  quern__residency placement;
  size_t bytes; /* that it takes on the device so, its order included */
} quern__residency_request;

/* What there is to place into. */
typedef struct quern__room {
  size_t bytes;      /* for all of them */
  size_t allocation; /* for a buffer; 0: any */
  bool strict;       /* too little room is an error; without it the smallest chunks are taken */
} quern__room;

/* Places training and test data: resident where all fits; else the smaller of the two resident
 * where that leaves half of the room, and what is left in chunks that are no longer than they need
 * to be to go well. */
quern_status quern__place(const quern__room *room, quern__residency_request *train,
                          quern__residency_request *test);

/* Places data that are gone through once: in chunks, unless there would be one. */
quern__residency quern__place_once(const quern_dataset *dataset, bool learns, size_t allocation,
                                   size_t batch);

#endif
