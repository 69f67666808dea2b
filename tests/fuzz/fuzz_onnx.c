/* ONNX files, read as a network and inspected. */
#include "fuzz_readers.h"

static quern_status load(const char *path, quern_network **network) {
  return quern_onnx_load(path, NULL, network);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  fuzz_load_network(bytes, size, load, "onnx: a failure without a message");
  return 0;
}
