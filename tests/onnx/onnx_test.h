/* Stored ONNX files, whole or changed, for the tests of reading and writing them. */
#ifndef QUERN_TESTS_ONNX_TEST_H
#define QUERN_TESTS_ONNX_TEST_H

#include "../data/temporary.h"
#include "../model/model_test.h"
#include "test.h"

#include <quern/quern.h>

#define FOLDER QUERN_TEST_DATA "/../onnx/files/"

static inline quern_network *load(const char *path) {
  quern_network *network;
  assert_ok(quern_onnx_load(path, NULL, &network));
  return network;
}

static inline const char *stored(const char *name, const char *ending) {
  static char paths[2][PATH_BYTES];
  static unsigned turn;
  char *path = paths[turn++ % 2];
  snprintf(path, PATH_BYTES, FOLDER "%s%s", name, ending);
  return path;
}

/* Writes a stored file with some bytes replaced by others of the same length. */
static inline void write_changed(const char *name, const char *from, const char *to,
                                 size_t length) {
  size_t size, position = 0;
  unsigned char *bytes = read_bytes(stored(name, ".onnx"), &size);
  while (position + length <= size && memcmp(bytes + position, from, length) != 0) position++;
  if (position + length > size) fail_msg("%s has no \"%s\"", name, from);
  memcpy(bytes + position, to, length);
  write_bytes(path_of("changed.onnx"), bytes, size);
  free(bytes);
}

/* True if quern was built with protobuf-c. Without it, calls fail with an error that says so. */
static inline bool is_supported(void) {
  quern_network *network;
  return quern_onnx_load(path_of("missing.onnx"), NULL, &network) != QUERN_ERROR_UNSUPPORTED;
}

#endif
