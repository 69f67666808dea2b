/* Tensors of safetensors as data. */
#include "fuzz_readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  fuzz_open_data(bytes, size, quern__tensors_open, "tensors: a failure without a message");
  return 0;
}
