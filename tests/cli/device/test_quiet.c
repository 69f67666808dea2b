/* Only quern's own lines are written to stderr. PoCL prints a line there if a kernel has a warning,
 * as it has if a vector is passed by value for which the CPU has no instructions. So a cold start
 * is tried as each CPU that PoCL can compile for. */
#include "../command.h"

#include <ftw.h>
#include <sys/stat.h>

/* PoCL's names of its kernel libraries, each for CPUs with that instruction set; "" is this
 * machine's own. "avx_f16c" and "ssse3" are left out: their vectors and multiply-adds are those of
 * "avx" and "sse2". */
static const char *const libraries[] = {"", "avx2", "avx", "sse41", "sse2"};

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place) {
  (void)about, (void)kind, (void)place;
  return remove(path);
}

/* Trains as that CPU, first with nothing compiled, then with compiled kernels. */
static void check_quiet(const char *library) {
  char *cache, *kernels;
  const char *folder = path_of("kernels");
  assert_true(asprintf(&cache, "POCL_CACHE_DIR=%s", folder) > 0);
  assert_true(asprintf(&kernels, "POCL_KERNELLIB_NAME=%s", library) > 0);
  assert_int_equal(mkdir(folder, 0700), 0);
  const char *const variables[] = {cache, *library != '\0' ? kernels : NULL, NULL};
  for (int warm = 0; warm < 2; warm++) {
    command_result result =
        run_with(&(const command_setting){variables, NULL},
                 ARGUMENTS("train", "--data", "digits", "--hidden", "8", "--epochs", "1"));
    assert_code(&result, 0);
    if (*result.err != '\0') fail_msg("as %s, stderr has: %s", kernels, result.err);
    result_free(&result);
  }
  assert_int_equal(nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
  free(kernels);
  free(cache);
}

static void test_stderr(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof libraries / sizeof *libraries; i++) check_quiet(libraries[i]);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_stderr)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}
