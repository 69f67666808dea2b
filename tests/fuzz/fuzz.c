/* Files in memory for the fuzz targets: fuzz.h. */
#include "fuzz.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

void fuzz_expect(int so, const char *line) {
  if (so) return;
  fprintf(stderr, "%s\n", line);
  abort();
}

fuzz_file fuzz_file_create(const uint8_t *bytes, size_t size) {
  fuzz_file file;
  file.descriptor = memfd_create("fuzz", MFD_CLOEXEC);
  fuzz_expect(file.descriptor >= 0, "memfd_create failed");
  fuzz_expect(size == 0 || write(file.descriptor, bytes, size) == (ssize_t)size, "write failed");
  snprintf(file.path, sizeof file.path, "/proc/self/fd/%d", file.descriptor);
  return file;
}

void fuzz_file_close(fuzz_file *file) {
  close(file->descriptor);
}
