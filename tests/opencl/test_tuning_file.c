/* Tuning files: a written file is read again, and a file with a fault changes nothing but the
 * note. */
#include "../data/temporary.h"
#include "base/error.h"
#include "opencl/tuning_file.h"
#include "opencl/tuning_text.h"
#include "test.h"

#include <quern/version.h>
#include <sys/stat.h>

static const quern_device_info device = {.kind = QUERN_DEVICE_CPU,
                                         .name = "A CPU (R) @ 2 GHz",
                                         .platform = "Some platform",
                                         .driver = "1.2\n3"};
static const quern_device_info newer = {.kind = QUERN_DEVICE_CPU,
                                        .name = "A CPU (R) @ 2 GHz",
                                        .platform = "Some platform",
                                        .driver = "1.3"};
static const quern_device_info gpu = {
    .kind = QUERN_DEVICE_GPU, .name = "A GPU", .platform = "NVIDIA CUDA", .driver = "5"};
static const quern__cl_limits limits = {.work_group = 1024, .local_memory = 48 << 10};

static quern__cl_tuning row_of(const quern_device_info *info) {
  return *quern__cl_tuning_find(info, limits);
}

/* A row unlike the defaults. */
static quern__cl_tuning other_row(void) {
  quern__cl_tuning row = row_of(&device);
  row.vector_width = 8;
  row.forward = (quern__cl_tile){6, 3, 77};
  row.backward_data = (quern__cl_tile){5, 2, 33};
  row.backward_weights = (quern__cl_tile){2, 5, 99};
  return row;
}

static void assert_same(const quern__cl_tuning *a, const quern__cl_tuning *b) {
  assert_true(quern__tuning_same(a, b, QUERN__PART_COUNT));
}

static void test_round_trip(void **state) {
  (void)state;
  const quern__cl_tuning row = other_row();
  quern__cl_tuning read = row_of(&device);
  assert_false(quern__tuning_same(&row, &read, QUERN__PART_COUNT));
  assert_ok(quern__tuning_check(&row, limits));
  assert_ok(quern__tuning_write(path_of("cpu"), &device, &row));
  assert_ok(quern__tuning_read(path_of("cpu"), &device, limits, &read));
  assert_same(&read, &row);

  quern__cl_tuning tiles = row_of(&gpu), read_tiles = tiles;
  tiles.groups[QUERN__GROUP_tiny].depth = 64;
  tiles.groups[QUERN__GROUP_large].padding = 2;
  assert_ok(quern__tuning_write(path_of("gpu"), &gpu, &tiles));
  assert_ok(quern__tuning_read(path_of("gpu"), &gpu, limits, &read_tiles));
  assert_same(&read_tiles, &tiles);
}

/* Every default must be valid in a file: the last kind's row is for any device. */
static void test_defaults_pass(void **state) {
  (void)state;
  static const char *const platforms[] = {"", "NVIDIA CUDA", "AMD Accelerated Parallel Processing",
                                          "Intel"};
  for (quern_device_kind kind = QUERN_DEVICE_GPU; kind <= QUERN_DEVICE_EMULATOR; kind++)
    for (size_t i = 0; i < sizeof platforms / sizeof *platforms; i++) {
      const quern_device_info info = {
          .kind = kind, .platform = platforms[i], .name = "", .driver = ""};
      assert_ok(quern__tuning_check(quern__cl_tuning_find(&info, limits), limits));
    }
}

/* Parses a copy of `size` bytes; a failure leaves the row unchanged. */
static quern_status parse(const char *text, size_t size, const quern_device_info *info) {
  const quern__cl_tuning before = row_of(info);
  quern__cl_tuning row = before;
  char *copy = test_alloc(size + 1, 1);
  memcpy(copy, text, size);
  copy[size] = '\0';
  const quern_status status = quern__tuning_parse("FILE", copy, size, info, limits, &row);
  free(copy);
  if (status != QUERN_OK) assert_memory_equal(&row, &before, sizeof row);
  return status;
}

static char *good_text(const quern_device_info *info) {
  const quern__cl_tuning row = info == &gpu ? row_of(info) : other_row();
  char *text = quern__tuning_format(info, &row);
  assert_non_null(text);
  assert_ok(parse(text, strlen(text), info));
  return text;
}

static void test_cut_short(void **state) {
  (void)state;
  const quern_device_info *const infos[] = {&device, &gpu};
  for (size_t i = 0; i < 2; i++) {
    char *text = good_text(infos[i]);
    for (size_t size = 0; size < strlen(text); size++)
      assert_fails(parse(text, size, infos[i]), QUERN_ERROR_FORMAT, "FILE: line");
    free(text);
  }
}

/* Each byte is replaced: parsing fails, or gives another row that is valid in every field. */
static void test_each_byte(void **state) {
  (void)state;
  static const char bytes[] = {'\0', '\n', '\r', ' ', '=', '-', '0', '1', '9', 'e', '\x7f', '\xff'};
  char *text = good_text(&device);
  const size_t size = strlen(text);
  for (size_t position = 0; position < size; position++) {
    const char old = text[position];
    for (size_t i = 0; i < sizeof bytes; i++) {
      text[position] = bytes[i];
      quern__cl_tuning row = row_of(&device);
      char *copy = test_alloc(size + 1, 1);
      memcpy(copy, text, size + 1);
      if (quern__tuning_parse("FILE", copy, size, &device, limits, &row) == QUERN_OK)
        assert_ok(quern__tuning_check(&row, limits));
      free(copy);
    }
    text[position] = old;
  }
  free(text);
}

/* The text with the first `from` replaced by `to`. */
static char *replaced(const char *text, const char *from, const char *to) {
  const char *cursor = strstr(text, from);
  if (cursor == NULL) fail_msg("no \"%s\" in the text", from);
  char *result = test_alloc(strlen(text) + strlen(to) + 1, 1);
  sprintf(result, "%.*s%s%s", (int)(cursor - text), text, to, cursor + strlen(from));
  return result;
}

static void test_faults(void **state) {
  (void)state;
  static const struct {
    const quern_device_info *info;
    const char *from, *to;
    const char *const says[4];
  } cases[] = {
      {&device,
       "tuning 1",
       "tuning 2",
       {"line 1", "expected \"quern tuning 1\"", "another version"}},
      {&device, "quern tuning 1\n", "", {"line 1", "expected \"quern tuning 1\""}},
      {&device,
       "quern = " QUERN_VERSION,
       "quern = 9.9.9",
       {"line 2", "made for quern \"9.9.9\"", QUERN_VERSION}},
      {&device, "kernels = ", "kernels = 0", {"line 3", "made for kernels"}},
      {&device, "Some platform", "Other", {"line 4", "platform", "\"Other\"", "Some platform"}},
      {&device, "A CPU", "B CPU", {"line 5", "device", "B CPU"}},
      {&device, "driver = 1.2 3", "driver = 1.2 4", {"line 6", "driver", "tune the device again"}},
      {&device, "dense = item", "dense = group", {"line 7", "dense is \"group\", expected item"}},
      {&device, "dense = item\n", "", {"ends without dense"}},
      {&device,
       "dense = item\n",
       "dense = item\ndense = item\n",
       {"line 8", "dense appears twice"}},
      {&device, "driver = 1.2 3\n", "", {"ends without driver"}},
      {&device, "driver", "quern = " QUERN_VERSION "\ndriver", {"line 6", "quern appears twice"}},
      {&device, "forward.rows = 6\n", "", {"ends without forward.rows"}},
      {&device, "forward.rows = 6\n", "forward.rows = 6\nforward.rows = 6\n", {"line 10", "twice"}},
      {&device,
       "forward.rows = 6",
       "forward.rows = 0",
       {"line 9", "forward.rows is \"0\"", "from 1 to 32"}},
      {&device, "forward.rows = 6", "forward.rows = 33", {"\"33\"", "from 1 to 32"}},
      {&device,
       "forward.rows = 6",
       "forward.rows = 4294967302",
       {"\"4294967302\"", "from 1 to 32"}},
      {&device, "forward.rows = 6", "forward.rows = -6", {"\"-6\"", "whole number"}},
      {&device, "forward.rows = 6", "forward.rows = +6", {"\"+6\"", "whole number"}},
      {&device, "forward.rows = 6", "forward.rows = 6 ", {"\"6 \"", "whole number"}},
      {&device, "forward.rows = 6", "forward.rows = ", {"\"\"", "whole number"}},
      {&device, "forward.rows = 6", "forward.rows = 6\r", {"\"6?\"", "whole number"}},
      {&device,
       "forward.rows = 6",
       "forward.rows 6",
       {"line 9", "\"forward.rows 6\", expected KEY = VALUE"}},
      {&device, "forward.rows = 6", "forward.cows = 6", {"line 9", "unknown key \"forward.cows\""}},
      {&device, "forward.rows = 6", "large.rows = 64", {"line 9", "unknown key \"large.rows\""}},
      {&device, "vector_width = 8", "vector_width = 12", {"vector_width is 12", "power of two"}},
      {&device,
       "backward_weights.rows = 2",
       "backward_weights.rows = 3",
       {"backward_weights.rows is 3", "divisor"}},
      {&device, "forward.panel = 77", "forward.panel = 4096", {"forward.panel is 4096", "256 KiB"}},
      {&device, "\nend\n", "\n\nend\n", {"\"\", expected KEY = VALUE"}},
      {&device, "\nend\n", "\nend\n\n", {"expected nothing after \"end\""}},
      {&device, "\nend\n", "\nend \n", {"\"end \""}},
      {&gpu,
       "large.item_rows = 8",
       "large.item_rows = 6",
       {"large tile", "multiples of vector_width"}},
      {&gpu, "large.rows = 128", "large.rows = 129", {"large tile", "multiples of item_rows"}},
      {&gpu,
       "large.depth = 8",
       "large.depth = 1024",
       {"large tile", "bytes of local memory", "has 49152"}},
      {&gpu, "large.buffers = 2", "large.buffers = 0", {"large tile", "buffers"}},
      {&gpu, "tiny.slices = 16", "tiny.slices = 3", {"tiny tile", "slices"}},
      {&gpu, "medium.rows = 64", "medium.rows = 256", {"medium tile"}},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char *good = good_text(cases[i].info);
    char *bad = replaced(good, cases[i].from, cases[i].to);
    test_assert_fails(parse(bad, strlen(bad), cases[i].info), QUERN_ERROR_FORMAT, cases[i].to,
                      __FILE__, __LINE__,
                      (const char *const[]){"FILE: ", cases[i].says[0], cases[i].says[1],
                                            cases[i].says[2], NULL});
    free(bad);
    free(good);
  }
}

static void test_garbage(void **state) {
  (void)state;
  char bytes[4096];
  uint32_t random = 1;
  for (size_t i = 0; i < sizeof bytes; i++)
    bytes[i] = (char)((random = random * 1664525u + 1013904223u) >> 24);
  assert_fails(parse(bytes, sizeof bytes, &device), QUERN_ERROR_FORMAT, "FILE: ");
  char *good = good_text(&device);
  good[strlen(good) / 2] = '\x1b';
  (void)parse(good, strlen(good), &device);
  assert_null(strchr(quern_last_error(), '\x1b'));
  const size_t size = strlen(good);
  good[size / 2] = '\0';
  assert_fails(parse(good, size, &device), QUERN_ERROR_FORMAT, "FILE: ", "zero byte");
  free(good);
}

/* --- In the cache folder --- */

typedef struct loaded {
  quern__cl_tuning row;
  char *file, *note;
} loaded;

static loaded load(const quern_device_info *info) {
  loaded got = {.row = row_of(info)};
  quern__set_error("what failed before");
  assert_ok(quern__tuning_load(info, limits, &got.row, &got.file, &got.note));
  assert_string_equal(quern_last_error(), "what failed before");
  assert_true(got.file == NULL || got.note == NULL);
  return got;
}

static void forget(loaded *got) {
  free(got->file);
  free(got->note);
}

/* The defaults, and a note with these words; NULL: no note. */
static void assert_defaults(const quern_device_info *info, const char *words) {
  loaded got = load(info);
  const quern__cl_tuning defaults = row_of(info);
  assert_memory_equal(&got.row, &defaults, sizeof defaults);
  assert_null(got.file);
  assert_true((got.note != NULL) == (words != NULL));
  if (words != NULL && strstr(got.note, words) == NULL)
    fail_msg("expected \"%s\" in \"%s\"", words, got.note);
  forget(&got);
}

static void test_load(void **state) {
  (void)state;
  char *path;
  size_t removed;
  const quern__cl_tuning row = other_row();
  assert_defaults(&device, NULL);
  assert_ok(quern__tuning_path(&device, &path));
  assert_non_null(strstr(path, "/tuning-A-CPU-R-2-GHz-"));
  assert_ok(quern__tuning_write(path, &device, &row));
  loaded got = load(&device);
  assert_string_equal(got.file, path);
  assert_same(&got.row, &row);
  forget(&got);
  /* Another driver has its own file, and a note about this one; another device has neither. */
  assert_defaults(&newer, "another driver");
  assert_defaults(&gpu, NULL);

  assert_int_equal(setenv("QUERN_CACHE", "off", 1), 0);
  assert_defaults(&device, NULL);
  assert_ok(quern__tuning_remove(&device, &removed));
  assert_int_equal(removed, 0);
  assert_int_equal(setenv("QUERN_CACHE", "", 1), 0);

  assert_ok(quern__tuning_remove(&gpu, &removed));
  assert_int_equal(removed, 0);
  assert_ok(quern__tuning_remove(&newer, &removed));
  assert_int_equal(removed, 1);
  assert_defaults(&device, NULL);
  free(path);
}

static void test_load_faults(void **state) {
  (void)state;
  char *path;
  assert_ok(quern__tuning_path(&device, &path));
  write_bytes(path, "quern tuning 1\nend\n", 19);
  assert_defaults(&device, "ends without");
  write_bytes(path, "", 0);
  assert_defaults(&device, "line 1");
  char *large = test_alloc(70000, 1);
  memset(large, 'x', 70000);
  write_bytes(path, large, 70000);
  assert_defaults(&device, "70000 bytes");
  free(large);
  assert_int_equal(remove(path), 0);
  assert_int_equal(mkdir(path, 0700), 0);
  assert_defaults(&device, "not a regular file");
  assert_int_equal(rmdir(path), 0);
  assert_int_equal(mkfifo(path, 0600), 0);
  assert_defaults(&device, "not a regular file");
  assert_int_equal(remove(path), 0);
  free(path);
}

static int set_up(void **state) {
  if (make_temporary_folder(state) != 0) return -1;
  return setenv("QUERN_CACHE", "", 1) != 0 || setenv("QUERN_CACHE_DIR", temporary_folder, 1) != 0
             ? -1
             : 0;
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_round_trip), QUERN_TEST(test_defaults_pass),
                                     QUERN_TEST(test_cut_short),  QUERN_TEST(test_each_byte),
                                     QUERN_TEST(test_faults),     QUERN_TEST(test_garbage),
                                     QUERN_TEST(test_load),       QUERN_TEST(test_load_faults)};
  return cmocka_run_group_tests_name("opencl/tuning_file", tests, set_up, remove_temporary_folder);
}
