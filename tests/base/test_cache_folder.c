/* The cache folder: its path, its permissions, and its limit of size. */
#include "../data/temporary.h"
#include "base/cache/cache_folder.h"
#include "base/cache/cache_prune.h"
#include "base/cache/cache_read.h"
#include "base/file.h"
#include "test.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/time.h>

static void set(const char *name, const char *value) {
  if (value == NULL)
    assert_int_equal(unsetenv(name), 0);
  else
    assert_int_equal(setenv(name, value, 1), 0);
}

static void set_places(const char *own, const char *xdg, const char *home) {
  set("QUERN_CACHE", NULL);
  set("QUERN_CACHE_DIR", own);
  set("XDG_CACHE_HOME", xdg);
  set("HOME", home);
}

static void assert_folder(const char *expected) {
  char *folder = (char *)(uintptr_t)1;
  assert_ok(quern__cache_folder(&folder));
  if (expected == NULL) {
    assert_null(folder);
    return;
  }
  assert_non_null(folder);
  assert_string_equal(folder, expected);
  struct stat about;
  assert_int_equal(stat(folder, &about), 0);
  assert_true(S_ISDIR(about.st_mode));
  assert_int_equal(about.st_mode & 0777, 0700);
  assert_int_equal(rmdir(folder), 0);
  free(folder);
}

static void test_places(void **state) {
  (void)state;
  set_places(path_of("own"), path_of("xdg"), path_of("home"));
  assert_folder(path_of("own"));
  set_places(path_of("a/b//c"), path_of("xdg"), path_of("home"));
  assert_folder(path_of("a/b//c"));
  set_places("", path_of("xdg"), path_of("home"));
  assert_folder(path_of("xdg/quern"));
  set_places(NULL, "relative", path_of("home"));
  assert_folder(path_of("home/.cache/quern"));
  set_places(NULL, NULL, "relative");
  assert_folder(NULL);
  set_places(NULL, "", NULL);
  assert_folder(NULL);
  for (const char *const *part =
           (const char *const[]){"a/b", "a", "xdg", "home/.cache", "home", NULL};
       *part; part++)
    assert_int_equal(rmdir(path_of(*part)), 0);
}

static void test_modes(void **state) {
  (void)state;
  set_places(path_of("own"), NULL, NULL);
  assert_int_equal(quern__cache_mode_wanted(), QUERN__CACHE_DEFAULT);
  set("QUERN_CACHE", "on");
  assert_int_equal(quern__cache_mode_wanted(), QUERN__CACHE_ON);
  assert_folder(path_of("own"));
  set("QUERN_CACHE", "off");
  assert_int_equal(quern__cache_mode_wanted(), QUERN__CACHE_OFF);
  assert_folder(NULL);
  assert_int_equal(access(path_of("own"), F_OK), -1);
}

static void assert_refused(const char *path, const char *why) {
  char *folder = (char *)(uintptr_t)1;
  set_places(path, NULL, NULL);
  assert_fails(quern__cache_folder(&folder), QUERN_ERROR_FILE, path, why);
  assert_null(folder);
}

static void test_refused(void **state) {
  (void)state;
  assert_int_equal(mkdir(path_of("open"), 0700), 0);
  assert_int_equal(chmod(path_of("open"), 0720), 0);
  assert_refused(path_of("open"), "mode 720");
  assert_int_equal(chmod(path_of("open"), 0702), 0);
  assert_refused(path_of("open"), "mode 702");
  write_bytes(path_of("file"), "", 0);
  assert_refused(path_of("file"), "cannot be made");
  assert_refused(path_of("file/in"), "cannot be made");
  /* Only root can give a folder away; otherwise "/" is a folder of another user. */
  if (geteuid() == 0) assert_int_equal(chown(path_of("open"), 12345, (gid_t)-1), 0);
  if (geteuid() == 0) assert_int_equal(chmod(path_of("open"), 0700), 0);
  assert_refused(geteuid() == 0 ? path_of("open") : "/", "belongs to user");
}

static void test_read(void **state) {
  (void)state;
  unsigned char *data;
  size_t size;
  write_bytes(path_of("file"), "four", 4);
  assert_ok(quern__cache_read(path_of("file"), 4, &data, &size));
  assert_int_equal(size, 4);
  assert_string_equal((char *)data, "four");
  free(data);
  assert_fails(quern__cache_read(path_of("file"), 3, &data, &size), QUERN_ERROR_FILE, "has 4 bytes",
               "at most 3");
  assert_null(data);
  assert_fails(quern__cache_read(path_of("none"), 9, &data, &size), QUERN_ERROR_FILE, "none",
               "No such file");
  assert_fails(quern__cache_read(temporary_folder, 9, &data, &size), QUERN_ERROR_FILE,
               "not a regular file");
  assert_int_equal(mkfifo(path_of("pipe"), 0600), 0); /* reading would wait for a writer */
  assert_fails(quern__cache_read(path_of("pipe"), 9, &data, &size), QUERN_ERROR_FILE,
               "not a regular file");
}

/* The owner and the permissions of a file. */
static void test_read_own(void **state) {
  (void)state;
  unsigned char *data;
  size_t size;
  write_bytes(path_of("file"), "four", 4);
  assert_int_equal(symlink("file", path_of("link")), 0);
  assert_fails(quern__cache_read(path_of("link"), 9, &data, &size), QUERN_ERROR_FILE, "link",
               "is a symbolic link");
  static const mode_t writable[] = {0620, 0602, 0666};
  for (size_t i = 0; i < sizeof writable / sizeof *writable; i++) {
    assert_int_equal(chmod(path_of("file"), writable[i]), 0);
    assert_fails(quern__cache_read(path_of("file"), 9, &data, &size), QUERN_ERROR_FILE,
                 "others may write to it");
  }
  assert_int_equal(chmod(path_of("file"), 0644), 0);
  assert_ok(quern__cache_read(path_of("file"), 9, &data, &size));
  free(data);
  if (geteuid() == 0) assert_int_equal(chown(path_of("file"), 12345, (gid_t)-1), 0);
  assert_fails(
      quern__cache_read(geteuid() == 0 ? path_of("file") : "/etc/passwd", 1 << 20, &data, &size),
      QUERN_ERROR_FILE, "belongs to user");
  assert_null(data);
}

/* A link to a folder counts as that folder: the user's own, another user's, or none. */
static void test_linked_folder(void **state) {
  (void)state;
  assert_int_equal(mkdir(path_of("own"), 0700), 0);
  assert_int_equal(symlink("own", path_of("link")), 0);
  char *folder = NULL;
  set_places(path_of("link"), NULL, NULL);
  assert_ok(quern__cache_folder(&folder));
  assert_string_equal(folder, path_of("link"));
  free(folder);
  assert_int_equal(chmod(path_of("own"), 0777), 0);
  assert_refused(path_of("link"), "mode 777");
  assert_int_equal(symlink("/proc/1", path_of("other")), 0);
  if (geteuid() != 0) assert_refused(path_of("other"), "belongs to user");
  assert_int_equal(symlink("none", path_of("broken")), 0);
  assert_refused(path_of("broken"), "cannot be made");
}

static void write_aged(const char *name, size_t size, time_t age) {
  char bytes[100] = {0};
  write_bytes(path_of(name), bytes, size);
  struct timeval times[2];
  assert_int_equal(gettimeofday(&times[0], NULL), 0);
  times[0].tv_sec -= age;
  times[1] = times[0];
  assert_int_equal(utimes(path_of(name), times), 0);
}

static bool is_there(const char *name) {
  return access(path_of(name), F_OK) == 0;
}

static void test_prune(void **state) {
  (void)state;
  write_aged("kind-c", 40, 30);
  write_aged("kind-a", 40, 10);
  write_aged("kind-d", 10, 40);
  write_aged("kind-b", 60, 20);
  write_aged("other", 100, 50);
  static const char abandoned[] = ".quern-1-2-3-0.tmp", written[] = ".quern-1-2-3-1.tmp";
  write_aged(abandoned, 1, 2 * 3600);
  write_aged(written, 1, 60);
  write_aged(".quern-mine", 1, 2 * 3600);
  const int folder = open(temporary_folder, O_RDONLY | O_DIRECTORY);
  assert_true(folder >= 0);
  quern__cache_prune(folder, "kind-", 100);
  assert_true(is_there("kind-a") && is_there("kind-b"));
  assert_false(is_there("kind-c") || is_there("kind-d"));
  assert_true(is_there("other") && is_there(written) && is_there(".quern-mine"));
  assert_false(is_there(abandoned));
  quern__cache_prune(folder, "kind-", 100);
  assert_true(is_there("kind-a") && is_there("kind-b"));
  quern__cache_prune(folder, "kind-", 99);
  assert_true(is_there("kind-a"));
  assert_false(is_there("kind-b"));
  assert_int_equal(close(folder), 0);
}

#define FOLDER_TEST(function) cmocka_unit_test_teardown(function, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {FOLDER_TEST(test_places),   FOLDER_TEST(test_modes),
                                     FOLDER_TEST(test_refused),  FOLDER_TEST(test_read),
                                     FOLDER_TEST(test_read_own), FOLDER_TEST(test_linked_folder),
                                     FOLDER_TEST(test_prune)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}
