/* PyTorch's eager step, in processes of its own: torch_step.py is driven through a pipe, so that
 * rounds can be interleaved. For each problem the fastest setting is chosen: threads bound to cores
 * or not, one thread or all, SGD per tensor or for all at once. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { PROCESSES = 2 }; /* free threads, bound threads */

typedef struct torch_process {
  pid_t child;
  FILE *to, *from; /* owned */
} torch_process;

typedef struct torch_state {
  const measure_problem *problem; /* borrowed */
  torch_process processes[PROCESSES];
  size_t best;
  char path[64]; /* of the file for the data; "" if there is none */
} torch_state;

/* Runs in the child. */
static void become_python(const char *python, bool bound, const int *in, const int *out) {
  static const char openmp[] = "/usr/lib/x86_64-linux-gnu/openblas-openmp";
  dup2(in[0], STDIN_FILENO);
  dup2(out[1], STDOUT_FILENO);
  close(in[0]);
  close(in[1]);
  close(out[0]);
  close(out[1]);
  if (bound) setenv("OMP_PROC_BIND", "true", 1);
  if (access(openmp, R_OK) == 0) setenv("LD_LIBRARY_PATH", openmp, 0);
  execlp(python, python, QUERN_BENCH_TORCH, (char *)NULL);
  _exit(127);
}

static cli_exit start(torch_process *process, const char *python, bool bound) {
  int in[2], out[2];
  if (pipe2(in, O_CLOEXEC) != 0) return cli_fail("pipe: %s", strerror(errno));
  if (pipe2(out, O_CLOEXEC) != 0) return cli_fail("pipe: %s", strerror(errno));
  process->child = fork();
  if (process->child == 0) become_python(python, bound, in, out);
  close(in[0]);
  close(out[1]);
  process->to = fdopen(in[1], "w");
  process->from = fdopen(out[0], "r");
  if (process->child < 0 || process->to == NULL || process->from == NULL)
    return cli_fail("cannot start %s: %s", python, strerror(errno));
  return CLI_OK;
}

/* Sends `line` and reads the answer into it. */
static cli_exit ask(const torch_process *process, char *line, size_t size) {
  fprintf(process->to, "%s\n", line);
  fflush(process->to);
  if (fgets(line, (int)size, process->from) == NULL || strncmp(line, "ok", 2) != 0)
    return cli_fail("PyTorch: torch_step.py ended");
  line[strcspn(line, "\n")] = '\0';
  memmove(line, line + 3, strlen(line + 3) + 1);
  return CLI_OK;
}

static void stop(torch_process *process) {
  if (process->to != NULL) fclose(process->to);
  if (process->from != NULL) fclose(process->from);
  if (process->child > 0) waitpid(process->child, NULL, 0);
}

cli_exit bench_about_torch(const yardstick *bench, char *text, size_t size) {
  torch_process process = {0};
  snprintf(text, size, "version");
  cli_exit result = start(&process, bench->options.python, false);
  if (result == CLI_OK) result = ask(&process, text, size);
  stop(&process);
  return result;
}

static cli_exit time_steps(const torch_process *process, size_t times, double *seconds) {
  char line[64];
  snprintf(line, sizeof line, "run %zu", times);
  cli_exit result = ask(process, line, sizeof line);
  *seconds = strtod(line, NULL);
  return result;
}

static cli_exit set(const torch_process *process, long threads, bool all_at_once) {
  char line[64];
  snprintf(line, sizeof line, "set %ld %d", threads, all_at_once);
  return ask(process, line, sizeof line);
}

/* Tries every setting and keeps the fastest. */
static cli_exit choose(torch_state *torch) {
  const long all = sysconf(_SC_NPROCESSORS_ONLN);
  double best = 0;
  long best_threads = 1;
  bool best_foreach = false;
  cli_exit result = CLI_OK;
  for (size_t i = 0; result == CLI_OK && i < 4 * PROCESSES; i++) {
    const torch_process *process = &torch->processes[i % PROCESSES];
    long threads = i / PROCESSES % 2 == 0 ? all : 1;
    bool foreach = i / PROCESSES / 2 != 0;
    double once = 0, seconds = 0;
    result = set(process, threads, foreach);
    if (result == CLI_OK)
      result = time_steps(process, 1, &once); /* the first is slower and does not count */
    if (result == CLI_OK) result = time_steps(process, 1, &once);
    size_t times = once > 0 ? (size_t)(1 + 0.15 / once) : 1;
    if (result == CLI_OK) result = time_steps(process, times, &seconds);
    seconds /= (double)times;
    if (result != CLI_OK || (best > 0 && seconds >= best)) continue;
    best = seconds;
    best_threads = threads;
    best_foreach = foreach;
    torch->best = i % PROCESSES;
  }
  return result == CLI_OK ? set(&torch->processes[torch->best], best_threads, best_foreach)
                          : result;
}

static cli_exit write_problem(const torch_state *torch) {
  const measure_problem *problem = torch->problem;
  const size_t *units = problem->network->units;
  FILE *file = fopen(torch->path, "wb");
  if (file == NULL) return cli_fail("%s: %s", torch->path, strerror(errno));
  fwrite(problem->x, sizeof *problem->x, problem->samples * units[0], file);
  fwrite(problem->labels, sizeof *problem->labels, problem->samples, file);
  cli_exit result = CLI_OK;
  for (size_t l = 0; result == CLI_OK && l < measure_layer_count(problem->network); l++) {
    size_t weights = units[l] * units[l + 1], count = weights + units[l + 1];
    float *values = malloc(count * sizeof *values);
    if (values == NULL) result = cli_fail_memory();
    if (result == CLI_OK &&
        quern_network_get_layer(problem->start, l, values, values + weights) != QUERN_OK)
      result = cli_fail_library();
    if (result == CLI_OK) fwrite(values, sizeof *values, count, file);
    free(values);
  }
  bool lost = ferror(file) != 0;
  if ((fclose(file) != 0 || lost) && result == CLI_OK)
    result = cli_fail("%s could not be written", torch->path);
  return result;
}

static cli_exit open_problem(torch_state *torch) {
  const measure_network *network = torch->problem->network;
  char line[256];
  cli_exit result = write_problem(torch);
  for (size_t i = 0; result == CLI_OK && i < PROCESSES; i++) {
    int length =
        snprintf(line, sizeof line, "open %s %zu %d", torch->path, network->batch, MEASURE_BATCHES);
    for (size_t l = 0; l <= measure_layer_count(network); l++)
      length += snprintf(line + length, sizeof line - (size_t)length, " %zu", network->units[l]);
    result = ask(&torch->processes[i], line, sizeof line);
  }
  return result;
}

static cli_exit create(const yardstick *bench, const measure_problem *problem, void **state) {
  torch_state *torch = calloc(1, sizeof *torch);
  *state = torch;
  if (torch == NULL) return cli_fail_memory();
  torch->problem = problem;
  strcpy(torch->path, "/tmp/quern-bench-XXXXXX");
  int file = mkstemp(torch->path);
  if (file < 0) return cli_fail("%s: %s", torch->path, strerror(errno));
  close(file);
  cli_exit result = CLI_OK;
  for (size_t i = 0; result == CLI_OK && i < PROCESSES; i++)
    result = start(&torch->processes[i], bench->options.python, i == 1);
  if (result == CLI_OK) result = open_problem(torch);
  return result == CLI_OK ? choose(torch) : result;
}

static cli_exit run(void *state, size_t times, double *seconds) {
  const torch_state *torch = state;
  return time_steps(&torch->processes[torch->best], times, seconds);
}

static cli_exit learn(void *state, size_t steps, quern_network *learned) {
  torch_state *torch = state;
  const size_t *units = torch->problem->network->units;
  char line[256];
  snprintf(line, sizeof line, "learn %zu %s", steps, torch->path);
  cli_exit result = ask(&torch->processes[torch->best], line, sizeof line);
  FILE *file = result == CLI_OK ? fopen(torch->path, "rb") : NULL;
  if (result == CLI_OK && file == NULL) result = cli_fail("%s: %s", torch->path, strerror(errno));
  for (size_t l = 0; result == CLI_OK && l < measure_layer_count(torch->problem->network); l++) {
    size_t weights = units[l] * units[l + 1], count = weights + units[l + 1];
    float *values = malloc(count * sizeof *values);
    if (values == NULL)
      result = cli_fail_memory();
    else if (fread(values, sizeof *values, count, file) != count)
      result = cli_fail("PyTorch: %s is too short", torch->path);
    else if (quern_network_set_layer(learned, l, values, values + weights) != QUERN_OK)
      result = cli_fail_library();
    free(values);
  }
  if (file != NULL) fclose(file);
  return result;
}

static void free_state(void *state) {
  torch_state *torch = state;
  for (size_t i = 0; torch != NULL && i < PROCESSES; i++) stop(&torch->processes[i]);
  if (torch != NULL && torch->path[0] != '\0') unlink(torch->path);
  free(torch);
}

const step_rival torch_step = {"PyTorch", "pytorch", create, run, learn, free_state};
