/* ONNX files: quern writes the bytes for which ONNX Runtime gave the stored outputs, and computes
 * ONNX Runtime's outputs for other programs' files. make_golden.py makes files and outputs. */
#include "onnx_test.h"

#include <cjson/cJSON.h>
#include <math.h>

/* For outputs of a network with a few dozen weights of size 1, in float32 on both sides. */
#define TOLERANCE 1e-5

/* Outputs of networks without and with normalizations, and of other programs' exports. */
enum { ANSWERS = 3 };
static cJSON *golden[ANSWERS];

static int prepare(void **state) {
  static const char *const paths[ANSWERS] = {FOLDER "golden.json", FOLDER "normalization.json",
                                             FOLDER "exports.json"};
  for (size_t i = 0; i < ANSWERS; i++) {
    size_t size;
    unsigned char *text = read_bytes(paths[i], &size);
    text[size] = '\0';
    golden[i] = cJSON_Parse((const char *)text);
    free(text);
    if (golden[i] == NULL) return -1;
  }
  return make_temporary_folder(state);
}

static int clean(void **state) {
  for (size_t i = 0; i < ANSWERS; i++) cJSON_Delete(golden[i]);
  return remove_temporary_folder(state);
}

static const cJSON *find_answers(const char *name) {
  const cJSON *found = NULL;
  for (size_t i = 0; i < ANSWERS && found == NULL; i++)
    found = cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(golden[i], "files"),
                                             name);
  if (found == NULL) fail_msg("there are no answers for %s", name);
  return found;
}

/* The numbers of a list of lists, row by row. */
static float *read_numbers(const cJSON *list, size_t *rows, size_t *columns) {
  *rows = (size_t)cJSON_GetArraySize(list);
  *columns = (size_t)cJSON_GetArraySize(list->child);
  float *values = test_alloc(*rows * *columns, sizeof *values), *next = values;
  const cJSON *row, *number;
  cJSON_ArrayForEach(row, list) cJSON_ArrayForEach(number, row) *next++ =
      (float)number->valuedouble;
  assert_true(next == values + *rows * *columns);
  return values;
}

/* The network gives ONNX Runtime's outputs, on the reference and on the device. */
static void check_answers(const char *name, const quern_network *network) {
  static const char *const devices[] = {"reference", "auto"};
  const cJSON *file = find_answers(name);
  size_t rows, columns, output_rows, classes;
  float *inputs = read_numbers(cJSON_GetObjectItemCaseSensitive(file, "inputs"), &rows, &columns);
  float *expected =
      read_numbers(cJSON_GetObjectItemCaseSensitive(file, "outputs"), &output_rows, &classes);
  assert_int_equal(rows, output_rows);
  assert_int_equal(quern_network_inputs(network), columns);
  assert_int_equal(quern_network_outputs(network), classes);
  int32_t *labels = test_alloc(rows, sizeof *labels);
  memset(labels, 0, rows * sizeof *labels);
  float *outputs = test_alloc(rows * classes, sizeof *outputs);
  quern_dataset *data;
  assert_ok(quern_dataset_from_floats(inputs, labels, rows, columns, &data));
  for (size_t d = 0; d < 2; d++) {
    quern_context *context;
    assert_ok(quern_context_create(devices[d], &context));
    assert_ok(quern_predict(context, network, data, outputs));
    for (size_t i = 0; i < rows * classes; i++)
      if (!(fabs((double)outputs[i] - (double)expected[i]) <= TOLERANCE))
        fail_msg("%s on %s: output %zu is %.9g, ONNX Runtime has %.9g", name, devices[d], i,
                 (double)outputs[i], (double)expected[i]);
    quern_context_free(context);
  }
  quern_dataset_free(data);
  free(inputs);
  free(expected);
  free(labels);
  free(outputs);
}

static void test_foreign_files(void **state) {
  (void)state;
  static const struct {
    const char *name;
    quern_loss loss;
    size_t layers;
    quern_activation_kind first;
  } cases[] = {{"gemm-softmax", QUERN_LOSS_CATEGORICAL, 2, QUERN_ACTIVATION_RELU},
               {"matmul-add-sigmoid", QUERN_LOSS_BINARY, 2, QUERN_ACTIVATION_TANH},
               {"no-bias-plain", QUERN_LOSS_SQUARED, 2, QUERN_ACTIVATION_LEAKY_RELU},
               {"constants-relu", QUERN_LOSS_SQUARED, 1, QUERN_ACTIVATION_RELU},
               {"flatten-softmax", QUERN_LOSS_CATEGORICAL, 1, QUERN_ACTIVATION_IDENTITY},
               {"pytorch-softmax", QUERN_LOSS_CATEGORICAL, 3, QUERN_ACTIVATION_RELU},
               {"elu-selu-softplus", QUERN_LOSS_SQUARED, 5, QUERN_ACTIVATION_ELU},
               {"gelu-20", QUERN_LOSS_SQUARED, 3, QUERN_ACTIVATION_GELU},
               {"gelu-otherwise", QUERN_LOSS_SQUARED, 3, QUERN_ACTIVATION_GELU},
               {"pytorch-activations", QUERN_LOSS_SQUARED, 9, QUERN_ACTIVATION_GELU},
               {"folded-arithmetic", QUERN_LOSS_SQUARED, 3, QUERN_ACTIVATION_TANH},
               {"folded-limits", QUERN_LOSS_SQUARED, 8, QUERN_ACTIVATION_RELU6},
               {"folded-constants", QUERN_LOSS_CATEGORICAL, 2, QUERN_ACTIVATION_SIGMOID},
               {"batch-normalization", QUERN_LOSS_CATEGORICAL, 2, QUERN_ACTIVATION_RELU},
               {"layer-normalization", QUERN_LOSS_SQUARED, 2, QUERN_ACTIVATION_TANH}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char name[64];
    quern_network *network = load(stored(cases[i].name, ".onnx"));
    assert_int_equal(quern_network_loss(network), cases[i].loss);
    assert_int_equal(quern_network_layer_count(network), cases[i].layers);
    assert_int_equal(quern_network_layer(network, 0).activation.kind, cases[i].first);
    snprintf(name, sizeof name, "%s.onnx", cases[i].name);
    check_answers(name, network);
    quern_network_free(network);
  }
}

/* What the exporters of PyTorch, Keras and scikit-learn write. */
static void test_exported_files(void **state) {
  (void)state;
  static const struct {
    const char *name;
    quern_loss loss;
    size_t layers;
    const char *classes[3];
    const char *note;
  } cases[] = {
      {"pytorch-default", QUERN_LOSS_SQUARED, 2, {NULL}, "without Softmax or Sigmoid"},
      {"pytorch-image", QUERN_LOSS_CATEGORICAL, 2, {NULL}, "ends with LogSoftmax"},
      {"pytorch-view", QUERN_LOSS_BINARY, 2, {NULL}, NULL},
      {"pytorch-standardized", QUERN_LOSS_SQUARED, 3, {NULL}, "without Softmax or Sigmoid"},
      {"keras-sequential", QUERN_LOSS_CATEGORICAL, 2, {NULL}, NULL},
      {"keras-normalized", QUERN_LOSS_BINARY, 2, {NULL}, NULL},
      {"keras-image", QUERN_LOSS_SQUARED, 2, {NULL}, "without Softmax or Sigmoid"},
      {"sklearn-numbers", QUERN_LOSS_CATEGORICAL, 2, {"0", "10", "20"}, NULL},
      {"sklearn-texts", QUERN_LOSS_CATEGORICAL, 2, {"blue", "green", "red"}, NULL},
      {"sklearn-binary", QUERN_LOSS_CATEGORICAL, 2, {"no", "yes", NULL}, NULL},
      {"sklearn-regressor", QUERN_LOSS_SQUARED, 2, {NULL}, "without Softmax or Sigmoid"},
      {"sklearn-scaled", QUERN_LOSS_CATEGORICAL, 2, {NULL}, NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char name[64];
    snprintf(name, sizeof name, "exports/%s", cases[i].name);
    quern_network *network = load(stored(name, ".onnx"));
    const quern_schema *schema = quern_network_schema(network);
    assert_int_equal(quern_network_loss(network), cases[i].loss);
    assert_int_equal(quern_network_layer_count(network), cases[i].layers);
    assert_true((schema != NULL) == (cases[i].classes[0] != NULL));
    for (size_t c = 0; c < 3 && cases[i].classes[c] != NULL; c++)
      assert_string_equal(quern_schema_class_name(schema, c), cases[i].classes[c]);
    const char *note = quern_network_note(network);
    assert_true(cases[i].note == NULL ? *note == '\0' : strstr(note, cases[i].note) != NULL);
    snprintf(name, sizeof name, "%s.onnx", cases[i].name);
    check_answers(name, network);
    quern_network_free(network);
  }
}

/* The position of quern's version in a file: a string field, number 3, after the producer's
 * name. */
static size_t find_version(const unsigned char *bytes, size_t size, size_t *length) {
  static const unsigned char before[] = {0x12, 5, 'q', 'u', 'e', 'r', 'n', 0x1a};
  size_t position = 0;
  while (position + sizeof before < size && memcmp(bytes + position, before, sizeof before) != 0)
    position++;
  assert_true(position + sizeof before < size);
  *length = bytes[position + sizeof before];
  return position + sizeof before;
}

/* Written files are, except for quern's version, those that ONNX Runtime ran, and are read back as
 * the same network. */
static void test_own_files(void **state) {
  (void)state;
  static const char *const names[] = {"quern-categorical",      "quern-elementwise", "quern-binary",
                                      "quern-squared",          "quern-logits",      "quern-rare",
                                      "quern-batch-normalized", "quern-normalized"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    quern_network *network, *back;
    char name[64];
    assert_ok(quern_model_load(stored(names[i], ".safetensors"), NULL, &network));
    assert_ok(quern_onnx_save(network, path_of("written.onnx")));
    size_t size, expected_size, length, expected_length;
    unsigned char *bytes = read_bytes(path_of("written.onnx"), &size),
                  *expected = read_bytes(stored(names[i], ".onnx"), &expected_size);
    const size_t position = find_version(bytes, size, &length),
                 expected_at = find_version(expected, expected_size, &expected_length);
    assert_int_equal(position, expected_at);
    assert_int_equal(size - length, expected_size - expected_length);
    assert_memory_equal(bytes, expected, position);
    assert_memory_equal(bytes + position + 1 + length, expected + expected_at + 1 + expected_length,
                        size - position - 1 - length);
    free(bytes);
    free(expected);
    snprintf(name, sizeof name, "%s.onnx", names[i]);
    check_answers(name, network);
    back = load(path_of("written.onnx"));
    assert_same_network(network, back);
    quern_network_free(back);
    quern_network_free(network);
  }
}

static void test_the_loss_of_plain_outputs(void **state) {
  (void)state;
  static const quern_loss losses[] = {QUERN_LOSS_CATEGORICAL, QUERN_LOSS_ELEMENTWISE,
                                      QUERN_LOSS_BINARY, QUERN_LOSS_SQUARED};
  for (size_t i = 0; i < 4; i++) {
    quern_onnx_options options = quern_onnx_options_default();
    quern_network *network;
    options.plain_loss = losses[i];
    assert_ok(quern_onnx_load(stored("no-bias-plain", ".onnx"), &options, &network));
    assert_int_equal(quern_network_loss(network), losses[i]);
    quern_network_free(network);
    /* this file has its own loss */
    assert_ok(quern_onnx_load(stored("gemm-softmax", ".onnx"), &options, &network));
    assert_int_equal(quern_network_loss(network), QUERN_LOSS_CATEGORICAL);
    quern_network_free(network);
  }
}

/* Each layer has the numbers of the same network in safetensors. A graph that is not a chain is
 * listed by its constants, with the reason. */
static void test_inspection(void **state) {
  (void)state;
  quern_inspection *file, *same;
  assert_ok(quern_inspect(stored("quern-categorical", ".onnx"), &file));
  assert_ok(quern_inspect(stored("quern-categorical", ".safetensors"), &same));
  assert_int_equal(quern_inspection_kind(file), QUERN_FILE_MODEL);
  assert_string_equal(quern_inspection_format(file), "ONNX, opset 13");
  assert_string_equal(quern_inspection_note(file), "");
  assert_same_network(quern_inspection_network(file), quern_inspection_network(same));
  assert_int_equal(quern_inspection_tensor_count(file), 6);
  static const char *const names[] = {"0.bias",   "0.weight", "1.bias",
                                      "1.weight", "2.bias",   "2.weight"};
  static const size_t others[] = {1, 0, 3, 2, 5, 4};
  for (size_t i = 0; i < 6; i++) {
    const quern_tensor_info a = quern_inspection_tensor(file, i),
                            b = quern_inspection_tensor(same, others[i]);
    assert_string_equal(a.name, names[i]);
    assert_string_equal(a.type, "F32");
    assert_int_equal(a.rank, b.rank);
    assert_int_equal(a.shape[0], b.shape[a.rank - 1]);
    assert_int_equal(a.shape[a.rank - 1], b.shape[0]);
    assert_true(a.least == b.least && a.most == b.most && fabs(a.mean - b.mean) <= 1e-12);
  }
  assert_string_equal(quern_inspection_metadata_key(file, 0), "producer");
  assert_string_equal(quern_inspection_metadata_value(file, 0), "quern");
  assert_string_equal(quern_inspection_metadata_value(file, 2), "categorical");
  quern_inspection_free(file);
  quern_inspection_free(same);

  write_changed("gemm-softmax", "Relu", "Relx", 4);
  assert_ok(quern_inspect(path_of("changed.onnx"), &file));
  assert_int_equal(quern_inspection_kind(file), QUERN_FILE_TENSORS);
  assert_null(quern_inspection_network(file));
  assert_non_null(strstr(quern_inspection_note(file), "node 1 (Relx)"));
  assert_int_equal(quern_inspection_tensor_count(file), 4);
  quern_inspection_free(file);
}

static void test_absence_is_told(void **state) {
  (void)state;
  quern_network *network;
  if (!is_supported())
    assert_fails(quern_onnx_load("x.onnx", NULL, &network), QUERN_ERROR_UNSUPPORTED,
                 "x.onnx: quern was built without protobuf-c");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      QUERN_TEST(test_foreign_files), QUERN_TEST(test_exported_files),
      QUERN_TEST(test_own_files),     QUERN_TEST(test_the_loss_of_plain_outputs),
      QUERN_TEST(test_inspection),
  };
  const struct CMUnitTest absent[] = {QUERN_TEST(test_absence_is_told)};
  return is_supported() ? cmocka_run_group_tests(tests, prepare, clean)
                        : cmocka_run_group_tests(absent, prepare, clean);
}
