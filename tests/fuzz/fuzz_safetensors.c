/* Model files, read as a network and inspected. */
#include "fuzz.h"

#include <quern/quern.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  fuzz_file file = fuzz_file_create(bytes, size);
  quern_network *network = NULL;
  if (quern_model_load(file.path, NULL, &network) != QUERN_OK)
    fuzz_expect(network == NULL && quern_last_error()[0] != '\0',
                "safetensors: a failure without a message");
  quern_network_free(network);
  quern_inspection *inspection = NULL;
  if (quern_inspect(file.path, &inspection) != QUERN_OK)
    fuzz_expect(inspection == NULL && quern_last_error()[0] != '\0',
                "inspect: a failure without a message");
  quern_inspection_free(inspection);
  fuzz_file_close(&file);
  return 0;
}
