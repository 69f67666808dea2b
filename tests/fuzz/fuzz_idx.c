/* IDX: two bytes are the length of the file of labels that follows; the rest is the file of
 * images. */
#include "data/data.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (size < 2) return 0;
  size_t labels_size = (size_t)bytes[0] << 8 | bytes[1];
  if (labels_size > size - 2) labels_size = size - 2;
  fuzz_file labels = fuzz_file_create(bytes + 2, labels_size);
  fuzz_file images = fuzz_file_create(bytes + 2 + labels_size, size - 2 - labels_size);
  quern_dataset *dataset = NULL;
  const quern_dataset_options options = quern_dataset_options_default();
  if (quern__idx_read(images.path, labels.path, &options, &dataset) != QUERN_OK)
    fuzz_expect(dataset == NULL && quern_last_error()[0] != '\0',
                "IDX: a failure without a message");
  quern_dataset_free(dataset);
  fuzz_file_close(&labels);
  fuzz_file_close(&images);
  return 0;
}
