/* The streamed half of a feed. */
#ifndef QUERN_HOST_TRAIN_STREAM_H
#define QUERN_HOST_TRAIN_STREAM_H

#include "feed.h"

/* Numbers of 4 bytes a sample to predict: 1 for a label, 0 where there is nothing. */
size_t quern__truth_count(const quern__feed *feed);

/* Bytes into a chunk of so many samples at which they begin. */
size_t quern__truth_place(const quern__feed *feed, size_t rows);

/* Two chunks of `bytes`, and the data set held; what fails, quern__feed_free cleans up. */
quern_status quern__stream_create(quern__feed *feed, const quern_dataset *dataset, size_t bytes);

quern_status quern__stream_begin(quern__feed *feed, const uint32_t *order);
quern_status quern__stream_find(quern__feed *feed, size_t first, const quern__chunk **chunk);
quern_status quern__stream_ahead(quern__feed *feed);

#endif
