/* Files that are recognized by their first bytes and not read: the message has the way out. */
#include "temporary.h"
#include <quern/model.h>

static void write_beginning(const char *bytes, size_t count) {
  unsigned char file[128] = {0};
  assert_true(count <= sizeof file);
  memcpy(file, bytes, count);
  memset(file + count, 7, sizeof file - count);
  write_bytes(path_of("some.file"), file, sizeof file);
}

static void as_data(void **state) {
  (void)state;
#define CASE(bytes, name, cure)                                                                    \
  { bytes, sizeof bytes - 1, name, cure }
  static const struct {
    const char *bytes;
    size_t count;
    const char *name, *cure;
  } cases[] = {
      CASE("PAR1\x15", "some.file is a Parquet file", "pandas.read_parquet(file)"),
      CASE("ARROW1", "an Arrow file", "pandas.read_feather(file)"),
      CASE("\x89HDF\r\n\x1a\n", "an HDF5 file", "h5py.File(file)"),
      CASE("\x80\x05\x95", "a pickle", "numpy.savez(\"data.npz\", x=x, y=y)"),
      CASE("\x89PNG\r\n\x1a\n", "a PNG image", "numpy.savez"),
      CASE("\xff\xd8\xff\xe0", "a JPEG image", "numpy.savez"),
      CASE("\xfd\x37zXZ", "compressed by xz", "xz -d file"),
      CASE("BZh91AY&SY", "compressed by bzip2", "bunzip2 file"),
      CASE("\x28\xb5\x2f\xfd", "compressed by zstd", "zstd -d file"),
      CASE("MATLAB 5.0 MAT-file", "a MAT file", "scipy.io.loadmat(file)"),
      CASE("SQLite format 3", "an SQLite database", "pandas.read_sql"),
      CASE("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "an old Excel file", "pandas.read_excel(file)"),
      CASE("%PDF-1.7", "a PDF file", "export its tables"),
      CASE("<!DOCTYPE html>", "a web page", "load the file itself"),
      CASE("version https://git-lfs.github.com/spec/v1", "a pointer of Git LFS", "git lfs pull"),
      CASE("@relation iris\n", "an ARFF file", "scipy.io.arff"),
      CASE("{\"a\": [1]}", "a JSON file", "pandas.read_json(file)"),
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    write_beginning(cases[i].bytes, cases[i].count);
    assert_open_fails(path_of("some.file"), NULL, QUERN_ERROR_UNSUPPORTED);
    assert_error_says(cases[i].name, cases[i].cure, NULL);
  }
  /* An archive without arrays: only its end, which lists no members. */
  static const unsigned char archive[26] = {'P', 'K', 3, 4, 'P', 'K', 5, 6, [20] = 4};
  write_bytes(path_of("some.zip"), archive, sizeof archive);
  assert_open_fails(path_of("some.zip"), NULL, QUERN_ERROR_UNSUPPORTED);
  assert_error_says("a ZIP archive", "pandas.read_excel(file)", NULL);
}

static void as_model(void **state) {
  (void)state;
  static const struct {
    const char *bytes;
    size_t count;
    const char *name, *cure;
  } cases[] = {
      CASE("PK\x03\x04", "some.file: is a ZIP archive, as .pt", "safetensors.torch.save_file"),
      CASE("\x80\x02\x8a\x0a", "a pickle", "model.state_dict()"),
      CASE("\x80\x04\x95", "a Python pickle", "skl2onnx.to_onnx(joblib.load("),
      CASE("\x89HDF\r\n\x1a\n", "an HDF5 file", "export(\"net.onnx\", format=\"onnx\")"),
      CASE("\x93NUMPY\x01", "a NumPy file", "safetensors"),
      CASE("PAR1\x15\x04\x15\x04", "a Parquet file", "expected a safetensors file"),
      CASE("version https://git-lfs.github.com/spec/v1", "a pointer of Git LFS", "git lfs pull"),
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    quern_network *network;
    write_beginning(cases[i].bytes, cases[i].count);
    assert_int_equal(quern_model_load(path_of("some.file"), NULL, &network), QUERN_ERROR_FORMAT);
    assert_error_says(cases[i].name, cases[i].cure, NULL);
  }
}

#define TEST(function) cmocka_unit_test_teardown(function, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {TEST(as_data), TEST(as_model)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}
