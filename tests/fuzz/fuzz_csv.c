/* CSV: the first byte chooses the options, the rest is the file. */
#include "data/data.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (size < 1) return 0;
  quern_dataset_options options = QUERN_DATASET_OPTIONS_INIT;
  options.header = (quern_csv_header)(bytes[0] % 3);
  options.label = (quern_csv_label)(bytes[0] / 3 % 2);
  quern__stream stream;
  quern_dataset *dataset = NULL;
  quern__stream_open_memory("fuzz.csv", bytes + 1, size - 1, &stream);
  if (quern__csv_read(&stream, &options, &dataset) != QUERN_OK)
    fuzz_expect(dataset == NULL && quern_last_error()[0] != '\0', "CSV: a failure without a message");
  quern_dataset_free(dataset);
  quern__stream_close(&stream);
  return 0;
}
