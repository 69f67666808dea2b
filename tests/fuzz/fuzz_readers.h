/* Checks that several fuzz targets share: what a reader promises for a file in memory. */
#ifndef QUERN_TESTS_FUZZ_READERS_H
#define QUERN_TESTS_FUZZ_READERS_H

#include "data/data.h"
#include "fuzz.h"

#include <quern/quern.h>

/* Opens the bytes as data sets. A failure has a message and leaves no data set. */
static inline void fuzz_open_data(const uint8_t *bytes, size_t size,
                                  quern_status (*open)(quern__stream *stream,
                                                       const quern_dataset_options *options,
                                                       quern_dataset **train, quern_dataset **test),
                                  const char *failure) {
  const quern_dataset_options options = quern_dataset_options_default();
  fuzz_file file = fuzz_file_create(bytes, size);
  quern_dataset *train = NULL, *test = NULL;
  quern__stream stream;
  quern_status status = quern__stream_open(file.path, &stream);
  if (status == QUERN_OK) status = open(&stream, &options, &train, &test);
  quern__stream_close(&stream);
  if (status != QUERN_OK)
    fuzz_expect(train == NULL && test == NULL && quern_last_error()[0] != '\0', failure);
  quern_dataset_free(train);
  quern_dataset_free(test);
  fuzz_file_close(&file);
}

/* Loads the bytes as a network, and inspects them. A failure has a message and leaves no result. */
static inline void fuzz_load_network(const uint8_t *bytes, size_t size,
                                     quern_status (*load)(const char *path,
                                                          quern_network **network),
                                     const char *failure) {
  fuzz_file file = fuzz_file_create(bytes, size);
  quern_network *network = NULL;
  if (load(file.path, &network) != QUERN_OK)
    fuzz_expect(network == NULL && quern_last_error()[0] != '\0', failure);
  quern_network_free(network);
  quern_inspection *inspection = NULL;
  if (quern_inspect(file.path, &inspection) != QUERN_OK)
    fuzz_expect(inspection == NULL && quern_last_error()[0] != '\0',
                "inspect: a failure without a message");
  quern_inspection_free(inspection);
  fuzz_file_close(&file);
}

#endif
