/* .npy: an array as samples, and as its own targets. For texts, the samples are bytes. */
#include "data/arrays/array.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  const quern_dataset_options options = quern_dataset_options_default();
  quern__stream stream;
  quern__array x, y;
  quern_dataset *dataset = NULL;
  quern__stream_open_memory("fuzz.npy", bytes, size, &stream);
  const quern_status status = quern__npy_read(&stream, &x);
  quern__stream_close(&stream);
  quern__stream_open_memory("fuzz.npy", bytes, size, &stream);
  fuzz_expect(quern__npy_read(&stream, &y) == status, "npy: two results of the same bytes");
  if (status == QUERN_OK && quern__array_is_text(&x)) {
    x.number = QUERN__UNSIGNED;
    x.bytes = 1;
  }
  if (status == QUERN_OK && quern__arrays_dataset("fuzz", &x, &y, &options, &dataset) != QUERN_OK)
    fuzz_expect(dataset == NULL && quern_last_error()[0] != '\0',
                "npy: a failure without a message");
  quern_dataset_free(dataset);
  quern__array_free(&x);
  quern__array_free(&y);
  quern__stream_close(&stream);
  return 0;
}
