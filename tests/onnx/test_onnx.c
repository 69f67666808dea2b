/* ONNX files: what quern writes is what ONNX Runtime ran with the same answers, what others write
 * gives their answers, and what is no network of quern's is refused by the name of its node. The
 * files and the answers are of make_golden.py. */
#include "../data/temporary.h"
#include "../model/model_test.h"
#include "test.h"

#include <cjson/cJSON.h>
#include <math.h>
#include <quern/quern.h>

#define FOLDER QUERN_TEST_DATA "/../onnx/"

/* Of outputs of a network with a few dozen weights of size 1, in float32 on both sides. */
#define TOLERANCE 1e-5

/* Of networks without and with normalizations. */
enum { ANSWERS = 2 };
static cJSON *golden[ANSWERS];

static int prepare(void **state) {
  static const char *const paths[ANSWERS] = {FOLDER "golden.json", FOLDER "normalization.json"};
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

/* The network says what ONNX Runtime said of the file, on the reference and on the device. */
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

static quern_network *load(const char *path) {
  quern_network *network;
  assert_ok(quern_onnx_load(path, NULL, &network));
  return network;
}

static const char *stored(const char *name, const char *ending) {
  static char paths[2][PATH_BYTES];
  static unsigned turn;
  char *path = paths[turn++ % 2];
  snprintf(path, PATH_BYTES, FOLDER "%s%s", name, ending);
  return path;
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

/* Where quern's version stands in a file: a string field, number 3, behind the producer's name. */
static size_t find_version(const unsigned char *bytes, size_t size, size_t *length) {
  static const unsigned char before[] = {0x12, 5, 'q', 'u', 'e', 'r', 'n', 0x1a};
  size_t position = 0;
  while (position + sizeof before < size && memcmp(bytes + position, before, sizeof before) != 0)
    position++;
  assert_true(position + sizeof before < size);
  *length = bytes[position + sizeof before];
  return position + sizeof before;
}

/* What is written now is, but for quern's version, what ONNX Runtime was given, and it is read back
 * as the same network. */
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
    /* it says its own */
    assert_ok(quern_onnx_load(stored("gemm-softmax", ".onnx"), &options, &network));
    assert_int_equal(quern_network_loss(network), QUERN_LOSS_CATEGORICAL);
    quern_network_free(network);
  }
}

/* A stored file with some bytes exchanged for others of the same length. */
static void write_changed(const char *name, const char *from, const char *to, size_t length) {
  size_t size, position = 0;
  unsigned char *bytes = read_bytes(stored(name, ".onnx"), &size);
  while (position + length <= size && memcmp(bytes + position, from, length) != 0) position++;
  if (position + length > size) fail_msg("%s has no \"%s\"", name, from);
  memcpy(bytes + position, to, length);
  write_bytes(path_of("changed.onnx"), bytes, size);
  free(bytes);
}

static void test_refused_graphs(void **state) {
  (void)state;
  static const struct {
    const char *name, *from, *to;
    quern_status status;
    const char *message;
  } cases[] = {
      {"gemm-softmax", "Relu", "Relx", QUERN_ERROR_UNSUPPORTED,
       "node 1 (Relx): is not a supported operator"},
      {"gemm-softmax", "\1x\12\2w0\12\2b0\22\2z0", "\1q\12\2w0\12\2b0\22\2z0",
       QUERN_ERROR_UNSUPPORTED, "node 0 (Gemm \"first\"): A is transposed or not"},
      {"gemm-softmax", "transB", "transA", QUERN_ERROR_UNSUPPORTED,
       "node 0 (Gemm \"first\"): A is transposed"},
      {"gemm-softmax", "\2h0\12\2w1", "\2h0\12\2w2", QUERN_ERROR_UNSUPPORTED,
       "node 2 (Gemm): B is not a constant"},
      {"matmul-add-sigmoid", "\2h0\12\2w1", "\2h0\12\2w0", QUERN_ERROR_SHAPE,
       "node 3 (MatMul): B needs 5 values, but its input has 6"},
      {"gemm-softmax", "\2w0\12\2b0", "\2w0\12\2w1", QUERN_ERROR_SHAPE,
       "node 0 (Gemm \"first\"): adds 4 by 3 numbers to 4 outputs"},
      {"gemm-softmax", "axis\30\1", "axis\30\0", QUERN_ERROR_UNSUPPORTED,
       "node 3 (Softmax): has another axis"},
      {"matmul-add-sigmoid", "Tanh", "Relu", QUERN_OK, NULL},
      {"matmul-add-sigmoid", "Sigmoid", "Softmax", QUERN_OK, NULL},
      {"matmul-add-sigmoid", "\2b1\12\2m1", "\2m1\12\2m1", QUERN_ERROR_UNSUPPORTED,
       "node 4 (Add): B is not a constant"},
      {"constants-relu", "value", "velue", QUERN_ERROR_UNSUPPORTED,
       "node 0 (Constant): has no tensor"},
      {"quern-categorical", "categorical", "categoricel", QUERN_ERROR_FORMAT,
       "\"quern.loss\": unknown loss \"categoricel\""},
      {"quern-binary", "Sigmoid", "Softmax", QUERN_ERROR_FORMAT,
       "a binary loss does not fit a network that ends with a softmax"},
      {"quern-categorical", "\4Tanh", "\4Relu", QUERN_OK, NULL},
      {"gelu-otherwise", "\"\3Erf", "\"\3Cos", QUERN_ERROR_UNSUPPORTED,
       "node 4 (Cos): is not a supported operator"},
      {"gelu-otherwise", "\"\4Tanh", "\"\4Relu", QUERN_ERROR_UNSUPPORTED,
       "node 11 (Mul): does not complete a known activation"},
      {"gelu-otherwise", "\2a2\12\2a0", "\2a2\12\2a1", QUERN_ERROR_UNSUPPORTED,
       "node 6 (Add): does not complete a known activation"},
      {"gelu-otherwise", "\2a0\12\2a3", "\2a3\12\2a3", QUERN_ERROR_UNSUPPORTED,
       "node 6 (Add): is not part of a known activation"},
      {"gelu-otherwise", "root_half", "root_holf", QUERN_ERROR_UNSUPPORTED,
       "node 3 (Mul): B is not a constant"},
      {"gelu-otherwise", "inverse_cube", "inverse_cubo", QUERN_ERROR_UNSUPPORTED,
       "node 9 (Div): B is not a constant"},
      {"gelu-20", "tanh", "tank", QUERN_ERROR_UNSUPPORTED,
       "node 3 (Gelu): has another approximation, expected \"none\" or \"tanh\""},
      {"batch-normalization", "\2z0\12\2s0", "\2x0\12\2s0", QUERN_ERROR_UNSUPPORTED,
       "node 1 (BatchNormalization): does not read the result"},
      {"batch-normalization", "\2s0\12\2t0", "\2s0\12\2w1", QUERN_ERROR_SHAPE,
       "node 1 (BatchNormalization): B is 4 by 3 numbers for 4 outputs"},
      {"batch-normalization", "\2m0\12\2v0", "\2m0\12\2q0", QUERN_ERROR_UNSUPPORTED,
       "node 1 (BatchNormalization): input_var is not a constant"},
      {"batch-normalization", "Dropout", "Sigmoid", QUERN_ERROR_UNSUPPORTED,
       "node 3 (Sigmoid): does not follow"},
      {"batch-normalization", "Softmax", "Sigmoid", QUERN_OK, NULL},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    quern_network *network;
    /* Bytes of the format stand in some, zeros among them. */
    write_changed(cases[i].name, cases[i].from, cases[i].to,
                  cases[i].from[4] == '\30' ? 6 : strlen(cases[i].from));
    if (cases[i].message != NULL) {
      assert_fails(quern_onnx_load(path_of("changed.onnx"), NULL, &network), cases[i].status,
                   cases[i].message);
      assert_non_null(strstr(quern_last_error(), "changed.onnx: "));
      assert_null(network);
    } else {
      network = load(path_of("changed.onnx"));
      quern_network_free(network);
    }
  }
}

static void test_refused_files(void **state) {
  (void)state;
  quern_network *network;
  quern_onnx_options options = quern_onnx_options_default();
  assert_fails(quern_onnx_load(NULL, NULL, &network), QUERN_ERROR_ARGUMENT, "path");
  assert_fails(quern_onnx_load("x.onnx", NULL, NULL), QUERN_ERROR_ARGUMENT, "network");
  assert_fails(quern_onnx_save(NULL, "x.onnx"), QUERN_ERROR_ARGUMENT, "network");
  assert_fails(quern_onnx_check(NULL, "x.onnx"), QUERN_ERROR_ARGUMENT, "network");
  options.size--;
  assert_fails(quern_onnx_load("x.onnx", &options, &network), QUERN_ERROR_ARGUMENT,
               "quern_onnx_options_default()");
  options = (quern_onnx_options){sizeof options, (quern_loss)99};
  assert_fails(quern_onnx_load("x.onnx", &options, &network), QUERN_ERROR_ARGUMENT,
               "unknown loss 99");
  assert_fails(quern_onnx_load(path_of("missing.onnx"), NULL, &network), QUERN_ERROR_FILE,
               "missing.onnx");
  assert_fails(quern_onnx_load(temporary_folder, NULL, &network), QUERN_ERROR_FILE, "folder");
  write_bytes(path_of("text.onnx"), "hello", 5);
  assert_fails(quern_onnx_load(path_of("text.onnx"), NULL, &network), QUERN_ERROR_FORMAT,
               "not an ONNX file");
  write_bytes(path_of("empty.onnx"), "", 0);
  assert_fails(quern_onnx_load(path_of("empty.onnx"), NULL, &network), QUERN_ERROR_FORMAT,
               "no graph");
  write_bytes(path_of("no-opset.onnx"), "\x3a\0", 2);
  assert_fails(quern_onnx_load(path_of("no-opset.onnx"), NULL, &network), QUERN_ERROR_FORMAT,
               "opset");
  write_bytes(path_of("old.onnx"), "\x3a\0\x42\2\x10\6", 6);
  assert_fails(quern_onnx_load(path_of("old.onnx"), NULL, &network), QUERN_ERROR_UNSUPPORTED,
               "opset 6");
  write_bytes(path_of("no-input.onnx"), "\x3a\0\x42\2\x10\xd", 6);
  assert_fails(quern_onnx_load(path_of("no-input.onnx"), NULL, &network), QUERN_ERROR_FORMAT,
               "no input");
  quern_network *small;
  const quern_layer layer = quern_dense(2, QUERN_ACTIVATION_IDENTITY);
  assert_ok(quern_network_create(2, &layer, 1, QUERN_LOSS_SQUARED, &small));
  assert_ok(quern_onnx_check(small, path_of("x.onnx")));
  assert_int_not_equal(access(path_of("x.onnx"), F_OK), 0);
  assert_fails(quern_onnx_save(small, path_of("missing/x.onnx")), QUERN_ERROR_FILE,
               "missing/x.onnx");
  quern_network_free(small);
}

/* Each layer's numbers are those of the same network as safetensors; a graph that is no chain is
 * its constants, and says why. */
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

/* A message takes more memory than its bytes: empty nodes would be a hundred times the file. */
static void test_memory_is_bounded(void **state) {
  (void)state;
  enum { NODES = 300000 };
  unsigned char *bytes = test_alloc(5 + 2 * NODES + 6, 1);
  size_t position = 0, length = 2 * NODES;
  bytes[position++] = 0x3a; /* the graph */
  for (; length > 0x7f; length >>= 7) bytes[position++] = (unsigned char)(length | 0x80);
  bytes[position++] = (unsigned char)length;
  for (size_t i = 0; i < NODES; i++, position += 2) bytes[position] = 0x0a; /* a node of no bytes */
  write_bytes(path_of("nodes.onnx"), bytes, position);
  free(bytes);
  quern_network *network;
  assert_fails(quern_onnx_load(path_of("nodes.onnx"), NULL, &network), QUERN_ERROR_FORMAT,
               "not an ONNX file");
}

/* Where quern is built without protobuf-c, it says so, and there is nothing else to see. */
static bool is_supported(void) {
  quern_network *network;
  return quern_onnx_load(path_of("missing.onnx"), NULL, &network) != QUERN_ERROR_UNSUPPORTED;
}

static void test_absence_is_told(void **state) {
  (void)state;
  quern_network *network;
  if (!is_supported())
    assert_fails(quern_onnx_load("x.onnx", NULL, &network), QUERN_ERROR_UNSUPPORTED,
                 "x.onnx: quern was built without protobuf-c");
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_foreign_files),
                                     QUERN_TEST(test_own_files),
                                     QUERN_TEST(test_the_loss_of_plain_outputs),
                                     QUERN_TEST(test_refused_graphs),
                                     QUERN_TEST(test_refused_files),
                                     QUERN_TEST(test_memory_is_bounded),
                                     QUERN_TEST(test_inspection)};
  const struct CMUnitTest absent[] = {QUERN_TEST(test_absence_is_told)};
  return is_supported() ? cmocka_run_group_tests(tests, prepare, clean)
                        : cmocka_run_group_tests(absent, prepare, clean);
}
