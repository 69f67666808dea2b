/* Every reader and writer of files, given folders, pipes, devices, sockets, links and truncated
 * files: it reports them without waiting and changes nothing. */
#include "../data/temporary.h"
#include "test.h"

#include <errno.h>
#include <quern/file.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#define IMAGES "some-images-idx3-ubyte"
#define LABELS "some-labels-idx1-ubyte"

/* --- Readers and writers --- */

static quern_context *context;
static quern_network *network;
static quern_trainer *trainer;

static int open_trainer(void **state) {
  static const float values[] = {1, 2, 3, 4, 5, 6};
  static const int32_t labels[] = {0, 1, 0};
  const quern_layer layer = quern_dense(2, QUERN_ACTIVATION_IDENTITY);
  quern_dataset *data = NULL;
  if (make_temporary_folder(state) != 0) return -1;
  assert_ok(quern_context_create("reference", &context));
  assert_ok(quern_network_create(2, &layer, 1, QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 1));
  assert_ok(quern_dataset_from_floats(values, labels, 3, 2, &data));
  assert_ok(quern_trainer_create(context, network, data, NULL, NULL, &trainer));
  quern_dataset_free(data);
  return 0;
}

static int close_trainer(void **state) {
  quern_trainer_free(trainer);
  quern_network_free(network);
  quern_context_free(context);
  return remove_temporary_folder(state);
}

static quern_status read_data(const char *path) {
  quern_dataset *data = NULL;
  const quern_status status = quern_dataset_open(path, NULL, &data, NULL);
  assert_true((status == QUERN_OK) == (data != NULL));
  quern_dataset_free(data);
  return status;
}

static quern_status read_model(const char *path) {
  quern_network *loaded = NULL;
  const quern_status status = quern_model_load(path, NULL, &loaded);
  assert_true((status == QUERN_OK) == (loaded != NULL));
  quern_network_free(loaded);
  return status;
}

static quern_status read_checkpoint(const char *path) {
  return quern_trainer_resume(trainer, path);
}

static quern_status write_model(const char *path) {
  return quern_model_save(network, path);
}

static quern_status write_checkpoint(const char *path) {
  return quern_trainer_save(trainer, path);
}

static quern_status write_file(const char *path) {
  return quern_file_write(path, "whole", 5);
}

static quern_status check_file(const char *path) {
  return quern_file_check(path);
}

typedef quern_status file_function(const char *path);

static file_function *const readers[] = {read_data, read_model, read_checkpoint};
static file_function *const writers[] = {write_model, write_checkpoint, write_file, check_file};
enum { MODEL_WRITERS = 2 }; /* the readers that open it; they come first */
enum { READERS = sizeof readers / sizeof *readers, WRITERS = sizeof writers / sizeof *writers };

/* --- What is no file --- */

static void make_socket(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  const int handle = socket(AF_UNIX, SOCK_STREAM, 0);
  assert_true(handle >= 0);
  if (strlen(path) < sizeof address.sun_path) {
    strcpy(address.sun_path, path);
    assert_int_equal(bind(handle, (struct sockaddr *)&address, sizeof address), 0);
  } else { /* a folder with a long name, and a socket without a listener */
    assert_int_equal(mkfifo(path, 0600), 0);
  }
  assert_int_equal(close(handle), 0);
}

static size_t count_files(void) {
  size_t count = 0;
  DIR *folder = opendir(temporary_folder);
  assert_non_null(folder);
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
    count += strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
  closedir(folder);
  return count;
}

/* Names of the files in the folder, and of devices that give endless bytes or take none. */
static const char *const no_files[] = {"folder",    "pipe",      "socket",
                                       "/dev/zero", "/dev/full", "/dev/tty"};
enum { NO_FILES = sizeof no_files / sizeof *no_files };

static void make_no_files(void) {
  assert_int_equal(mkdir(path_of("folder"), 0700), 0);
  assert_int_equal(mkfifo(path_of("pipe"), 0600), 0);
  make_socket(path_of("socket"));
}

static const char *path_to(const char *name) {
  return name[0] == '/' ? name : path_of(name);
}

static void test_no_files(void **state) {
  (void)state;
  make_no_files();
  for (size_t i = 0; i < NO_FILES; i++) {
    for (size_t r = 0; r < READERS; r++)
      assert_fails(readers[r](path_to(no_files[i])), QUERN_ERROR_FILE, path_to(no_files[i]));
    for (size_t w = 0; w < WRITERS; w++)
      assert_fails(writers[w](path_to(no_files[i])), QUERN_ERROR_FILE, path_to(no_files[i]));
  }
  /* A link to a device counts as the device. */
  assert_int_equal(symlink("/dev/zero", path_of("link")), 0);
  for (size_t r = 0; r < READERS; r++)
    assert_fails(readers[r](path_of("link")), QUERN_ERROR_FILE, "link");
  for (size_t w = 0; w < WRITERS; w++)
    assert_fails(writers[w](path_of("link")), QUERN_ERROR_FILE, "link");
  struct stat about;
  assert_int_equal(lstat(path_of("pipe"), &about), 0);
  assert_true(S_ISFIFO(about.st_mode));
}

/* --- Links --- */

static void test_links(void **state) {
  (void)state;
  assert_int_equal(symlink("round", path_of("about")), 0);
  assert_int_equal(symlink("about", path_of("round")), 0);
  assert_int_equal(symlink("nowhere", path_of("broken")), 0);
  for (size_t r = 0; r < READERS; r++) {
    assert_fails(readers[r](path_of("about")), QUERN_ERROR_FILE, "about", strerror(ELOOP));
    assert_fails(readers[r](path_of("broken")), QUERN_ERROR_FILE, "broken", strerror(ENOENT));
  }
  for (size_t w = 0; w < WRITERS; w++) {
    assert_fails(writers[w](path_of("about")), QUERN_ERROR_FILE, "about", "symbolic link");
    assert_fails(writers[w](path_of("broken")), QUERN_ERROR_FILE, "broken", "symbolic link");
  }
  assert_int_equal(access(path_of("nowhere"), F_OK), -1);
  /* The file that a link points to is replaced and read; the link remains. */
  assert_int_equal(symlink("file", path_of("link")), 0);
  for (size_t w = 0; w < MODEL_WRITERS; w++) {
    write_bytes(path_of("file"), "old", 3);
    assert_ok(writers[w](path_of("link")));
    assert_ok((w == 0 ? read_model : read_checkpoint)(path_of("link")));
    assert_ok((w == 0 ? read_model : read_checkpoint)(path_of("file")));
    struct stat about;
    assert_int_equal(lstat(path_of("link"), &about), 0);
    assert_true(S_ISLNK(about.st_mode));
  }
}

/* --- Folders that cannot be written --- */

/* Root can write anywhere, so root becomes another user for this test. */
static void test_locked_folder(void **state) {
  (void)state;
  const bool root = geteuid() == 0;
  assert_int_equal(chmod(temporary_folder, 0755), 0);
  assert_ok(write_checkpoint(path_of("checkpoint")));
  assert_ok(write_model(path_of("model")));
  assert_int_equal(chmod(temporary_folder, 0555), 0);
  if (root && seteuid(65534) != 0) skip();
  const quern_status checkpoint = write_checkpoint(path_of("checkpoint")),
                     model = write_model(path_of("model"));
  const bool says = strstr(quern_last_error(), strerror(EACCES)) != NULL;
  if (root) assert_int_equal(seteuid(0), 0);
  assert_int_equal(chmod(temporary_folder, 0700), 0);
  assert_int_equal(checkpoint, QUERN_ERROR_FILE);
  assert_int_equal(model, QUERN_ERROR_FILE);
  assert_true(says);
  assert_ok(read_checkpoint(path_of("checkpoint")));
  assert_ok(read_model(path_of("model")));
}

static void test_names(void **state) {
  (void)state;
  char longest[300];
  memset(longest, 'x', sizeof longest - 1);
  longest[sizeof longest - 1] = '\0';
  for (size_t w = 0; w < WRITERS; w++) {
    assert_fails(writers[w](""), QUERN_ERROR_FILE, "names no file");
    assert_fails(writers[w](path_of(longest)), QUERN_ERROR_FILE, longest);
  }
  for (size_t r = 0; r < READERS; r++)
    assert_fails(readers[r](path_of(longest)), QUERN_ERROR_FILE, strerror(ENAMETOOLONG));
}

/* --- Files of a program's own --- */

static void assert_holds(const char *name, const char *text) {
  size_t size;
  unsigned char *bytes = read_bytes(path_of(name), &size);
  assert_int_equal(size, strlen(text));
  assert_memory_equal(bytes, text, size);
  free(bytes);
}

static void test_write_and_check(void **state) {
  (void)state;
  assert_ok(quern_file_check(path_of("new")));
  assert_int_equal(count_files(), 0); /* neither the file nor a temporary one */
  assert_ok(quern_file_write(path_of("new"), "one", 3));
  assert_ok(quern_file_check(path_of("new")));
  assert_holds("new", "one");
  assert_ok(quern_file_write(path_of("new"), NULL, 0));
  assert_holds("new", "");
  assert_int_equal(count_files(), 1);
  assert_fails(quern_file_write(NULL, "x", 1), QUERN_ERROR_ARGUMENT, "path is NULL");
  assert_fails(quern_file_write(path_of("new"), NULL, 1), QUERN_ERROR_ARGUMENT, "data is NULL");
  assert_fails(quern_file_check(NULL), QUERN_ERROR_ARGUMENT, "path is NULL");
}

/* A full disk, simulated by a limit on file sizes, leaves the old file and nothing else. */
static void test_full_disk(void **state) {
  (void)state;
  static const char many[3000];
  struct rlimit before, limit;
  assert_ok(quern_file_write(path_of("file"), "old", 3));
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  limit = before;
  limit.rlim_cur = 1000;
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
  const quern_status status = quern_file_write(path_of("file"), many, sizeof many);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, handler);
  assert_int_equal(status, QUERN_ERROR_FILE);
  assert_error_says("file", strerror(EFBIG), NULL);
  assert_holds("file", "old");
  assert_int_equal(count_files(), 1);
}

/* In a folder such as /tmp, another user's file cannot be replaced; this is reported before
 * anything is written. */
static void test_others_file_in_a_sticky_folder(void **state) {
  (void)state;
  if (geteuid() != 0) skip();
  write_bytes(path_of("theirs"), "theirs", 6);
  assert_int_equal(chown(path_of("theirs"), 65533, 65533), 0);
  assert_int_equal(chmod(temporary_folder, 01777), 0);
  assert_int_equal(seteuid(65534), 0);
  const quern_status theirs = quern_file_check(path_of("theirs")),
                     new = quern_file_check(path_of("new"));
  const bool says = strstr(quern_last_error(), "belongs to another user") != NULL;
  assert_int_equal(seteuid(0), 0);
  assert_int_equal(chmod(temporary_folder, 0700), 0);
  assert_int_equal(theirs, QUERN_ERROR_FILE);
  assert_int_equal(new, QUERN_OK);
  assert_true(says);
  assert_holds("theirs", "theirs");
}

/* --- What a data set reads --- */

static bool reads(const char *where, const char *path) {
  bool found;
  assert_ok(quern_dataset_reads(where, path, &found));
  return found;
}

static void test_what_a_data_set_reads(void **state) {
  (void)state;
  write_bytes(path_of("a.csv"), "1,2\n", 4);
  write_bytes(path_of("b.csv"), "1,2\n", 4);
  write_bytes(path_of("x.csv"), "1,2\n", 4);
  write_bytes(path_of("y.csv"), "1,2\n", 4);
  assert_int_equal(symlink("a.csv", path_of("link")), 0);
  assert_int_equal(link(path_of("a.csv"), path_of("hard")), 0);
  assert_true(reads(path_of("a.csv"), path_of("a.csv")) &&
              reads(path_of("a.csv"), path_of("link")) &&
              reads(path_of("a.csv"), path_of("hard")) && reads(path_of("link"), path_of("hard")));
  assert_false(reads(path_of("a.csv"), path_of("b.csv")));
  assert_false(reads(path_of("x.csv"), path_of("y.csv"))); /* only arrays have a second file */
  assert_false(reads(path_of("a.csv"), path_of("missing")));
  assert_false(reads(path_of("missing"), path_of("a.csv")));
  assert_false(reads("digits", path_of("a.csv")));
  write_bytes(path_of("X_train.npy"), "\x93NUMPY", 6);
  write_bytes(path_of("y_train.npy"), "\x93NUMPY", 6);
  assert_true(reads(path_of("X_train.npy"), path_of("y_train.npy")));
  assert_false(reads(path_of("y_train.npy"), path_of("X_train.npy")));
  write_bytes(path_of("train-" IMAGES), "", 0);
  write_bytes(path_of("train-" LABELS), "", 0);
  assert_true(reads(path_of("train-" IMAGES), path_of("train-" LABELS)));
  bool found;
  assert_fails(quern_dataset_reads(NULL, "x", &found), QUERN_ERROR_ARGUMENT, "where is NULL");
  assert_fails(quern_dataset_reads("x", NULL, &found), QUERN_ERROR_ARGUMENT, "path is NULL");
  assert_fails(quern_dataset_reads("x", "x", NULL), QUERN_ERROR_ARGUMENT, "reads is NULL");
}

static void test_what_a_folder_of_data_reads(void **state) {
  (void)state;
  static const char *const names[] = {"train-images-idx3-ubyte", "train-labels.idx1-ubyte.gz",
                                      "t10k-images.idx3-ubyte", "t10k-labels-idx1-ubyte"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    write_bytes(path_of(names[i]), "", 0);
    assert_true(reads(temporary_folder, path_of(names[i])));
  }
  write_bytes(path_of("model"), "", 0);
  assert_false(reads(temporary_folder, path_of("model")));
}

/* --- Files that are cut short --- */

/* Each proper prefix of a file at `path` fails, and the error names the file. */
static void refuses_beginnings(const char *path, const char *named, const char *read_at,
                               file_function *read) {
  size_t size;
  unsigned char *bytes = read_bytes(path, &size);
  assert_ok(read(read_at));
  for (size_t length = 0; length < size; length++) {
    write_bytes(path, bytes, length);
    const quern_status status = read(read_at);
    if (status != QUERN_ERROR_FORMAT || strstr(quern_last_error(), named) == NULL)
      fail_msg("%s, the first %zu bytes of %zu: %s: %s", named, length, size,
               quern_status_name(status), status == QUERN_OK ? "taken" : quern_last_error());
  }
  write_bytes(path, bytes, size);
  assert_ok(read(read_at));
  free(bytes);
}

static void test_cut_short(void **state) {
  (void)state;
  static const unsigned char images[] = {0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0,
                                         2, 0, 0, 0, 1, 1, 2, 3, 4, 5, 6},
                             labels[] = {0, 0, 8, 1, 0, 0, 0, 3, 0, 1, 2};
  char data[2 * PATH_BYTES], its_labels[2 * PATH_BYTES], model[2 * PATH_BYTES],
      checkpoint[2 * PATH_BYTES];
  snprintf(data, sizeof data, "%s", path_of(IMAGES));
  snprintf(its_labels, sizeof its_labels, "%s", path_of(LABELS));
  snprintf(model, sizeof model, "%s", path_of("model"));
  snprintf(checkpoint, sizeof checkpoint, "%s", path_of("checkpoint"));
  write_bytes(data, images, sizeof images);
  write_bytes(its_labels, labels, sizeof labels);
  refuses_beginnings(its_labels, LABELS, data, read_data);
  /* The first byte distinguishes IDX from text; an empty file is neither. */
  refuses_beginnings(data, IMAGES, data, read_data);
  write_gzip(its_labels, labels, sizeof labels);
  refuses_beginnings(its_labels, LABELS, data, read_data);
  write_gzip(data, images, sizeof images);
  refuses_beginnings(data, IMAGES, data, read_data);
  assert_ok(write_model(model));
  refuses_beginnings(model, "model", model, read_model);
  assert_ok(write_checkpoint(checkpoint));
  refuses_beginnings(checkpoint, "checkpoint", checkpoint, read_checkpoint);
}

#define FILE_TEST(function) cmocka_unit_test_teardown(function, empty_temporary_folder)

int main(void) {
  const struct CMUnitTest tests[] = {FILE_TEST(test_no_files),
                                     FILE_TEST(test_links),
                                     FILE_TEST(test_locked_folder),
                                     FILE_TEST(test_names),
                                     FILE_TEST(test_cut_short),
                                     FILE_TEST(test_write_and_check),
                                     FILE_TEST(test_full_disk),
                                     FILE_TEST(test_others_file_in_a_sticky_folder),
                                     FILE_TEST(test_what_a_data_set_reads),
                                     FILE_TEST(test_what_a_folder_of_data_reads)};
  return cmocka_run_group_tests(tests, open_trainer, close_trainer);
}
