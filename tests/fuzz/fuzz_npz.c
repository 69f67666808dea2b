/* .npz and its ZIP archive. */
#include "fuzz_readers.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  fuzz_open_data(bytes, size, quern__npz_open, "npz: a failure without a message");
  return 0;
}
