/* Files of cached programs: a binary that was found lies inside the file. */
#include "base/cache/cache_read.h"
#include "fuzz.h"
#include "opencl/program/program_cache.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

static void check(const unsigned char *bytes, size_t size) {
  char key[] = "key";
  const quern__cl_cached cached = {.path = NULL, .key = key, .key_size = sizeof key};
  size_t found = 0;
  const unsigned char *binary = quern__cl_cached_binary(&cached, bytes, size, &found);
  fuzz_expect(binary == NULL ||
                  (binary >= bytes && found <= size && binary - bytes <= (ptrdiff_t)(size - found)),
              "program cache: a binary outside of its file");
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  enum { LIMIT = 1 << 20 };
  const char *path = fuzz_path("program");
  FILE *file = fopen(path, "w");
  fuzz_expect(file != NULL && fwrite(bytes, 1, size, file) == size && fclose(file) == 0,
              "write failed");
  unsigned char *data = NULL;
  size_t read = 0;
  fuzz_expect(quern__cache_read(path, LIMIT, &data, &read) == QUERN_OK && read == size &&
                  memcmp(data, bytes, size) == 0,
              "program cache: not read as it was written");
  check(data, size);
  /* And with the checksum that it should have: nothing made up gets past that. */
  if (size >= sizeof(uint32_t)) {
    const uint32_t sum = (uint32_t)crc32(0, data, (uInt)(size - sizeof(uint32_t)));
    memcpy(data + size - sizeof sum, &sum, sizeof sum);
    check(data, size);
  }
  free(data);
  return 0;
}
