/* Readers use memory in proportion to a file's bytes, whatever its headers say. The limits are:
 *
 * - IDX, .npy: memory doubles as bytes arrive, whatever the header's sizes (stream_read_rest).
 * - gzip, members of .npz: the same, by inflated bytes; a temporary file grows alike.
 * - The directory of an .npz: it is in the file, with 46 bytes for each member.
 * - safetensors: the tensors tile the bytes of the file.
 * - Tables: rows double, from as few as are wide. Each text is kept once. A text column becomes
 *   one-hot only if its texts are categories. There are no more classes than rows. */
#include "temporary.h"
#include "test.h"

#include <sys/resource.h>
#include <sys/wait.h>

/* Bytes of the process's address space. */
static rlim_t address_space(void) {
  unsigned long pages = 0;
  FILE *file = fopen("/proc/self/statm", "r");
  if (file == NULL || fscanf(file, "%lu", &pages) != 1) pages = 0;
  if (file != NULL) fclose(file);
  return (rlim_t)pages * (rlim_t)sysconf(_SC_PAGESIZE);
}

/* Opens a file in a process whose memory may grow by so many bytes, and expects that status. */
static void open_within(const char *path, const quern_dataset_options *options, rlim_t bytes,
                        quern_status expected) {
  const rlim_t before = address_space();
  if (before == 0) skip(); /* a system that does not report it */
  const pid_t child = fork();
  assert_true(child >= 0);
  if (child == 0) {
    const struct rlimit limit = {before + bytes, before + bytes};
    quern_dataset *train = NULL;
    if (setrlimit(RLIMIT_AS, &limit) != 0) _exit(2);
    const quern_status status = quern_dataset_open(path, options, &train, NULL);
    if (status != expected) fprintf(stderr, "%s\n", quern_last_error());
    _exit(status == expected ? 0 : 1);
  }
  int status;
  assert_int_equal(waitpid(child, &status, 0), child);
  assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

#if defined(__SANITIZE_ADDRESS__)
enum { LIMITS = 0 }; /* shadow memory takes terabytes of address space */
#else
enum { LIMITS = 1 };
#endif

/* One row of 600,000 values: room for 64 of them took 150 MB for 1.2 MB. */
static void wide_rows(void **state) {
  (void)state;
  if (!LIMITS) skip();
  enum { COLUMNS = 600000, MIB = 1 << 20 };
  char *text = test_alloc(2 * COLUMNS + 2, 1);
  for (size_t i = 0; i < COLUMNS; i++) memcpy(text + 2 * i, "1,", 2);
  memcpy(text + 2 * COLUMNS, "0\n", 2);
  write_bytes(path_of("wide.csv"), text, 2 * COLUMNS + 2);
  open_within(path_of("wide.csv"), NULL, 160 * MIB, QUERN_OK);
  free(text);
}

/* A header of terabytes, and megabytes of zeros in a few bytes of gzip, which arrive but are not
 * declared. */
static void promises(void **state) {
  (void)state;
  if (!LIMITS) skip();
  enum { MIB = 1 << 20 };
  static const char header[] =
      "{'descr': '<f8', 'fortran_order': False, 'shape': (1000000000000, 100), }\n";
  unsigned char npy[10 + sizeof header] = "\x93NUMPY\x01";
  npy[8] = sizeof header - 1;
  memcpy(npy + 10, header, sizeof header);
  write_bytes(path_of("x.npy"), npy, 10 + sizeof header - 1);
  open_within(path_of("x.npy"), NULL, 64 * MIB, QUERN_ERROR_FORMAT);
  assert_open_fails(path_of("x.npy"), NULL, QUERN_ERROR_FORMAT);
  assert_error_says("expected 800000000000000 bytes of elements", NULL);
  static const unsigned char images[] = {0, 0, 8, 3, 0x7f, 0xff, 0xff, 0xff,
                                         0, 0, 1, 0, 0,    0,    1,    0};
  static const unsigned char labels[] = {0, 0, 8, 1, 0x7f, 0xff, 0xff, 0xff, 0};
  write_bytes(path_of("a-images-idx3-ubyte"), images, sizeof images);
  write_bytes(path_of("a-labels-idx1-ubyte"), labels, sizeof labels);
  open_within(path_of("a-images-idx3-ubyte"), NULL, 64 * MIB, QUERN_ERROR_FORMAT);
  unsigned char *zeros = test_alloc(8 * MIB, 1);
  memcpy(zeros, images, sizeof images);
  write_gzip(path_of("b-images-idx3-ubyte.gz"), zeros, 8 * MIB);
  write_bytes(path_of("b-labels-idx1-ubyte.gz"), labels, sizeof labels);
  free(zeros);
  open_within(path_of("b-images-idx3-ubyte.gz"), NULL, 96 * MIB, QUERN_ERROR_FORMAT);
}

/* As many distinct texts as rows, which as one-hot inputs would be rows times rows. */
static void texts_that_are_no_categories(void **state) {
  (void)state;
  char *text = test_alloc(64 * 1000, 1);
  size_t length = 0;
  for (size_t i = 0; i < 1000; i++)
    length += (size_t)sprintf(text + length, "%zu,name %zu,%zu\n", i, i, i % 2);
  write_bytes(path_of("names.csv"), text, length);
  quern_dataset_options options = quern_dataset_options_default();
  options.text = QUERN_TEXT_ONE_HOT;
  assert_open_fails(path_of("names.csv"), &options, QUERN_ERROR_DATA);
  assert_error_says(
      "names.csv: column 2 has 1000 different texts in 1000 rows, expected at most a tenth as many",
      "--exclude", NULL);
  length = 0;
  for (size_t i = 0; i < 1000; i++)
    length += (size_t)sprintf(text + length, "name %zu,%zu\n", i % 100, i % 2);
  write_bytes(path_of("names.csv"), text, length);
  free(text);
  quern_dataset *dataset = open_one(path_of("names.csv"), &options);
  assert_int_equal(quern_dataset_columns(dataset), 100);
  quern_dataset_free(dataset);
}

#define TEST(function) cmocka_unit_test_teardown(function, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {TEST(wide_rows), TEST(promises),
                                     TEST(texts_that_are_no_categories)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}
