/* The soak: rounds of everything, for a given time; then a check of what the process has kept. */
#include "gauge.h"
#include "leak.h"
#include "round.h"
#include "trend.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static const char usage[] =
    "usage: quern_soak [--seconds N] [--device D] [--leak WHAT]\n"
    "\n"
    "Trains, saves, resumes, evaluates and drops everything again, for N seconds (60) and 128 "
    "rounds after those that warm up\n"
    "at the least, and fails where the process has grown. Run it by scripts/soak or ctest, which "
    "set what it needs.\n"
    "\n"
    "  --device D   auto (default: in turns with the reference), or what `quern devices` lists\n"
    "  --leak WHAT  leaves something behind in each round: heap, resident, descriptor, thread, "
    "object\n";

/* X(gauge, "name", scale, "unit", round, total): growth is too much above `round` units per round
 * and, because a round's part may be small and caches may still fill, above `total` units in all
 * rounds. Drivers leak too: PoCL 3.1 keeps about half a kilobyte of each context that built a
 * program, some of it on the heap. The samples themselves are twenty bytes per round. */
#define GAUGES(X)                                                                                  \
  X(resident, "resident memory", 1024.0, "KiB", 4.0, 512.0)                                        \
  X(heap, "heap", 1024.0, "KiB", 0.25, 32.0)                                                       \
  X(descriptors, "file descriptors", 1.0, "", 0.0, 0.5)                                            \
  X(threads, "threads", 1.0, "", 0.0, 0.5)                                                         \
  X(objects, "OpenCL objects", 1.0, "", 0.0, 0.5)

typedef struct all_series {
#define SERIES_MEMBER(gauge, name, scale, unit, round, total) soak_series gauge;
  GAUGES(SERIES_MEMBER)
#undef SERIES_MEMBER
} all_series;

typedef struct limits {
  const char *name, *unit;
  double scale, round, total;
} limits;

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (double)time.tv_sec + (double)time.tv_nsec * 1e-9;
}

static int fail(const char *what) {
  fprintf(stderr, "soak: %s\n", what);
  return 2;
}

/* Prints a gauge's trend; false if it grew. */
static bool judge(const soak_series *series, const limits *most) {
  double slope = 0.0;
  if (!soak_series_slope(series, &slope)) return fail("no memory") == 0;
  const size_t last = series->count - 1;
  const double first_value = series->values[0] / most->scale,
               last_value = series->values[last] / most->scale;
  const double a_round = slope / most->scale,
               in_all = a_round * (series->rounds[last] - series->rounds[0]);
  const bool grew = a_round > most->round && in_all > most->total;
  printf("%-17s %10.0f %10.0f %-4s %+10.4f a round%s\n", most->name, first_value, last_value,
         most->unit, a_round, grew ? "  GREW" : "");
  if (grew)
    fprintf(stderr, "soak: %s grew by %.4g%s%s a round\n", most->name, a_round,
            *most->unit ? " " : "", most->unit);
  return !grew;
}

static bool judge_all(const all_series *series) {
  bool level = true;
#define JUDGE(gauge, name, scale, unit, round, total)                                              \
  level = judge(&series->gauge, &(limits){name, unit, scale, round, total}) && level;
  GAUGES(JUDGE)
#undef JUDGE
  return level;
}

static bool add_sample(all_series *series, size_t round) {
  soak_sample sample;
  if (!soak_measure(&sample)) return false;
  bool added = true;
#define ADD(gauge, name, scale, unit, most_round, total)                                           \
  added = added && soak_series_add(&series->gauge, (double)round, sample.gauge);
  GAUGES(ADD)
#undef ADD
  return added;
}

typedef struct soak {
  double seconds;
  const char *device; /* NULL: the best device and the reference alternate */
  const char *leak;   /* NULL: none */
} soak;

/* All rounds. Caches fill in the first quarter of the time, and in one round of each kind. */
static int run(const soak *self, const char *folder, all_series *series) {
  /* So many rounds that an excess in each of them is an excess in total, for every gauge. */
  enum { SAMPLE_EVERY = 4, FEWEST_SAMPLES = 1 + 128 / SAMPLE_EVERY };
  const double start = now();
  size_t round = 0, warm = 0;
  for (; now() - start < self->seconds || series->heap.count < FEWEST_SAMPLES; round++) {
    const char *what = "";
    const char *device = self->device != NULL          ? self->device
                         : round / SOAK_KINDS % 4 == 3 ? "reference"
                                                       : "auto";
    const quern_status status = soak_round(device, folder, round, &what);
    if (status != QUERN_OK) {
      fprintf(stderr, "soak: round %zu, %s, %s: %s\n", round + 1, device, what, quern_last_error());
      return 2;
    }
    if (self->leak != NULL && !soak_leak(self->leak)) return fail("there is no such leak");
    if (round < SOAK_KINDS || now() - start < self->seconds / 4.0)
      warm = round + 1;
    else if (round % SAMPLE_EVERY == 0 && !add_sample(series, round))
      return fail("this system does not say what a process holds, or QUERN_TEST_SHIM is unset");
  }
  printf("%zu rounds in %.0f s, the first %zu to warm up; from there to the end:\n", round,
         now() - start, warm);
  return judge_all(series) ? 0 : 1;
}

static bool parse(int count, char **arguments, soak *self) {
  static const struct option options[] = {{"seconds", required_argument, NULL, 's'},
                                          {"device", required_argument, NULL, 'd'},
                                          {"leak", required_argument, NULL, 'l'},
                                          {NULL, 0, NULL, 0}};
  for (int option; (option = getopt_long(count, arguments, "", options, NULL)) != -1;) {
    char *end = NULL;
    switch (option) {
    case 's':
      self->seconds = strtod(optarg, &end);
      if (end == optarg || *end != '\0' || !(self->seconds > 0.0)) return false;
      break;
    case 'd':
      self->device = optarg;
      break;
    case 'l':
      self->leak = optarg;
      break;
    default:
      return false;
    }
  }
  return optind == count;
}

int main(int count, char **arguments) {
  soak current = {.seconds = 60.0};
  if (!parse(count, arguments, &current)) {
    fputs(usage, stderr);
    return 2;
  }
  const char *parent = getenv("TMPDIR");
  char folder[4096];
  snprintf(folder, sizeof folder, "%s/quern-soak-XXXXXX",
           parent != NULL && *parent != '\0' ? parent : "/tmp");
  if (mkdtemp(folder) == NULL) return fail(strerror(errno));
  all_series series = {0};
  const int code = run(&current, folder, &series);
#define FREE(gauge, name, scale, unit, round, total) soak_series_free(&series.gauge);
  GAUGES(FREE)
#undef FREE
  static const char *const names[] = {"checkpoint", "stopped", "model.safetensors", "data.csv"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char path[sizeof folder + 32];
    snprintf(path, sizeof path, "%s/%s", folder, names[i]);
    remove(path);
  }
  rmdir(folder);
  return code;
}
