/* Cached programs: a second start takes the file of the first, and a file with any fault is a miss, not a failure. */
#include "op_check.h"
#include "test.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "programs-XXXXXX", file[512];

/* One op in a new context: its program is built, or comes from the cache. */
static void run_once(void) {
  test_rig rig;
  test_rig_open(&rig, 0);
  float values[5] = {0};
  quern_buffer *buffer;
  assert_ok(quern_buffer_create(rig.device, sizeof values, &buffer));
  assert_ok(quern_fill(rig.device, 3.0f, quern_vector(buffer, 0, 5)));
  assert_ok(quern_buffer_read(buffer, 0, sizeof values, values, QUERN_WAIT));
  for (size_t i = 0; i < 5; i++) assert_true(values[i] == 3.0f);
  quern_buffer_free(buffer);
  test_rig_close(&rig);
}

/* How many files the cache has; `file` becomes the path of the last seen. */
static size_t count_files(void) {
  DIR *open = opendir(folder);
  assert_non_null(open);
  size_t count = 0;
  for (struct dirent *entry; (entry = readdir(open)) != NULL;) {
    if (entry->d_name[0] == '.') continue;
    snprintf(file, sizeof file, "%s/%s", folder, entry->d_name);
    count++;
  }
  closedir(open);
  return count;
}

static char *read_file(size_t *size) {
  FILE *from = fopen(file, "rb");
  assert_non_null(from);
  struct stat about;
  assert_int_equal(fstat(fileno(from), &about), 0);
  *size = (size_t)about.st_size;
  char *bytes = test_alloc(*size, 1);
  assert_int_equal(fread(bytes, 1, *size, from), *size);
  fclose(from);
  return bytes;
}

static void write_file(const char *bytes, size_t size) {
  FILE *to = fopen(file, "wb");
  assert_non_null(to);
  assert_int_equal(fwrite(bytes, 1, size, to), size);
  assert_int_equal(fclose(to), 0);
}

static void start_cache(const char *mode) {
  assert_int_equal(setenv("QUERN_CACHE", mode, 1), 0);
  assert_int_equal(setenv("QUERN_CACHE_DIR", folder, 1), 0);
}

static void test_off(void **state) {
  (void)state;
  start_cache("off");
  run_once();
  assert_int_equal(count_files(), 0);
}

static void test_faults_are_misses(void **state) {
  (void)state;
  start_cache("on");
  run_once();
  if (count_files() == 0) skip(); /* the implementation gives no binaries */
  assert_int_equal(count_files(), 1);
  size_t size, again;
  char *good = read_file(&size);
  struct stat before, after;
  assert_int_equal(stat(file, &before), 0);
  run_once(); /* a hit leaves the file alone */
  assert_int_equal(count_files(), 1);
  assert_int_equal(stat(file, &after), 0);
  assert_true(before.st_ino == after.st_ino);

  const size_t cuts[] = {0, 1, 7, 8, 15, 23, 24, 100, size / 2, size - 5, size - 1};
  for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i++) {
    write_file(good, cuts[i]);
    run_once();
    char *written = read_file(&again);
    assert_int_equal(again, size); /* written anew, whole */
    free(written);
  }
  const size_t flips[] = {0, 9, 17, 30, size / 3, size / 2, size - 10, size - 2};
  for (size_t i = 0; i < sizeof flips / sizeof *flips; i++) {
    good[flips[i]] ^= 0x20;
    write_file(good, size);
    good[flips[i]] ^= 0x20;
    run_once();
    char *written = read_file(&again);
    assert_true(again == size && (written[flips[i]] == good[flips[i]] || flips[i] > 24));
    free(written);
  }
  free(good);
}

/* Nobody else may write where programs come from. */
static void test_unfit_folder(void **state) {
  (void)state;
  start_cache("on");
  if (count_files() > 0) unlink(file);
  assert_int_equal(chmod(folder, 0777), 0);
  run_once();
  assert_int_equal(count_files(), 0);
  assert_int_equal(chmod(folder, 0700), 0);
}

int main(void) {
  if (mkdtemp(folder) == NULL) return 1;
  const struct CMUnitTest tests[] = {QUERN_TEST(test_off), QUERN_TEST(test_faults_are_misses),
                                     QUERN_TEST(test_unfit_folder)};
  const int failed = cmocka_run_group_tests(tests, NULL, NULL);
  if (count_files() > 0) unlink(file);
  rmdir(folder);
  return failed;
}
