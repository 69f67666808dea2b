/* Saving: the files at the path before, during and after, especially if it fails. */
#include "base/file.h"
#include "model_test.h"
#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

static quern_network *make_network(size_t units) {
  quern_layer layer = quern_dense(units, QUERN_ACTIVATION_IDENTITY);
  quern_network *network = NULL;
  assert_ok(quern_network_create(3, &layer, 1, QUERN_LOSS_CATEGORICAL, &network));
  fill_network(network);
  return network;
}

static void save_fails(const char *path, const char *part) {
  quern_network *network = make_network(2);
  assert_fails(quern_model_save(network, path), QUERN_ERROR_FILE, path, part);
  quern_network_free(network);
}

static void test_targets(void **state) {
  (void)state;
  save_fails(path_of("missing/model"), "No such file");
  save_fails(temporary_folder, "is a folder");
  save_fails("", "names no file");
  save_fails("/dev/null", "expected a regular file");
  struct stat status;
  assert_int_equal(stat("/dev/null", &status), 0);
  assert_true(S_ISCHR(status.st_mode));
  assert_int_equal(mkfifo(path_of("pipe"), 0600), 0);
  save_fails(path_of("pipe"), "expected a regular file");
  write_bytes(path_of("file"), "x", 1);
  save_fails(path_of("file/model"), "Not a directory");
  char name[300];
  memset(name, 'n', sizeof name - 1);
  name[sizeof name - 1] = '\0';
  save_fails(path_of(name), "File name too long");
  assert_int_equal(count_files(), 2);
}

static void test_read_only_folder(void **state) {
  (void)state;
  if (geteuid() == 0) skip(); /* root can write everywhere */
  assert_int_equal(mkdir(path_of("locked"), 0500), 0);
  save_fails(path_of("locked/model"), "Permission denied");
}

/* A bare name is a file in the current folder. */
static void test_bare_name(void **state) {
  (void)state;
  char *before = getcwd(NULL, 0);
  assert_non_null(before);
  assert_int_equal(chdir(temporary_folder), 0);
  quern_network *network = make_network(2);
  assert_ok(quern_model_save(network, "model"));
  assert_int_equal(chdir(before), 0);
  free(before);
  quern_network *loaded = NULL;
  assert_ok(quern_model_load(path_of("model"), NULL, &loaded));
  assert_same_network(network, loaded);
  quern_network_free(loaded);
  quern_network_free(network);
}

static void test_mode(void **state) {
  (void)state;
  mode_t before = umask(027);
  quern_network *network = make_network(2);
  assert_ok(quern_model_save(network, path_of("model")));
  umask(before);
  struct stat status;
  assert_int_equal(stat(path_of("model"), &status), 0);
  assert_int_equal(status.st_mode & 0777, 0640);
  quern_network_free(network);
}

/* The file that a link points to is replaced, and the link remains. */
static void test_link(void **state) {
  (void)state;
  assert_int_equal(mkdir(path_of("folder"), 0700), 0);
  quern_network *network = make_network(2), *loaded = NULL;
  assert_int_equal(symlink("folder/model", path_of("link")), 0);
  assert_fails(quern_model_save(network, path_of("link")), QUERN_ERROR_FILE,
               "symbolic link to a missing file");
  write_bytes(path_of("folder/model"), "old", 3);
  assert_ok(quern_model_save(network, path_of("link")));
  struct stat status;
  assert_int_equal(lstat(path_of("link"), &status), 0);
  assert_true(S_ISLNK(status.st_mode));
  assert_ok(quern_model_load(path_of("folder/model"), NULL, &loaded));
  assert_same_network(network, loaded);
  quern_network_free(loaded);
  quern_network_free(network);
  unlink(path_of("folder/model"));
}

/* A disk that fills up during a write, simulated by a limit on file sizes. */
static void test_old_file_kept(void **state) {
  (void)state;
  quern_network *network = make_network(2), *large = make_network(4096), *loaded = NULL;
  assert_ok(quern_model_save(network, path_of("model")));
  struct rlimit before, limit;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  limit = before;
  limit.rlim_cur = 10000;
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
  quern_status status = quern_model_save(large, path_of("model"));
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, handler);
  assert_int_equal(status, QUERN_ERROR_FILE);
  assert_error_says(path_of("model"), "cannot be written", strerror(EFBIG), NULL);
  assert_int_equal(count_files(), 1); /* no temporary file */
  assert_ok(quern_model_load(path_of("model"), NULL, &loaded));
  assert_same_network(network, loaded);
  quern_network_free(loaded);
  quern_network_free(large);
  quern_network_free(network);
}

/* The old file remains until the commit, and without one. */
static void test_abandoned(void **state) {
  (void)state;
  write_bytes(path_of("target"), "old", 3);
  quern__file file;
  assert_ok(quern__file_create(path_of("target"), &file));
  assert_ok(quern__file_write(&file, "new contents", 12));
  assert_int_equal(count_files(), 2);
  quern__file_close(&file);
  assert_int_equal(count_files(), 1);
  size_t size;
  unsigned char *bytes = read_bytes(path_of("target"), &size);
  assert_int_equal(size, 3);
  assert_memory_equal(bytes, "old", 3);
  free(bytes);
}

/* Names of a user's files that begin as temporary names do, or almost have their form. */
static const char *const others[] = {".quern-notes",
                                     ".quern-1-2-3-0.tmp.keep",
                                     ".quern-1-2-3.tmp",
                                     ".quern-1-2-3-0",
                                     ".quern-1-2-3-0.tmp~",
                                     ".quern--2-3-0.tmp",
                                     ".quern-1-2-3-4-0.tmp",
                                     ".quern-a-2-3-0.tmp",
                                     ".quern-1-2-3-.tmp",
                                     ".quern-1-2-3-0.tmp.tmp",
                                     ".quern-",
                                     "quern-1-2-3-0.tmp"};
enum { OTHERS = sizeof others / sizeof *others };

static void test_other_names_stay(void **state) {
  (void)state;
  for (size_t i = 0; i < OTHERS; i++) write_bytes(path_of(others[i]), "mine", 4);
  write_bytes(path_of(".quern-4194304-65f0a1b2-3b9ac9ff-99.tmp"), "left", 4);
  quern__file_remove_abandoned(path_of("model"));
  for (size_t i = 0; i < OTHERS; i++)
    if (access(path_of(others[i]), F_OK) != 0) fail_msg("%s was removed", others[i]);
  assert_int_equal(count_files(), OTHERS);
}

/* Another user's file, a link and a folder remain, whatever their name. Only root can make the
 * first. */
static void test_what_is_not_ours_stays(void **state) {
  (void)state;
  write_bytes(path_of("model"), "model", 5);
  assert_int_equal(symlink("model", path_of(".quern-1-2-3-1.tmp")), 0);
  assert_int_equal(mkdir(path_of(".quern-1-2-3-2.tmp"), 0700), 0);
  size_t files = 3;
  if (geteuid() == 0) {
    write_bytes(path_of(".quern-1-2-3-3.tmp"), "theirs", 6);
    assert_int_equal(chown(path_of(".quern-1-2-3-3.tmp"), 65534, 65534), 0);
    files++;
  }
  quern__file_remove_abandoned(path_of("model"));
  assert_int_equal(count_files(), files);
}

/* The file that a killed writer left is removed. A file that is being written remains, and so do
 * all others. */
static void test_remove_abandoned(void **state) {
  (void)state;
  write_bytes(path_of(".quern-1-2-3-0.tmp"), "left", 4);
  write_bytes(path_of(".quernel"), "other", 5);
  write_bytes(path_of("model"), "model", 5);
  assert_int_equal(symlink("model", path_of(".quern-link")), 0);
  assert_int_equal(mkdir(path_of(".quern-folder"), 0700), 0);
  quern__file file;
  assert_ok(quern__file_create(path_of("new"), &file));
  assert_int_equal(count_files(), 6);
  quern__file_remove_abandoned(path_of("new")); /* does not exist yet */
  assert_int_equal(count_files(), 5);
  assert_int_not_equal(access(path_of(".quern-1-2-3-0.tmp"), F_OK), 0);
  quern__file_remove_abandoned(path_of("model"));
  assert_ok(quern__file_write(&file, "new", 3));
  assert_ok(quern__file_commit(&file));
  quern__file_close(&file);
  assert_int_equal(access(path_of("new"), F_OK), 0);
  quern__file_remove_abandoned(path_of("missing/new"));
  assert_int_equal(count_files(), 5);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      MODEL_TEST(test_targets),
      MODEL_TEST(test_read_only_folder),
      MODEL_TEST(test_bare_name),
      MODEL_TEST(test_mode),
      MODEL_TEST(test_link),
      MODEL_TEST(test_old_file_kept),
      MODEL_TEST(test_abandoned),
      MODEL_TEST(test_remove_abandoned),
      MODEL_TEST(test_other_names_stay),
      MODEL_TEST(test_what_is_not_ours_stays),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}
