/* The time of a fresh process to its first training step, and its memory. */
#include "bench.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

enum { DATA_SAMPLES = 60000 }; /* bytes, as MNIST has */

/* The process's peak memory. getrusage would include the parent's before exec. */
static long peak_kilobytes(void) {
  char line[128];
  long kilobytes = -1;
  FILE *file = fopen("/proc/self/status", "r");
  while (file != NULL && fgets(line, sizeof line, file) != NULL)
    if (sscanf(line, "VmHWM: %ld", &kilobytes) == 1) break;
  if (file != NULL) fclose(file);
  return kilobytes;
}

/* Uploads a batch of equal samples, all of class 0. */
static quern_status upload_batch(quern_buffer *x, quern_buffer *labels) {
  const size_t bytes = quern_buffer_bytes(x), count = bytes / sizeof(float);
  float *values = malloc(bytes);
  int32_t *classes = calloc(1, quern_buffer_bytes(labels));
  quern_status status = values == NULL || classes == NULL ? QUERN_ERROR_OUT_OF_MEMORY : QUERN_OK;
  for (size_t i = 0; status == QUERN_OK && i < count; i++) values[i] = 0.5f;
  if (status == QUERN_OK) status = quern_buffer_write(x, 0, bytes, values, QUERN_WAIT);
  if (status == QUERN_OK)
    status = quern_buffer_write(labels, 0, quern_buffer_bytes(labels), classes, QUERN_WAIT);
  free(values);
  free(classes);
  return status;
}

/* In the fresh process: the index of the network in measure_networks, or "none" to open the device
 * only. */
int bench_first_step(const bench_options *options) {
  quern_context *context = NULL;
  quern_network *network = NULL;
  quern_plan *plan = NULL;
  quern_buffer *x = NULL, *labels = NULL;
  cli_exit result = CLI_OK;
  if (quern_context_create(options->device, &context) != QUERN_OK) return (int)cli_fail_library();
  if (strcmp(options->first_step, "none") != 0) {
    const measure_network *about = &measure_networks[strtoul(options->first_step, NULL, 10)];
    size_t batch = about->batch, inputs = about->units[0];
    const quern_optimizer sgd = measure_sgd();
    result = measure_create_network(about, &network);
    if (result == CLI_OK &&
        (quern_plan_create(context, network, batch, QUERN_PLAN_TRAINING, &plan) != QUERN_OK ||
         quern_plan_set_optimizer(plan, &sgd) != QUERN_OK ||
         quern_buffer_create(context, batch * inputs * sizeof(float), &x) != QUERN_OK ||
         quern_buffer_create(context, batch * sizeof(int32_t), &labels) != QUERN_OK ||
         upload_batch(x, labels) != QUERN_OK ||
         quern_plan_step(plan, quern_matrix(x, 0, batch, inputs), quern_vector(labels, 0, batch),
                         quern_none()) != QUERN_OK ||
         quern_context_finish(context) != QUERN_OK))
      result = cli_fail_library();
  }
  if (result == CLI_OK) {
    printf("done %ld\n", peak_kilobytes());
    fflush(stdout);
  }
  quern_buffer_free(x);
  quern_buffer_free(labels);
  quern_plan_free(plan);
  quern_network_free(network);
  quern_context_free(context);
  return (int)result;
}

/* User and system time of a process and of those that it waited for. */
static double cpu_seconds(const struct rusage *used) {
  return (double)(used->ru_utime.tv_sec + used->ru_stime.tv_sec) +
         1e-6 * (double)(used->ru_utime.tv_usec + used->ru_stime.tv_usec);
}

/* Starts this program with caches in `folder`, and returns the seconds until it is done, its CPU
 * time and its memory. */
static cli_exit run_fresh(const yardstick *bench, const char *folder, const char *network,
                          double *seconds, double *cpu, double *kilobytes) {
  int out[2];
  if (pipe2(out, O_CLOEXEC) != 0) return cli_fail("pipe: %s", strerror(errno));
  double start = cli_seconds();
  pid_t child = fork();
  if (child == 0) {
    dup2(out[1], STDOUT_FILENO);
    setenv("POCL_CACHE_DIR", folder, 1);
    setenv("XDG_CACHE_HOME", folder, 1);
    setenv("QUERN_CACHE_DIR", folder, 1);
    setenv("MESA_SHADER_CACHE_DIR", folder, 1);
    setenv("CUDA_CACHE_PATH", folder, 1);
    const char *device = bench->options.device;
    execl("/proc/self/exe", "quern_bench", "--first-step", network,
          device != NULL ? "--device" : (char *)NULL, device, (char *)NULL);
    _exit(127);
  }
  close(out[1]);
  char line[64] = "";
  ssize_t length = child > 0 ? read(out[0], line, sizeof line - 1) : -1;
  *seconds = cli_seconds() - start;
  close(out[0]);
  int status = -1;
  struct rusage used = {0};
  if (child > 0) wait4(child, &status, 0, &used);
  *cpu = cpu_seconds(&used);
  if (length <= 0 || status != 0 || sscanf(line, "done %lf", kilobytes) != 1)
    return cli_fail("the process for the first step failed");
  return CLI_OK;
}

static int remove_one(const char *path, const struct stat *about, int kind, struct FTW *place) {
  (void)about;
  (void)kind;
  (void)place;
  return remove(path);
}

typedef struct start_times {
  /* their times are owned; cold_cpu and warm_cpu have the CPU time */
  measure_candidate opened, cold, warm, cold_cpu, warm_cpu;
  double kilobytes, opened_kilobytes;
} start_times;

/* One round: with empty caches, then with the filled ones. */
static cli_exit run_round(const yardstick *bench, start_times *times, size_t round,
                          const char *network) {
  char folder[] = "/tmp/quern-bench-XXXXXX";
  if (mkdtemp(folder) == NULL) return cli_fail("%s: %s", folder, strerror(errno));
  double cold_kilobytes, opened_cpu;
  cli_exit result = run_fresh(bench, folder, "none", &times->opened.seconds[round], &opened_cpu,
                              &times->opened_kilobytes);
  if (result == CLI_OK)
    result = run_fresh(bench, folder, network, &times->cold.seconds[round],
                       &times->cold_cpu.seconds[round], &cold_kilobytes);
  if (result == CLI_OK)
    result = run_fresh(bench, folder, network, &times->warm.seconds[round],
                       &times->warm_cpu.seconds[round], &times->kilobytes);
  nftw(folder, remove_one, 16, FTW_DEPTH | FTW_PHYS);
  return result;
}

/* Bytes on the device beyond parameters, one batch's activations and the data. */
static cli_exit print_memory(yardstick *bench, const measure_network *network, cJSON *object) {
  quern_network *made = NULL;
  size_t plan_bytes, units = 0, inputs = network->units[0], batch = network->batch;
  cli_exit result = measure_create_network(network, &made);
  if (result != CLI_OK) return result;
  if (quern_plan_bytes(made, batch, QUERN_PLAN_TRAINING, &plan_bytes) != QUERN_OK) {
    quern_network_free(made);
    return cli_fail_library();
  }
  for (size_t l = 0; l < measure_layer_count(network); l++) units += network->units[l + 1];
  double parameters = 4.0 * (double)quern_network_parameter_count(made);
  double activations = 4.0 * (double)(batch * units);
  double data = (double)DATA_SAMPLES * (double)(inputs + sizeof(int32_t));
  /* A trainer also has the order of the samples, their losses, and the gathered batch. */
  double gathered = 2.0 * 4.0 * DATA_SAMPLES + 4.0 * (double)(batch * (inputs + 1));
  double needed = parameters + activations + data, taken = (double)plan_bytes + data + gathered;
  double beyond = taken / needed - 1;
  double plan_beyond = (double)plan_bytes / (parameters + activations) - 1;
  quern_network_free(made);
  cli_json_number(&bench->json, object, "device_bytes", taken);
  cli_json_number(&bench->json, object, "needed_bytes", needed);
  cli_json_number(&bench->json, object, "beyond_needed", beyond);
  cli_json_number(&bench->json, object, "plan_bytes", (double)plan_bytes);
  cli_json_number(&bench->json, object, "plan_beyond_needed", plan_beyond);
  printf("  %8.2f MiB %+6.1f%%  %8.2f MiB %+6.1f%%\n", taken / 0x1p20, 100 * beyond,
         (double)plan_bytes / 0x1p20, 100 * plan_beyond);
  return CLI_OK;
}

/* Prints and records the medians of the rounds. */
static cli_exit print_times(yardstick *bench, const start_times *times, size_t rounds,
                            cJSON *object) {
  const struct {
    const char *name;
    const measure_candidate *times;
  } columns[] = {{"device_open_seconds", &times->opened},
                 {"cold_seconds", &times->cold},
                 {"cold_cpu_seconds", &times->cold_cpu},
                 {"warm_seconds", &times->warm},
                 {"warm_cpu_seconds", &times->warm_cpu}};
  for (size_t i = 0; i < sizeof columns / sizeof *columns; i++) {
    measure_summary rate;
    const cli_exit result = measure_rate(columns[i].times, 1, rounds, &rate);
    if (result != CLI_OK) return result;
    cli_json_number(&bench->json, object, columns[i].name, 1 / rate.median);
    printf(" %5.2f s", 1 / rate.median);
  }
  return CLI_OK;
}

static cli_exit bench_one(yardstick *bench, size_t index, cJSON *list) {
  const measure_network *network = &measure_networks[index];
  size_t rounds = bench->effort.small_only ? 1 : 5;
  start_times times = {.kilobytes = 0};
  measure_candidate *all[] = {&times.opened, &times.cold, &times.warm, &times.cold_cpu,
                              &times.warm_cpu};
  enum { ALL = sizeof all / sizeof *all };
  char name[16];
  snprintf(name, sizeof name, "%zu", index);
  cli_exit result = CLI_OK;
  for (size_t i = 0; result == CLI_OK && i < ALL; i++) {
    all[i]->seconds = calloc(rounds, sizeof(double));
    if (all[i]->seconds == NULL) result = cli_fail_memory();
  }
  for (size_t i = 0; result == CLI_OK && i < rounds; i++)
    result = run_round(bench, &times, i, name);
  if (result == CLI_OK) {
    cJSON *object = cli_json_object(&bench->json, list, NULL);
    cli_json_text(&bench->json, object, "network", network->name);
    cli_json_number(&bench->json, object, "batch", (double)network->batch);
    cli_json_number(&bench->json, object, "host_kilobytes", times.kilobytes);
    cli_json_number(&bench->json, object, "host_kilobytes_device_open", times.opened_kilobytes);
    printf("  %-17s %5zu ", network->name, network->batch);
    result = print_times(bench, &times, rounds, object);
    printf("  %5.0f MiB %5.0f MiB", times.opened_kilobytes / 1024, times.kilobytes / 1024);
    if (result == CLI_OK) result = print_memory(bench, network, object);
  }
  for (size_t i = 0; i < ALL; i++) measure_candidate_free(all[i]);
  return result;
}

cli_exit bench_start(yardstick *bench) {
  cli_exit result = CLI_OK;
  cJSON *list = cli_json_list(&bench->json, bench->json.root, "start");
  printf("\na fresh process to its first step: open is up to a ready device alone; cpu is the user "
         "and system time of the column\n"
         "before; peak of host memory, after opening and after the step; device memory of a "
         "trainer over %d samples of bytes,\n"
         "and of the plan alone, each beside what it needs\n"
         "  %-17s %5s  %7s %7s %7s %7s %7s  %9s %9s  %20s  %20s\n",
         DATA_SAMPLES, "network", "batch", "open", "cold", "cpu", "warm", "cpu", "opened", "host",
         "device", "plan");
  for (size_t i = 0; result == CLI_OK && i < measure_network_count; i++)
    if (!bench->effort.small_only || i == 0) result = bench_one(bench, i, list);
  return result;
}
