/* ONNX files that quern cannot read; the error names the node. */
#include "onnx_test.h"
#include <sys/stat.h>
#include <unistd.h>

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
      {"folded-arithmetic", "\2a1\12\3two", "\3two\12\2a1", QUERN_ERROR_UNSUPPORTED,
       "node 2 (Div): divides by the result of the node before"},
      {"folded-limits", "\4zero\12\3six", "\4zero\12\3sax", QUERN_ERROR_UNSUPPORTED,
       "node 1 (Clip): max is not a constant"},
      {"folded-limits", "HardSigmoid", "HardSwishes", QUERN_ERROR_UNSUPPORTED,
       "node 12 (HardSwishes): is not a supported operator; docs/onnx.md lists"},
      {"folded-constants", "transA", "transB", QUERN_ERROR_UNSUPPORTED,
       "node 7 (Gemm): A is transposed or not the result"},
      {"exports/sklearn-numbers", "\"\6ZipMap", "\"\6ZipMop", QUERN_ERROR_UNSUPPORTED,
       "is an operator of \"ai.onnx.ml\""},
      {"exports/sklearn-texts", "green", "aaaaa", QUERN_OK, NULL},
      {"by-sample", "Flatten", "Flatten", QUERN_ERROR_SHAPE,
       "node 0 (Add): B has 6 numbers in 3 dimensions for 6 values"},
      {"exports/pytorch-view", "\"\5Shape", "\"\5Shope", QUERN_ERROR_UNSUPPORTED, "Shope"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    quern_network *network;
    /* Some contain bytes of the format, including zeros. */
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
  options = quern_onnx_options_default();
  options.plain_loss = (quern_loss)99;
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

/* Copies a stored file into the temporary folder. */
static void copy_stored(const char *name, const char *to) {
  size_t size;
  unsigned char *bytes = read_bytes(stored(name, ""), &size);
  write_bytes(path_of(to), bytes, size);
  free(bytes);
}

/* The model's author chooses where its data are: only below its own folder, and without links. */
static void test_data_in_another_file(void **state) {
  (void)state;
  static const char name[] = "pytorch-default.onnx.data";
  static const struct {
    const char *location; /* as long as the name */
    quern_status status;
    const char *message;
  } cases[] = {
      {"pytorch-default.onnx.none", QUERN_ERROR_FILE, "which cannot be opened: No such file"},
      {"../orch-default.onnx.data", QUERN_ERROR_FORMAT,
       "expected a file in the model's own folder"},
      {"/ytorch-default.onnx.data", QUERN_ERROR_FORMAT,
       "expected a file in the model's own folder"},
      {"linked-default.onnx.data_", QUERN_ERROR_FORMAT,
       "expected a file in the model's own folder"},
      {"pytorch-short_.onnx.data_", QUERN_ERROR_FORMAT, "has 10 bytes, expected"},
      {"./././././././././././sub", QUERN_ERROR_FILE, "is a folder"},
  };
  quern_network *network;
  char link[PATH_BYTES];
  copy_stored("exports/pytorch-default.onnx.data", name);
  write_bytes(path_of("pytorch-short_.onnx.data_"), "0123456789", 10);
  assert_int_equal(mkdir(path_of("sub"), 0700), 0);
  snprintf(link, sizeof link, "%s", path_of("linked-default.onnx.data_"));
  assert_int_equal(symlink(path_of(name), link), 0);
  write_changed("exports/pytorch-default", name, name, strlen(name));
  network = load(path_of("changed.onnx"));
  quern_network_free(network);
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char location[sizeof name];
    snprintf(location, sizeof location, "%s", cases[i].location);
    write_changed("exports/pytorch-default", name, location, strlen(name));
    assert_fails(quern_onnx_load(path_of("changed.onnx"), NULL, &network), cases[i].status,
                 cases[i].message);
    quern_inspection *file;
    assert_ok(quern_inspect(path_of("changed.onnx"), &file));
    assert_non_null(strstr(quern_inspection_note(file), cases[i].message));
    quern_inspection_free(file);
  }
  unlink(link);
  rmdir(path_of("sub"));
}

/* Names that are not in ascending order are left out, which the note reports. */
static void test_names_of_classes_left_out(void **state) {
  (void)state;
  write_changed("exports/sklearn-texts", "green", "aaaaa", 5);
  quern_network *network = load(path_of("changed.onnx"));
  assert_null(quern_network_schema(network));
  assert_non_null(strstr(quern_network_note(network), "the names of its classes are left out"));
  quern_network_free(network);
}

/* Messages use more memory than their bytes: empty nodes would use a hundred times the file. */
static void test_memory_is_bounded(void **state) {
  (void)state;
  enum { NODES = 300000 };
  unsigned char *bytes = test_alloc(5 + 2 * NODES + 6, 1);
  size_t position = 0, length = 2 * NODES;
  bytes[position++] = 0x3a; /* the graph */
  for (; length > 0x7f; length >>= 7) bytes[position++] = (unsigned char)(length | 0x80);
  bytes[position++] = (unsigned char)length;
  for (size_t i = 0; i < NODES; i++, position += 2) bytes[position] = 0x0a; /* an empty node */
  write_bytes(path_of("nodes.onnx"), bytes, position);
  free(bytes);
  quern_network *network;
  assert_fails(quern_onnx_load(path_of("nodes.onnx"), NULL, &network), QUERN_ERROR_FORMAT,
               "not an ONNX file");
}

/* test_onnx.c reads the error of a build without protobuf-c. */
static void test_absent(void **state) {
  (void)state;
  skip();
}

int main(void) {
  const struct CMUnitTest tests[] = {
      QUERN_TEST(test_refused_graphs),       QUERN_TEST(test_refused_files),
      QUERN_TEST(test_data_in_another_file), QUERN_TEST(test_names_of_classes_left_out),
      QUERN_TEST(test_memory_is_bounded),
  };
  const struct CMUnitTest absent[] = {QUERN_TEST(test_absent)};
  return is_supported()
             ? cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder)
             : cmocka_run_group_tests(absent, make_temporary_folder, remove_temporary_folder);
}
