/* Runs `mpirun -n N PROGRAM ARGUMENT…` and keeps its output. */
#ifndef QUERN_TESTS_MPI_LAUNCH_H
#define QUERN_TESTS_MPI_LAUNCH_H

#include "../cli/child.h"

enum { MOST_WORDS = 64 };

/* The words of QUERN_TEST_MPIEXEC, -n and the count, then `arguments` up to NULL, and a NULL. They
 * are valid until the test ends. */
static inline void launch_words(const char *ranks, const char *const *arguments,
                                const char **words) {
  static char launcher[4096];
  const char *given = getenv("QUERN_TEST_MPIEXEC");
  assert_non_null(given);
  snprintf(launcher, sizeof launcher, "%s", given);
  size_t count = 0;
  for (char *rest = launcher, *word; (word = strsep(&rest, " ")) != NULL;) words[count++] = word;
  words[count++] = "-n";
  words[count++] = ranks;
  for (; *arguments != NULL; arguments++) {
    assert_true(count + 1 < MOST_WORDS);
    words[count++] = *arguments;
  }
  words[count] = NULL;
}

static inline child launch_start(const char *ranks, const char *const *arguments) {
  const char *words[MOST_WORDS];
  launch_words(ranks, arguments, words);
  return start_program(words[0], &(const command_setting){NULL, NULL}, words);
}

static inline command_result launch(const char *ranks, const char *const *arguments) {
  child running = launch_start(ranks, arguments);
  return finish(&running);
}

#define LAUNCH(ranks, ...) launch(ranks, (const char *const[]){__VA_ARGS__, NULL})

#endif
