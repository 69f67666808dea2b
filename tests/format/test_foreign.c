/* Models of other programs are named for what they are, with the line that converts them. */
#include "../data/temporary.h"
#include "test.h"

#define ZIP(name, length) "PK\3\4\24\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0" length "\0\0\0" name

static void test_foreign_models(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t count;
    const char *safetensors, *onnx; /* parts of the messages of the two readers */
  } cases[] = {
#define BYTES(text) text, sizeof text - 1
      {BYTES(ZIP("net/data.pkl", "\14")),
       "is a PyTorch file, expected safetensors: in Python, "
       "safetensors.torch.save_file(torch.load(\"",
       "is a PyTorch file, expected ONNX"},
      {BYTES("\x80\2\x8a\nl\xfc\x9c\x46\xf9 j\xa8P\x19"), "PyTorch", "PyTorch"},
      {BYTES("\x80\4\x95\x10\0\0\0\0\0\0\0\x8c\7sklearn"),
       "is a Python pickle, expected safetensors: in Python, open(\"net.onnx\"", "skl2onnx"},
      {BYTES(ZIP("metadata.json", "\15")), "is a Keras file, expected safetensors",
       ".export(\"net.onnx\", format=\"onnx\")"},
      {BYTES("\x89HDF\r\n\x1a\n\0\0\0\0"),
       "is an HDF5 file, expected safetensors: in Python, keras", "keras.saving.load_model(\""},
      {BYTES("\x1c\0\0\0TFL3\x14\0\x20\0"), "TensorFlow Lite", "TensorFlow Lite"},
      {BYTES("\x93NUMPY\1\0v\0{'descr'"), "is a NumPy file", "arrays are read as data"},
      {BYTES(ZIP("x.npy", "\5")), "is a NumPy file", "is a NumPy file"},
      {BYTES(ZIP("a.txt", "\5")), "is a ZIP archive, as .pt", "ZIP archive"},
      {BYTES("PK\3\4"), "ZIP", "ZIP"},
      {BYTES("\10\10\22\7pytorch\32\1"),
       "is an ONNX file, expected safetensors: the name must end in .onnx", "not an ONNX file"},
      {BYTES("\2\0\0\0\0\0\0\0{}"), "has no tensors",
       "is a safetensors file, expected ONNX: the name must end in .safetensors"},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    quern_network *network;
    write_bytes(path_of("net"), cases[i].bytes, cases[i].count);
    assert_fails(quern_model_load(path_of("net"), NULL, &network), QUERN_ERROR_FORMAT,
                 cases[i].safetensors);
    const quern_status status = quern_onnx_load(path_of("net"), NULL, &network);
    if (status == QUERN_ERROR_UNSUPPORTED) continue; /* built without ONNX */
    assert_fails(status, QUERN_ERROR_FORMAT, cases[i].onnx);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_foreign_models)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}
