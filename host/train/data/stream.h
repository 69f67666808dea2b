/* The streamed half of a data source. */
#ifndef QUERN_HOST_TRAIN_DATA_STREAM_H
#define QUERN_HOST_TRAIN_DATA_STREAM_H

#include "data_source.h"

/* Labels or targets per sample, of 4 bytes each: 1 for a label, 0 if there are none. */
size_t quern__targets_count(const quern__data_source *source);

/* Offset in bytes of the labels or targets in a chunk of `rows` samples. */
size_t quern__targets_place(const quern__data_source *source, size_t rows);

/* Allocates two chunks of `bytes` each and keeps a reference to the data set. After a failure,
 * quern__data_source_free cleans up. */
quern_status quern__stream_create(quern__data_source *source, const quern_dataset *dataset,
                                  size_t bytes);

quern_status quern__stream_begin(quern__data_source *source, const uint32_t *order);
quern_status quern__stream_find(quern__data_source *source, size_t first,
                                const quern__chunk **chunk);
quern_status quern__stream_ahead(quern__data_source *source);

#endif
