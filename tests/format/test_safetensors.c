/* The reader of safetensors: what it accepts, and its errors. */
#include "../model/model_test.h"
#include "format/safetensors/safetensors.h"

#include <malloc.h>
#include <quern/inspect.h>

#define TENSOR(name, shape, begin, end)                                                            \
  "\"" name "\":{\"dtype\":\"F32\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end "]}"

static void open_fails(const char *path, quern_status status, const char *part) {
  quern__safetensors file;
  quern_status got = quern__safetensors_open(path, &file);
  quern__safetensors_close(&file);
  if (got != status)
    fail_msg("%s, expected %s with \"%s\"", quern_status_name(got), quern_status_name(status),
             part);
  assert_error_says(path, part, NULL);
}

static void test_good(void **state) {
  (void)state;
  const char *path = path_of("good");
  /* Out of order, a scalar, an empty tensor, other dtypes, escapes, blanks at the end. */
  static const char header[] =
      " {\"__metadata__\" : {\"format\":\"pt\",\"\\u00e9\\n\":\"\xc3\xa9\"},\n" TENSOR(
          "b", "[2,1]", 4,
          12) ",\"a\\\"\":{\"shape\":[],\"data_offsets\":[0,4],\"dtype\":\"F32\"},\"empty\":{"
              "\"dtype\":\"I64\",\"shape\":[5,0,9007199254740991],\"data_offsets\":[12,12]},"
              "\"half\":{\"dtype\":\"BF16\",\"shape\":[3],\"data_offsets\":[12,18]}}   ";
  write_header(path, header + 1, sizeof header - 2, 18);
  quern__safetensors file;
  assert_ok(quern__safetensors_open(path, &file));
  assert_int_equal(file.count, 4);
  assert_string_equal(quern__safetensors_metadata(&file, "format"), "pt");
  assert_string_equal(quern__safetensors_metadata(&file, "\xc3\xa9\n"), "\xc3\xa9");
  assert_null(quern__safetensors_metadata(&file, "Format"));
  assert_string_equal(file.entries[0].name, "a\"");
  assert_int_equal(file.entries[0].rank, 0);
  assert_string_equal(file.entries[1].name, "b");
  assert_int_equal(file.entries[1].rank, 2);
  assert_int_equal(file.entries[1].shape[0], 2);
  assert_int_equal(file.entries[1].bytes, 8);
  float values[2];
  assert_ok(quern__safetensors_read(&file, &file.entries[1], values));
  assert_true(values[0] == 1.0f && values[1] == 2.0f);
  assert_string_equal(file.entries[3].dtype, "BF16");
  quern__safetensors_close(&file);
}

static void test_no_tensors(void **state) {
  (void)state;
  const char *path = path_of("empty");
  write_header(path, "{}", 2, 0);
  quern__safetensors file;
  assert_ok(quern__safetensors_open(path, &file));
  assert_int_equal(file.count, 0);
  assert_null(quern__safetensors_metadata(&file, "format"));
  quern__safetensors_close(&file);
}

/* Wrong headers, with the size of the data after them. */
static const struct bad_header {
  const char *header;
  size_t data_bytes;
  const char *part;
} bad_headers[] = {
    {"", 0, "expected '{'"},
    {"[]", 0, "expected '{'"},
    {" {}", 0, "expected '{'"},
    {"\xef\xbb\xbf{}", 0, "expected '{'"},
    {"{", 0, "not valid JSON"},
    {"{}}", 0, "expected blanks"},
    {"{}\n", 0, "expected blanks"},
    {"{} {}", 0, "expected blanks"},
    {"{\"a\":}", 0, "not valid JSON"},
    {"{\"a\" 1}", 0, "not valid JSON"},
    {"{" TENSOR("a", "[1]", 0, 4) ",}", 4, "not valid JSON"},
    {"{" TENSOR("a", "[1,]", 0, 4) "}", 4, "not valid JSON"},
    {"{\"a\":1}", 0, "\"a\": must be an object"},
    {"{\"a\":[]}", 0, "\"a\": must be an object"},
    {"{\"a\":\"x\"}", 0, "\"a\": must be an object"},
    {"{\"a\":null}", 0, "byte 5"},
    {"{\"a", 0, "closing quote"},
    {"{\"a\\", 0, "closing quote"},
    {"{\"a\n\":{}}", 0, "control character"},
    {"{\"a\\u0000b\":{}}", 0, "zero character"},
    {"{\"a\\x\":{}}", 0, "not valid JSON"},
    {"{\"a\\ud800\":{}}", 0, "not valid JSON"},
    {"{\"a\\udc00\":{}}", 0, "not valid JSON"},
    {"{\"a\\ud800\\u0041\":{}}", 0, "not valid JSON"},
    {"{\"a\\ud800\\udc0\":{}}", 0, "not valid JSON"},
    {"{\"a\\u00g0\":{}}", 0, "not valid JSON"},
    {"{\"a\\u00\":{}}", 0, "not valid JSON"},
    {"{\"\xff\":{}}", 0, "not UTF-8"},
    {"{\"\xc0\xaf\":{}}", 0, "not UTF-8"},
    {"{\"\xed\xa0\x80\":{}}", 0, "not UTF-8"},
    {"{\"\xf4\x90\x80\x80\":{}}", 0, "not UTF-8"},
    {"{\"\xe2\x82", 0, "not UTF-8"},
    {"{\"a\":{\"b\":{\"c\":{}}}}", 0, "fourth level"},
    {"{\"a\":{}}", 0, "\"dtype\" is missing"},
    {"{\"a\":{\"dtype\":\"F32\",\"data_offsets\":[0,4]}}", 4, "\"shape\" is missing"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1]}}", 4, "\"data_offsets\" is missing"},
    {"{\"a\":{\"dtype\":\"F32\",\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
     "\"dtype\" occurs twice"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4],\"x\":1}}", 4,
     "unknown field \"x\""},
    {"{\"a\":{\"dtype\":4,\"shape\":[1],\"data_offsets\":[0,4]}}", 4, "dtype must be a string"},
    {"{\"a\":{\"dtype\":\"f32\",\"shape\":[1],\"data_offsets\":[0,4]}}", 4,
     "unknown dtype \"f32\""},
    {"{" TENSOR("a", "1", 0, 4) "}", 4, "shape must be a list"},
    {"{" TENSOR("a", "[\"1\"]", 0, 4) "}", 4, "shape must be a list of whole numbers"},
    {"{" TENSOR("a", "[-1]", 0, 4) "}", 4, "byte 29"},
    {"{" TENSOR("a", "[1.0]", 0, 4) "}", 4, "byte 30"},
    {"{" TENSOR("a", "[1e0]", 0, 4) "}", 4, "byte 30"},
    {"{" TENSOR("a", "[01]", 0, 4) "}", 4, "leading zero"},
    {"{" TENSOR("a", "[true]", 0, 4) "}", 4, "byte 29"},
    {"{" TENSOR("a", "[9007199254740992]", 0, 4) "}", 4, "below 2^53"},
    {"{" TENSOR("a", "[999999999999999999999999999999]", 0, 4) "}", 4, "below 2^53"},
    {"{" TENSOR("a", "[1,1152921504606846976]", 0, 4) "}", 4, "below 2^53"},
    {"{" TENSOR("a", "[2]", 0, 4) "}", 4, "hold 4 bytes, but its shape of F32 needs 8"},
    {"{" TENSOR("a", "[1]", 0, 8) "}", 8, "hold 8 bytes, but its shape of F32 needs 4"},
    {"{" TENSOR("a", "[0]", 0, 4) "}", 4, "needs 0"},
    {"{" TENSOR("a", "[1]", 4, 0) "}", 4, "are not ascending offsets"},
    {"{" TENSOR("a", "[1]", 0, 8) "}", 4, "within the 4 bytes"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0]}}", 4, "two whole numbers"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,4,4]}}", 4, "two whole numbers"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":{}}}", 4, "two whole numbers"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,\"4\"]}}", 4,
     "two whole numbers"},
    {"{\"a\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[0,99999999999999999999]}}", 4,
     "two whole numbers"},
    {"{" TENSOR("a", "[1]", 0, 4) "}", 8,
     "the tensors end at byte 4 of the data, but the file has 8"},
    {"{}", 1, "the tensors end at byte 0"},
    {"{" TENSOR("a", "[1]", 0, 4) "," TENSOR("b", "[1]", 8, 12) "}", 12,
     "\"b\": data begins at byte 8, expected 4 (no"},
    {"{" TENSOR("a", "[1]", 4, 8) "}", 8, "\"a\": data begins at byte 4, expected 0"},
    {"{" TENSOR("a", "[2]", 0, 8) "," TENSOR("b", "[1]", 4, 8) "}", 8,
     "\"b\": data begins at byte 4, expected 8 (it"},
    {"{" TENSOR("a", "[1]", 0, 4) "," TENSOR("b", "[1]", 0, 4) "}", 4, "overlaps"},
    {"{" TENSOR("a", "[1]", 0, 4) "," TENSOR("a", "[1]", 4, 8) "}", 8, "tensor \"a\" occurs twice"},
    {"{\"__metadata__\":[]}", 0, "must be an object of strings"},
    {"{\"__metadata__\":\"x\"}", 0, "must be an object of strings"},
    {"{\"__metadata__\":{\"k\":1}}", 0, "metadata \"k\" must be a string"},
    {"{\"__metadata__\":{\"k\":{}}}", 0, "metadata \"k\" must be a string"},
    {"{\"__metadata__\":{\"k\":\"1\",\"j\":\"\",\"k\":\"2\"}}", 0, "metadata \"k\" occurs twice"},
    {"{\"__metadata__\":{},\"__metadata__\":{}}", 0, "\"__metadata__\" occurs twice"},
};

static void test_bad_headers(void **state) {
  (void)state;
  const char *path = path_of("bad");
  for (size_t i = 0; i < sizeof bad_headers / sizeof *bad_headers; i++) {
    const struct bad_header *bad = &bad_headers[i];
    write_header(path, bad->header, strlen(bad->header), bad->data_bytes);
    open_fails(path, QUERN_ERROR_FORMAT, bad->part);
  }
  write_header(path, "{}\0", 3, 0);
  open_fails(path, QUERN_ERROR_FORMAT, "byte 2");
  write_header(path, "{\"a\0\":{}}", 9, 0);
  open_fails(path, QUERN_ERROR_FORMAT, "control character");
}

static void test_overflow(void **state) {
  (void)state;
  const char *path = path_of("overflow");
  static const char *const shapes[] = {
      "{" TENSOR("a", "[4503599627370496,1024]", 0, 4) "}",
      "{" TENSOR("a", "[4294967296,4294967296]", 0, 4) "}",
      "{" TENSOR("a", "[4294967296,4294967296,4294967296,4294967296]", 0, 4) "}",
      "{" TENSOR("a", "[4611686018427387,4096]", 0, 4) "}",
  };
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    write_header(path, shapes[i], strlen(shapes[i]), 4);
    open_fails(path, QUERN_ERROR_OVERFLOW, "tensor \"a\": the product of its shape overflows");
  }
}

static void test_bad_lengths(void **state) {
  (void)state;
  const char *path = path_of("length");
  write_bytes(path, "", 0);
  open_fails(path, QUERN_ERROR_FORMAT, "has 0 bytes");
  write_bytes(path, "\2\0\0\0\0\0\0", 7);
  open_fails(path, QUERN_ERROR_FORMAT, "has 7 bytes");
  write_bytes(path, "\3\0\0\0\0\0\0\0{}", 10);
  open_fails(path, QUERN_ERROR_FORMAT, "header of 3 bytes, but only 2 follow");
  write_bytes(path, "\xff\xff\xff\xff\xff\xff\xff\xff{}", 10);
  open_fails(path, QUERN_ERROR_FORMAT, "expected at most 100000000");
  write_bytes(path, "\x01\xe1\xf5\x05\0\0\0\0{}", 10);
  open_fails(path, QUERN_ERROR_FORMAT, "claim a header of 100000001 bytes");
}

static void test_unreadable(void **state) {
  (void)state;
  open_fails(path_of("missing"), QUERN_ERROR_FILE, "No such file");
  open_fails(temporary_folder, QUERN_ERROR_FILE, "is a folder");
  open_fails("/dev/null", QUERN_ERROR_FILE, "device or pipe");
}

/* Deep nesting must not reach cJSON's recursion. */
static void test_nesting(void **state) {
  (void)state;
  const char *path = path_of("deep");
  enum { DEPTH = 1000000 };
  char *header = test_alloc(DEPTH, 1);
  memset(header, '[', DEPTH);
  memcpy(header, "{\"a\":", 5);
  write_header(path, header, DEPTH, 0);
  free(header);
  open_fails(path, QUERN_ERROR_FORMAT, "fourth level");
}

/* Each of JSON's escapes, and surrogate pairs. */
static void test_escapes(void **state) {
  (void)state;
  static const char header[] =
      "{\"__metadata__\":{\"\\\"\\\\\\/"
      "\\b\\f\\n\\r\\t\":\"\\u0041\\u00e9\\u20AC\\ud83d\\uDE00.\",\"\":\"\"}}";
  const char *path = path_of("escapes");
  quern__safetensors file;
  write_header(path, header, sizeof header - 1, 0);
  assert_ok(quern__safetensors_open(path, &file));
  assert_int_equal(file.metadata_count, 2);
  assert_string_equal(quern__safetensors_metadata(&file, "\"\\/\b\f\n\r\t"),
                      "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x98\x80.");
  assert_string_equal(quern__safetensors_metadata(&file, ""), "");
  quern__safetensors_close(&file);
}

/* A header of `head`, some MiB of `item`s with their numbers, separated by commas, and `tail`. */
static size_t write_long_header(const char *path, const char *head, const char *item,
                                const char *tail) {
  enum { LENGTH = 1 << 22, ROOM = 256 };
  char *header = test_alloc(LENGTH + ROOM, 1);
  size_t length = (size_t)snprintf(header, ROOM, "%s", head);
  for (unsigned long i = 0; length < LENGTH; i++) {
    char number[32];
    snprintf(number, sizeof number, "%lu", i);
    if (i > 0) header[length++] = ',';
    for (const char *next = item; *next != '\0'; next++)
      length += *next == '#' ? (size_t)snprintf(header + length, ROOM, "%s", number)
                             : (size_t)snprintf(header + length, ROOM, "%c", *next);
  }
  length += (size_t)snprintf(header + length, ROOM, "%s", tail);
  write_header(path, header, length, 0);
  free(header);
  return length;
}

/* Bytes allocated by malloc. */
static size_t allocated(void) {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
  const struct mallinfo2 info = mallinfo2();
  return info.uordblks + info.hblkhd;
#else
  return 0;
#endif
}

/* Memory is in proportion to the file's bytes, whatever its header has. */
static void test_memory(void **state) {
  (void)state;
  static const struct {
    const char *head, *item, *tail;
  } headers[] = {
      {"{", "\"#\":{\"dtype\":\"U8\",\"shape\":[],\"data_offsets\":[0,0]}", ""},
      {"{", "\"#\":{\"dtype\":\"U8\",\"shape\":[0,0,0,0,0,0,0,0],\"data_offsets\":[0,0]}", "}"},
      {"{\"__metadata__\":{", "\"#\":\"\"", "}}"},
      {"{\"a\":{\"dtype\":\"U8\",\"data_offsets\":[0,0],\"shape\":[", "0", "]}}"}};
  const char *path = path_of("long");
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
    const size_t length =
        write_long_header(path, headers[i].head, headers[i].item, headers[i].tail);
    const size_t before = allocated();
    quern__safetensors file;
    const quern_status status = quern__safetensors_open(path, &file);
    const size_t taken = allocated() - before;
    quern__safetensors_close(&file);
    if (!(taken < 10 * length)) fail_msg("header %zu: %zu bytes for one of %zu", i, taken, length);
    assert_int_equal(status, i == 1 || i == 2 ? QUERN_OK : QUERN_ERROR_FORMAT);
    quern_inspection *inspection;
    const quern_status inspected = quern_inspect(path, &inspection);
    const size_t held = allocated() - before;
    quern_inspection_free(inspection);
    if (!(held < 10 * length))
      fail_msg("inspection %zu: %zu bytes for one of %zu", i, held, length);
    assert_int_equal(inspected, status);
  }
}

/* As many dimensions as other libraries support. */
static void test_dimensions(void **state) {
  (void)state;
  const char *path = path_of("dimensions");
  for (size_t sizes = 64; sizes <= 65; sizes++) {
    char shape[256], header[512];
    for (size_t i = 0; i < sizes; i++) snprintf(shape + 2 * i, 4, "1%s", i + 1 < sizes ? "," : "");
    snprintf(header, sizeof header,
             "{\"a\":{\"dtype\":\"U8\",\"shape\":[%s],\"data_offsets\":[0,1]}}", shape);
    write_header(path, header, strlen(header), 1);
    if (sizes == 65)
      open_fails(path, QUERN_ERROR_FORMAT,
                 "tensor \"a\": a shape of 65 sizes, expected at most 64");
    quern__safetensors file;
    const quern_status status = quern__safetensors_open(path, &file);
    if (sizes == 64) assert_int_equal(file.entries[0].rank, 64);
    quern__safetensors_close(&file);
    assert_int_equal(status, sizes == 64 ? QUERN_OK : QUERN_ERROR_FORMAT);
  }
}

/* Many tensors: sorting and searching must not be quadratic. */
static void test_many(void **state) {
  (void)state;
  enum { COUNT = 100000, ROOM = 100 };
  char *header = test_alloc((size_t)COUNT * ROOM, 1);
  size_t length = 0;
  header[length++] = '{';
  for (size_t i = 0; i < COUNT; i++)
    length +=
        (size_t)snprintf(header + length, ROOM,
                         "%s\"t%zu\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%zu,%zu]}",
                         i > 0 ? "," : "", i, 4 * (COUNT - 1 - i), 4 * (COUNT - i));
  header[length++] = '}';
  const char *path = path_of("many");
  write_header(path, header, length, (size_t)COUNT * 4);
  free(header);
  quern__safetensors file;
  assert_ok(quern__safetensors_open(path, &file));
  assert_int_equal(file.count, COUNT);
  assert_string_equal(file.entries[0].name, "t99999");
  quern__safetensors_close(&file);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      MODEL_TEST(test_good),     MODEL_TEST(test_no_tensors),  MODEL_TEST(test_bad_headers),
      MODEL_TEST(test_overflow), MODEL_TEST(test_bad_lengths), MODEL_TEST(test_unreadable),
      MODEL_TEST(test_nesting),  MODEL_TEST(test_many),        MODEL_TEST(test_escapes),
      MODEL_TEST(test_memory),   MODEL_TEST(test_dimensions),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}
