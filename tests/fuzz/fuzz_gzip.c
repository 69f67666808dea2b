/* gzip, as data sets are read: the first MiB of its content. */
#include "data/stream/stream.h"
#include "fuzz.h"

#include <quern/status.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  enum { MOST = 1 << 20 };
  fuzz_file file = fuzz_file_create(bytes, size);
  quern__stream stream;
  unsigned char *into = malloc(MOST);
  size_t got = 0;
  quern_status status = quern__stream_open(file.path, &stream);
  if (into != NULL && status == QUERN_OK) status = quern__stream_read(&stream, into, MOST, &got);
  fuzz_expect(status == QUERN_OK || quern_last_error()[0] != '\0',
              "gzip: a failure without a message");
  quern__stream_close(&stream);
  free(into);
  fuzz_file_close(&file);
  return 0;
}
