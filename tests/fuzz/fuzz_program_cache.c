/* Files of cached programs: a binary that was found lies inside the file. */
#include "fuzz.h"
#include "opencl/program_cache.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  char key[] = "key";
  const quern__cl_cached cached = {.path = NULL, .key = key, .key_size = sizeof key};
  size_t found = 0;
  const unsigned char *binary = quern__cl_cached_binary(&cached, bytes, size, &found);
  fuzz_expect(binary == NULL ||
                  (binary >= bytes && found <= size && binary - bytes <= (ptrdiff_t)(size - found)),
              "program cache: a binary outside of its file");
  return 0;
}
