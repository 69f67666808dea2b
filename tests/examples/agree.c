/* usage: agree TOLERANCE COMMAND… -- COMMAND…
 *
 * Runs two commands and compares their outputs word by word: two numbers may differ by TOLERANCE,
 * other words must be equal. NaN equals nothing, and empty outputs do not agree. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

typedef struct command {
  pid_t process;
  FILE *messages;
} command;

/* Both run at once, so that neither waits for the other's output to be read. */
static bool start(char **arguments, command *started) {
  started->messages = tmpfile();
  if (started->messages == NULL) return false;
  started->process = fork();
  if (started->process == 0) {
    if (dup2(fileno(started->messages), STDOUT_FILENO) >= 0) execv(arguments[0], arguments);
    perror(arguments[0]);
    _exit(127);
  }
  return started->process > 0;
}

static bool finish(command *started) {
  int status;
  if (waitpid(started->process, &status, 0) != started->process) return false;
  rewind(started->messages);
  return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static bool is_number(const char *word, double *value) {
  char *end;
  *value = strtod(word, &end);
  return end != word && *end == '\0';
}

static bool agree(const char *a, const char *b, double tolerance, double *farthest) {
  double x, y;
  if (!is_number(a, &x) || !is_number(b, &y)) return strcmp(a, b) == 0;
  const double apart = fabs(x - y);
  if (apart > *farthest) *farthest = apart;
  return apart <= tolerance;
}

static bool compare(FILE *first, FILE *second, double tolerance) {
  char a[64], b[64];
  size_t words = 0;
  double farthest = 0.0;
  for (;; words++) {
    const bool more = fscanf(first, "%63s", a) == 1, also = fscanf(second, "%63s", b) == 1;
    if (!more && !also) break;
    if (more != also || !agree(a, b, tolerance, &farthest)) {
      printf("word %zu: \"%s\" and \"%s\", expected at most %g apart\n", words + 1, more ? a : "",
             also ? b : "", tolerance);
      return false;
    }
  }
  printf("%zu words agree, the farthest numbers are %.2g apart\n", words, farthest);
  return words > 0;
}

int main(int argc, char **argv) {
  int split = 2;
  while (split < argc && strcmp(argv[split], "--") != 0) split++;
  if (split == 2 || split + 1 >= argc) {
    fprintf(stderr, "usage: agree TOLERANCE COMMAND... -- COMMAND...\n");
    return 2;
  }
  argv[split] = NULL;
  command first, second;
  if (!start(argv + 2, &first) || !start(argv + split + 1, &second)) return 1;
  const bool ran = finish(&first), also_ran = finish(&second);
  const bool ok =
      ran && also_ran && compare(first.messages, second.messages, strtod(argv[1], NULL));
  fclose(first.messages);
  fclose(second.messages);
  return ok ? 0 : 1;
}
