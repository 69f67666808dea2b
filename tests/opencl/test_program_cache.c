/* Cached programs: a second start uses the first one's file. A fault of the file or the folder is a
 * miss, not an error. */
#include "../data/temporary.h"
#include "op_check.h"
#include "opencl_shim.h"

#include <dlfcn.h>
#include <sys/stat.h>
#include <sys/wait.h>

enum { HEAD = 24, SUM = 4, PROCESSES = 4 };

static size_t (*sources)(void); /* quern_shim_sources */

static void set(const char *name, const char *value) {
  assert_int_equal(setenv(name, value, 1), 0);
}

/* One op in a new context, whose program is built or read from the cache. */
static void run_op(char *platform, size_t platform_size) {
  test_rig rig;
  test_rig_open(&rig, 0);
  if (platform != NULL) {
    quern_device_info info;
    quern_context_describe(rig.device, &info);
    snprintf(platform, platform_size, "%s", info.platform);
  }
  float values[5] = {0};
  quern_buffer *buffer;
  assert_ok(quern_buffer_create(rig.device, sizeof values, &buffer));
  assert_ok(quern_fill(rig.device, 3.0f, quern_vector(buffer, 0, 5)));
  assert_ok(quern_buffer_read(buffer, 0, sizeof values, values, QUERN_WAIT));
  for (size_t i = 0; i < 5; i++) assert_true(values[i] == 3.0f);
  quern_buffer_free(buffer);
  test_rig_close(&rig);
}

/* quern loads the shim at its first call. */
static size_t count_sources(void) {
  if (sources == NULL) {
    const char *path = getenv("QUERN_TEST_SHIM");
    if (path == NULL) return 0;
    void *shim = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
    if (shim == NULL) return 0;
    *(void **)&sources = dlsym(shim, "quern_shim_sources");
    dlclose(shim);
    assert_non_null(sources);
  }
  return sources();
}

static void assert_source_builds(size_t expected, const char *what) {
  const size_t before = count_sources();
  run_op(NULL, 0);
  const size_t built = count_sources() - before;
  if (built != expected)
    fail_msg("%s: built from source %zu times, expected %zu", what, built, expected);
}

/* The cached program of the only op here; false if there is none. */
static bool find_program(char *path, size_t size) {
  size_t count = 0;
  DIR *folder = opendir(temporary_folder);
  assert_non_null(folder);
  for (struct dirent *entry; (entry = readdir(folder)) != NULL;) {
    if (entry->d_name[0] == '.') continue;
    assert_int_equal(strncmp(entry->d_name, "program-", 8), 0);
    snprintf(path, size, "%s", path_of(entry->d_name));
    count++;
  }
  closedir(folder);
  assert_true(count <= 1);
  return count == 1;
}

/* Fills the cache, and reads its contents. */
static unsigned char *fill_cache(char *path, size_t path_size, size_t *size) {
  set("QUERN_CACHE", "on");
  assert_source_builds(1, "an empty cache");
  assert_true(find_program(path, path_size));
  return read_bytes(path, size);
}

static void reseal(unsigned char *bytes, size_t size) {
  const uint32_t sum = (uint32_t)crc32(0, bytes, (uInt)(size - SUM));
  memcpy(bytes + size - SUM, &sum, SUM);
}

/* Faults of a file are found before the driver sees it, so all positions are tried on one driver,
 * whose own cache makes builds fast, and some on the others. */
static bool tries_all(void) {
  char platform[256];
  set("QUERN_CACHE", "off");
  run_op(platform, sizeof platform);
  set("QUERN_CACHE", "on");
  return strstr(platform, "Portable Computing Language") != NULL;
}

/* The file is a miss, and is replaced by a valid one. */
static void assert_miss(const char *path, const unsigned char *bytes, size_t size,
                        const char *what) {
  write_bytes(path, bytes, size);
  assert_source_builds(1, what);
  assert_source_builds(0, what);
}

static void test_off(void **state) {
  (void)state;
  char path[PATH_BYTES * 2];
  set("QUERN_CACHE", "off");
  assert_source_builds(1, "off");
  assert_source_builds(1, "off");
  assert_false(find_program(path, sizeof path));
}

/* Drivers with their own cache do not use quern's. */
static void test_default(void **state) {
  (void)state;
  char path[PATH_BYTES * 2], platform[256];
  set("QUERN_CACHE", "");
  run_op(platform, sizeof platform);
  const bool keeps =
      strstr(platform, "Portable Computing Language") != NULL || strstr(platform, "NVIDIA") != NULL;
  assert_int_equal(find_program(path, sizeof path), !keeps);
}

static void test_hit(void **state) {
  (void)state;
  char path[PATH_BYTES * 2];
  size_t size, again;
  unsigned char *bytes = fill_cache(path, sizeof path, &size);
  struct stat about;
  assert_int_equal(stat(path, &about), 0);
  assert_int_equal(about.st_mode & 0777, 0600);
  assert_source_builds(0, "a second start");
  unsigned char *after = read_bytes(path, &again);
  assert_int_equal(again, size);
  assert_memory_equal(after, bytes, size);
  free(after);
  free(bytes);
}

static void test_cut_short(void **state) {
  (void)state;
  char path[PATH_BYTES * 2];
  size_t size;
  unsigned char *bytes = fill_cache(path, sizeof path, &size);
  uint64_t key_size;
  memcpy(&key_size, bytes + 8, sizeof key_size);
  const size_t cuts[] = {0,
                         1,
                         7,
                         8,
                         15,
                         16,
                         HEAD - 1,
                         HEAD,
                         HEAD + 1,
                         HEAD + key_size - 1,
                         HEAD + key_size,
                         size / 2,
                         size - SUM,
                         size - 1};
  const size_t each = tries_all() ? 1 : 6;
  for (size_t i = 0; i < sizeof cuts / sizeof *cuts; i += each)
    assert_miss(path, bytes, cuts[i], "a file cut short");
  bytes = realloc(bytes, size + 1);
  assert_non_null(bytes);
  bytes[size] = 0;
  assert_miss(path, bytes, size + 1, "a byte too many");
  free(bytes);
}

/* Every part: the magic, both sizes, the key, the binary, the checksum. */
static void test_damaged(void **state) {
  (void)state;
  char path[PATH_BYTES * 2];
  size_t size;
  unsigned char *bytes = fill_cache(path, sizeof path, &size);
  uint64_t key_size;
  memcpy(&key_size, bytes + 8, sizeof key_size);
  const size_t binary = HEAD + (size_t)key_size;
  const size_t places[] = {0,
                           7,
                           8,
                           15,
                           16,
                           23,
                           HEAD,
                           HEAD + (size_t)key_size / 2,
                           binary - 1,
                           binary,
                           binary + (size - binary) / 2,
                           size - SUM - 1,
                           size - SUM,
                           size - 1};
  const size_t each = tries_all() ? 1 : 5;
  for (size_t i = 0; i < sizeof places / sizeof *places; i += each) {
    bytes[places[i]] ^= 0x10;
    assert_miss(path, bytes, size, "a flipped bit");
    /* With a valid checksum, all parts but the binary are still checked. */
    const size_t sealed = places[i] < binary ? size : 0;
    if (sealed > 0) {
      reseal(bytes, size);
      assert_miss(path, bytes, size, "a flipped bit with a checksum that fits");
    }
    bytes[places[i]] ^= 0x10;
    if (sealed > 0) reseal(bytes, size);
  }
  free(bytes);
}

/* A whole file whose binary the driver rejects. Rusticl of Mesa 22.3 ends the process at such a
 * binary; its version is in the key. */
static void test_refused_by_driver(void **state) {
  (void)state;
  char path[PATH_BYTES * 2], platform[256];
  size_t size;
  set("QUERN_CACHE", "off");
  run_op(platform, sizeof platform);
  if (strcmp(platform, "rusticl") == 0) skip();
  unsigned char *bytes = fill_cache(path, sizeof path, &size);
  uint64_t key_size;
  memcpy(&key_size, bytes + 8, sizeof key_size);
  const size_t binary = HEAD + (size_t)key_size;
  memset(bytes + binary, 0xa5, size - SUM - binary);
  reseal(bytes, size);
  assert_miss(path, bytes, size, "a binary of nonsense");
  free(bytes);
}

/* If the file cannot be read or written, the program is built, without an error. */
static void test_file_in_the_way(void **state) {
  (void)state;
  char path[PATH_BYTES * 2], before[1024];
  size_t size;
  free(fill_cache(path, sizeof path, &size));
  assert_int_equal(unlink(path), 0);
  assert_int_equal(mkdir(path, 0700), 0);
  assert_fails(quern_context_create("no such device", &(quern_context *){NULL}),
               QUERN_ERROR_NO_DEVICE, "no such device");
  snprintf(before, sizeof before, "%s", quern_last_error());
  assert_source_builds(1, "a folder in the file's place");
  assert_source_builds(1, "a folder in the file's place");
  assert_string_equal(quern_last_error(), before);
  assert_int_equal(rmdir(path), 0);
}

/* Others may not write to the folder of programs. */
static void test_unfit_folder(void **state) {
  (void)state;
  char path[PATH_BYTES * 2];
  set("QUERN_CACHE", "on");
  assert_int_equal(chmod(temporary_folder, 0770), 0);
  assert_source_builds(1, "a folder that a group may write");
  assert_false(find_program(path, sizeof path));
  assert_int_equal(chmod(temporary_folder, 0700), 0);
  write_bytes(path_of("file"), "", 0);
  set("QUERN_CACHE_DIR", path_of("file/folder"));
  assert_source_builds(1, "a folder that cannot be made");
  set("QUERN_CACHE_DIR", temporary_folder);
}

/* A program file that is a link, another user's, or writable by others, could be anybody's: the
 * program is built, and a file of the user's own is written. */
static void test_not_ones_own(void **state) {
  (void)state;
  char path[PATH_BYTES * 2];
  size_t size;
  free(fill_cache(path, sizeof path, &size));
  assert_int_equal(rename(path, path_of(".kept")), 0);
  assert_int_equal(symlink(path_of(".kept"), path), 0);
  assert_source_builds(1, "a link");
  assert_int_equal(unlink(path), 0);
  assert_int_equal(rename(path_of(".kept"), path), 0);
  assert_int_equal(chmod(path, 0666), 0);
  assert_source_builds(1, "a file that others may write to");
  assert_source_builds(0, "after a file that others may write to");
  if (geteuid() != 0) return; /* only root can give a file away */
  assert_int_equal(chown(path, 12345, (gid_t)-1), 0);
  assert_source_builds(1, "another's file");
  assert_source_builds(0, "after another's file");
}

/* Processes that start at once with a faulty file each write the whole file. */
static void test_processes_at_once(void **state) {
  (void)state;
  char path[PATH_BYTES * 2];
  size_t size;
  unsigned char *bytes = fill_cache(path, sizeof path, &size);
  write_bytes(path, bytes, size / 2);
  free(bytes);
  pid_t children[PROCESSES];
  for (int i = 0; i < PROCESSES; i++) {
    children[i] = fork();
    assert_true(children[i] >= 0);
    if (children[i] == 0) {
      execl("/proc/self/exe", "test_program_cache", "once", (char *)NULL);
      _exit(127);
    }
  }
  for (int i = 0; i < PROCESSES; i++) {
    int status = -1;
    assert_int_equal(waitpid(children[i], &status, 0), children[i]);
    assert_int_equal(status, 0);
  }
  assert_true(find_program(path, sizeof path));
  assert_source_builds(0, "after processes at once");
}

static void test_once(void **state) {
  (void)state;
  run_op(NULL, 0);
}

static int open_folder(void **state) {
  return make_temporary_folder(state) != 0 || setenv("QUERN_CACHE_DIR", temporary_folder, 1) != 0
             ? -1
             : 0;
}

static int end_test(void **state) {
  const int alive = test_teardown(state);
  return empty_temporary_folder(state) != 0 ? -1 : alive;
}

#define CACHE_TEST(function) cmocka_unit_test_teardown(function, end_test)

int main(int count, char **arguments) {
  if (count == 2 && strcmp(arguments[1], "once") == 0) {
    const struct CMUnitTest once[] = {QUERN_TEST(test_once)};
    return cmocka_run_group_tests(once, NULL, NULL);
  }
  const struct CMUnitTest tests[] = {
      CACHE_TEST(test_off),
      CACHE_TEST(test_default),
      CACHE_TEST(test_hit),
      CACHE_TEST(test_cut_short),
      CACHE_TEST(test_damaged),
      CACHE_TEST(test_refused_by_driver),
      CACHE_TEST(test_file_in_the_way),
      CACHE_TEST(test_unfit_folder),
      CACHE_TEST(test_not_ones_own),
      CACHE_TEST(test_processes_at_once),
  };
  return cmocka_run_group_tests(tests, open_folder, remove_temporary_folder);
}
