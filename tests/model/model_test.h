/* Shared by the tests of model files: networks to save, and files made by hand. */
#ifndef QUERN_TESTS_MODEL_TEST_H
#define QUERN_TESTS_MODEL_TEST_H

#include "../data/temporary.h"
#include "test.h"

/* Sets every parameter to a number that differs from all others in many bits, including a signed
 * zero. */
static inline void fill_network(quern_network *network) {
  size_t in = quern_network_inputs(network), next = 1;
  for (size_t l = 0; l < quern_network_layer_count(network); l++) {
    size_t out = quern_network_layer(network, l).units, count = in * out + out;
    float *values = test_alloc(count, sizeof *values);
    for (size_t i = 0; i < count; i++, next++) values[i] = (float)next * (next % 2 ? 0.1f : -0.1f);
    values[0] = -0.0f;
    assert_ok(quern_network_set_layer(network, l, values, values + in * out));
    free(values);
    in = out;
  }
}

/* Asserts the same shape, activations, flags and loss, and the same bits of all parameters. */
static inline void assert_same_network(const quern_network *a, const quern_network *b) {
  assert_int_equal(quern_network_layer_count(a), quern_network_layer_count(b));
  assert_int_equal(quern_network_inputs(a), quern_network_inputs(b));
  assert_int_equal(quern_network_loss(a), quern_network_loss(b));
  size_t in = quern_network_inputs(a);
  for (size_t l = 0; l < quern_network_layer_count(a); l++) {
    quern_layer x = quern_network_layer(a, l), y = quern_network_layer(b, l);
    assert_int_equal(x.units, y.units);
    assert_int_equal(x.activation.kind, y.activation.kind);
    if (x.activation.kind == QUERN_ACTIVATION_LEAKY_RELU)
      assert_true(x.activation.slope == y.activation.slope);
    assert_int_equal(x.freeze_weights, y.freeze_weights);
    assert_int_equal(x.freeze_bias, y.freeze_bias);
    assert_true(x.dropout == y.dropout);
    assert_int_equal(x.normalization.kind, y.normalization.kind);
    if (x.normalization.kind != QUERN_NORMALIZATION_NONE)
      assert_true(x.normalization.epsilon == y.normalization.epsilon);
    for (size_t part = 0; part < 4 && x.normalization.kind != QUERN_NORMALIZATION_NONE; part++) {
      float *p = test_alloc(x.units, sizeof *p), *q = test_alloc(x.units, sizeof *q);
      float *const from_a[] = {part == 0 ? p : NULL, part == 1 ? p : NULL, part == 2 ? p : NULL,
                               part == 3 ? p : NULL};
      float *const from_b[] = {part == 0 ? q : NULL, part == 1 ? q : NULL, part == 2 ? q : NULL,
                               part == 3 ? q : NULL};
      if (part < 2 || x.normalization.kind == QUERN_NORMALIZATION_BATCH) {
        assert_ok(
            quern_network_get_normalization(a, l, from_a[0], from_a[1], from_a[2], from_a[3]));
        assert_ok(
            quern_network_get_normalization(b, l, from_b[0], from_b[1], from_b[2], from_b[3]));
        assert_memory_equal(p, q, x.units * sizeof *p);
      }
      free(p);
      free(q);
    }
    size_t count = in * x.units + x.units;
    float *p = test_alloc(count, sizeof *p), *q = test_alloc(count, sizeof *q);
    assert_ok(quern_network_get_layer(a, l, p, p + in * x.units));
    assert_ok(quern_network_get_layer(b, l, q, q + in * x.units));
    assert_memory_equal(p, q, count * sizeof *p);
    free(p);
    free(q);
    in = x.units;
  }
}

/* Writes a file with this header and `data_bytes` bytes after it, the floats 0, 1, 2 … */
static inline void write_header(const char *path, const char *header, size_t length,
                                size_t data_bytes) {
  unsigned char *bytes = test_alloc(8 + length + data_bytes + 4, 1);
  for (size_t i = 0; i < 8; i++) bytes[i] = (unsigned char)((uint64_t)length >> 8 * i);
  memcpy(bytes + 8, header, length);
  for (size_t i = 0; i < data_bytes; i += 4) {
    float value = (float)(i / 4);
    memcpy(bytes + 8 + length + i, &value, 4);
  }
  write_bytes(path, bytes, 8 + length + data_bytes);
  free(bytes);
}

/* The number of files in the folder. */
static inline size_t count_files(void) {
  size_t count = 0;
  DIR *folder = opendir(temporary_folder);
  assert_non_null(folder);
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;)
    if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0) count++;
  closedir(folder);
  return count;
}

#define WEIGHT(name, out, in, begin, end)                                                          \
  "\"" name "\":{\"dtype\":\"F32\",\"shape\":[" #out "," #in "],\"data_offsets\":[" #begin         \
  "," #end "]}"
#define BIAS(name, out, begin, end)                                                                \
  "\"" name "\":{\"dtype\":\"F32\",\"shape\":[" #out "],\"data_offsets\":[" #begin "," #end "]}"

static inline void load_fails(const char *path, quern_status status, const char *part) {
  quern_network *network = (quern_network *)(uintptr_t)1;
  quern_status got = quern_model_load(path, NULL, &network);
  if (got != status)
    fail_msg("%s, expected %s with \"%s\"", quern_status_name(got), quern_status_name(status),
             part);
  assert_null(network);
  assert_error_says(path, part, NULL);
}

#define MODEL_TEST(function) cmocka_unit_test_teardown(function, empty_temporary_folder)

#endif
