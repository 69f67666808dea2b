/* ONNX files use memory in proportion to their bytes: messages and numbers have limits
 * (onnx_file.c). Many nodes that use one constant would make a network out of proportion. */
#include "../data/temporary.h"
#include "test.h"

#include <quern/quern.h>

/* A growing protobuf message. */
typedef struct message {
  unsigned char *bytes;
  size_t length;
} message;

static void put_byte(message *to, unsigned byte) {
  to->bytes[to->length++] = (unsigned char)byte;
}

static void put_number(message *to, size_t number) {
  for (; number > 127; number >>= 7) put_byte(to, (unsigned)(number & 127) | 128);
  put_byte(to, (unsigned)number);
}

static void put_size(message *to, unsigned field, size_t number) {
  put_number(to, field << 3);
  put_number(to, number);
}

static void put_bytes(message *to, unsigned field, const void *bytes, size_t length) {
  put_number(to, field << 3 | 2);
  put_number(to, length);
  memcpy(to->bytes + to->length, bytes, length);
  to->length += length;
}

static void put_text(message *to, unsigned field, const char *text) {
  put_bytes(to, field, text, strlen(text));
}

static message make(size_t most) {
  return (message){test_alloc(most, 1), 0};
}

enum { UNITS = 64 };

/* `nodes` products by one matrix of UNITS by UNITS. */
static void write_chain(const char *path, size_t nodes) {
  const size_t most = UNITS * UNITS * sizeof(float) + nodes * 64 + 1024;
  message model = make(most), graph = make(most), part = make(most);
  float *numbers = test_alloc(UNITS * UNITS, sizeof *numbers);
  memset(numbers, 0, UNITS * UNITS * sizeof *numbers);
  char name[32];
  for (size_t i = 0; i < nodes; i++) {
    part.length = 0;
    snprintf(name, sizeof name, "x%zu", i);
    put_text(&part, 1, name);
    put_text(&part, 1, "W");
    snprintf(name, sizeof name, "x%zu", i + 1);
    put_text(&part, 2, name);
    put_text(&part, 4, "MatMul");
    put_bytes(&graph, 1, part.bytes, part.length);
  }
  part.length = 0; /* the constant */
  put_size(&part, 1, UNITS);
  put_size(&part, 1, UNITS);
  put_size(&part, 2, 1);
  put_text(&part, 8, "W");
  put_bytes(&part, 9, numbers, UNITS * UNITS * sizeof *numbers);
  put_bytes(&graph, 5, part.bytes, part.length);
  /* The input: any number of samples of UNITS floats. */
  static const unsigned char type[] = {0x0a, 10, 0x08, 1, 0x12, 6, 0x0a, 0, 0x0a, 2, 0x08, UNITS};
  part.length = 0;
  put_text(&part, 1, "x0");
  put_bytes(&part, 2, type, sizeof type);
  put_bytes(&graph, 11, part.bytes, part.length);
  part.length = 0;
  put_text(&part, 1, name);
  put_bytes(&graph, 12, part.bytes, part.length);
  put_size(&model, 1, 8);
  put_bytes(&model, 7, graph.bytes, graph.length);
  part.length = 0;
  put_size(&part, 2, 13);
  put_bytes(&model, 8, part.bytes, part.length);
  write_bytes(path, model.bytes, model.length);
  free(numbers);
  free(part.bytes);
  free(graph.bytes);
  free(model.bytes);
}

static void nodes_that_share_a_constant(void **state) {
  (void)state;
  quern_network *network;
  write_chain(path_of("few.onnx"), 10);
  const quern_status status = quern_onnx_load(path_of("few.onnx"), NULL, &network);
  if (status != QUERN_OK && strstr(quern_last_error(), "protobuf-c") != NULL) skip();
  assert_ok(status);
  assert_int_equal(quern_network_layer_count(network), 10);
  quern_network_free(network);
  write_chain(path_of("many.onnx"), 5000); /* 80 MB of weights in 200 kB */
  assert_int_equal(quern_onnx_load(path_of("many.onnx"), NULL, &network), QUERN_ERROR_UNSUPPORTED);
  assert_null(network);
  assert_error_says("many.onnx: node ", "read the constants over and over", NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(nodes_that_share_a_constant)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}
