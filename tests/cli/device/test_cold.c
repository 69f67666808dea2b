/* Commands that start with nothing compiled: on a full disk, and many at once. */
#include "../child.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>

enum { CROWD = 20 };

/* A variable "NAME=folder" whose folder exists, and is empty or shared with other commands of this
 * test. */
static char *folder_variable(const char *name, const char *folder) {
  char *variable;
  assert_true(asprintf(&variable, "%s=%s/%s", name, temporary_folder, folder) > 0);
  assert_true(mkdir(variable + strlen(name) + 1, 0700) == 0 || errno == EEXIST);
  return variable;
}

/* PoCL's compiler writes files to its cache and reports no reason if that fails. quern finds the
 * reason and names the variable. */
static void test_no_room(void **state) {
  (void)state;
  char *cache = folder_variable("POCL_CACHE_DIR", "pocl");
  struct rlimit before, limit;
  assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
  limit = before;
  limit.rlim_cur = 4096;
  void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
  command_result result =
      run_with(&(const command_setting){(const char *const[]){cache, NULL}, NULL},
               ARGUMENTS("train", "--data", "digits", "--hidden", "8", "--epochs", "1"));
  assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
  signal(SIGXFSZ, handler);
  assert_code(&result, 1);
  assert_says(result.err, "quern: clBuildProgram: the kernels of fused steps did not build: ");
  assert_says(result.err, "POCL_CACHE_DIR");
  assert_int_equal(count_lines(result.err), 1);
  result_free(&result);
  free(cache);
}

/* All train to the same bits, and print what a single command prints. */
static void check_crowd(bool shared) {
  child running[CROWD];
  char *model[CROWD];
  for (int i = 0; i < CROWD; i++) {
    char pocl[32], quern[32];
    snprintf(pocl, sizeof pocl, "pocl-%d", shared ? -1 : i);
    snprintf(quern, sizeof quern, "quern-%d", shared ? -1 : i);
    assert_true(asprintf(&model[i], "%s/model-%d", temporary_folder, i) > 0);
    char *first = folder_variable("POCL_CACHE_DIR", pocl),
         *second = folder_variable("QUERN_CACHE_DIR", quern);
    const char *const environment[] = {first, second, "QUERN_CACHE=on", NULL};
    running[i] = start_with(&(const command_setting){environment, NULL},
                            ARGUMENTS("train", "--data", "digits", PLAIN_SGD, "--hidden", "8",
                                      "--epochs", "1", "--seed", "7", "--save", model[i]));
    free(first);
    free(second);
  }
  for (int i = 0; i < CROWD; i++) {
    command_result result = finish(&running[i]);
    assert_code(&result, 0);
    assert_string_equal(result.err, "");
    assert_same_files(model[0], model[i]);
    result_free(&result);
  }
  for (int i = 0; i < CROWD; i++) free(model[i]);
}

static void test_crowd(void **state) {
  (void)state;
  check_crowd(true);
  check_crowd(false);
}

#define WITH_FOLDER(test) cmocka_unit_test_setup_teardown(test, make_temporary_folder, remove_tree)

/* PoCL's caches have nested folders. */
static int remove_tree(void **state) {
  (void)state;
  char *command;
  assert_true(asprintf(&command, "rm -rf '%s'", temporary_folder) > 0);
  const int result = system(command);
  free(command);
  return result;
}

int main(int count, char **arguments) {
  const struct CMUnitTest tests[] = {WITH_FOLDER(test_no_room)},
                          crowd[] = {WITH_FOLDER(test_crowd)};
  if (count == 2 && strcmp(arguments[1], "crowd") == 0)
    return cmocka_run_group_tests(crowd, NULL, NULL);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
