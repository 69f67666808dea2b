/* .npz and its ZIP archive. */
#include "data/data.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  const quern_dataset_options options = quern_dataset_options_default();
  fuzz_file file = fuzz_file_create(bytes, size);
  quern_dataset *train = NULL, *test = NULL;
  quern__stream stream;
  quern_status status = quern__stream_open(file.path, &stream);
  if (status == QUERN_OK) status = quern__npz_open(&stream, &options, &train, &test);
  quern__stream_close(&stream);
  if (status != QUERN_OK)
    fuzz_expect(train == NULL && test == NULL && quern_last_error()[0] != '\0',
                "npz: a failure without a message");
  quern_dataset_free(train);
  quern_dataset_free(test);
  fuzz_file_close(&file);
  return 0;
}
