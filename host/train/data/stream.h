/* The streamed half of a feed. */
#ifndef QUERN_HOST_TRAIN_DATA_STREAM_H
#define QUERN_HOST_TRAIN_DATA_STREAM_H

#include "data_source.h"

/* Numbers of 4 bytes a sample to predict: 1 for a label, 0 where there is nothing. */
size_t quern__targets_count(const quern__data_source *feed);

/* Bytes into a chunk of so many samples at which they begin. */
size_t quern__targets_place(const quern__data_source *feed, size_t rows);

/* Two chunks of `bytes`, and the data set held; what fails, quern__data_source_free cleans up. */
quern_status quern__stream_create(quern__data_source *feed, const quern_dataset *dataset,
                                  size_t bytes);

quern_status quern__stream_begin(quern__data_source *feed, const uint32_t *order);
quern_status quern__stream_find(quern__data_source *feed, size_t first, const quern__chunk **chunk);
quern_status quern__stream_ahead(quern__data_source *feed);

#endif
