/* The devices of ranks: the ranks of a host take its devices in turn. */
#include "../data/describe.h"
#include "../data/find_device.h"
#include "../text/text.h"
#include "ranks.h"

#include <inttypes.h>
#include <quern/collective.h>
#include <quern/quern.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* What the ranks tell each other about themselves. */
typedef struct place {
  char host[64], line[192];
  int32_t kind;
  uint32_t compute_units;
  uint64_t platform, device;
  cpu_set_t cores; /* that the process may run on; all if unknown */
} place;

static void find_cores(cpu_set_t *cores) {
  if (sched_getaffinity(0, sizeof *cores, cores) != 0) memset(cores, 0xff, sizeof *cores);
}

/* PoCL starts a thread for each core of the machine, even if the process is bound to some. Call it
 * before OpenCL is opened. */
static void bind_pocl(void) {
  cpu_set_t cores;
  char count[16];
  find_cores(&cores);
  snprintf(count, sizeof count, "%d", CPU_COUNT(&cores));
  setenv("POCL_MAX_PTHREAD_COUNT", count, 0);
  setenv("POCL_CPU_MAX_CU_COUNT", count, 0); /* the name in later versions */
}

static bool is_left_open(const char *text) {
  if (text == NULL || *text == '\0') text = getenv("QUERN_DEVICE");
  return text == NULL || *text == '\0' || strcmp(text, "auto") == 0;
}

static quern_device_kind kind_of(const quern_device *device) {
  quern_device_info info;
  quern_device_describe(device, &info);
  return info.kind;
}

/* Replaces the best device by all devices of its kind. */
static void add_its_kind(const quern_device_list *list, const quern_device **devices,
                         size_t *count) {
  const quern_device_kind kind = kind_of(devices[0]);
  *count = 0;
  for (size_t i = 0; i < quern_device_list_count(list); i++) {
    const quern_device *device = quern_device_list_at(list, i);
    if (kind_of(device) == kind) devices[(*count)++] = device;
  }
}

/* Chooses the device of a rank: the ranks of a host take the named devices, or the best ones, in
 * turn. */
static cli_exit choose(const quern_device_list *list, const char *text, size_t turn,
                       const quern_device **chosen) {
  const quern_device **devices;
  size_t count;
  const cli_exit result = cli_find_devices(list, text, &devices, &count);
  if (result == CLI_OK && is_left_open(text)) add_its_kind(list, devices, &count);
  if (result == CLI_OK) *chosen = devices[turn % count];
  free(devices);
  return result;
}

static void describe(const quern_device_info *info, place *mine) {
  memset(mine, 0, sizeof *mine);
  gethostname(mine->host, sizeof mine->host - 1);
  snprintf(mine->line, sizeof mine->line, "%s", info->name);
  mine->kind = (int32_t)info->kind;
  mine->compute_units = info->compute_units;
  mine->platform = info->platform_index;
  mine->device = info->device_index;
  find_cores(&mine->cores);
}

/* True if two ranks would slow each other down. The reference has a single thread, which the system
 * schedules. */
static bool share(const place *a, const place *b) {
  if (strcmp(a->host, b->host) != 0 || a->kind != b->kind || a->kind == QUERN_DEVICE_REFERENCE)
    return false;
  if (a->platform != b->platform || a->device != b->device) return false;
  cpu_set_t both;
  CPU_AND(&both, &a->cores, &b->cores);
  return a->kind == QUERN_DEVICE_GPU || CPU_COUNT(&both) > 0;
}

/* All ranks get the same result. */
static cli_exit check_shares(const place *all, size_t ranks) {
  for (size_t a = 0; a < ranks; a++)
    for (size_t b = a + 1; b < ranks; b++) {
      if (!share(&all[a], &all[b])) continue;
      if (all[a].kind == QUERN_DEVICE_GPU)
        return cli_fail("ranks %zu and %zu would share one device, %s of %s: start one rank per "
                        "device of a host, or allow it with --share-device",
                        a, b, all[a].line, all[a].host);
      return cli_fail(
          "ranks %zu and %zu would share the cores of %s, %s: bind each to its own "
          "cores (Open MPI: mpirun --bind-to core, MPICH: mpiexec -bind-to core), or allow "
          "it with --share-device",
          a, b, all[a].host, all[a].line);
    }
  return CLI_OK;
}

static void print_places(FILE *out, const place *all, size_t ranks) {
  enum { MOST = 16 };
  for (size_t r = 0; r < ranks && r < MOST; r++)
    cli_print(out, "rank %zu: %s (%s), %" PRIu32 " compute unit%s of %s\n", r, all[r].line,
              quern_device_kind_name((quern_device_kind)all[r].kind), all[r].compute_units,
              all[r].compute_units == 1 ? "" : "s", all[r].host);
  if (ranks > MOST) fprintf(out, "and %zu more ranks\n", ranks - MOST);
}

static cli_exit open_on(const quern_device_list *list, const char *text, bool shares, FILE *out,
                        quern_context **context) {
  const quern_collective *collective = cli_ranks_collective();
  const quern_device *device = NULL;
  quern_device_info info;
  cli_exit result = CLI_OK;
  place mine, *all = malloc(collective->ranks * sizeof *all);
  if (all == NULL) result = cli_fail_memory();
  if (result == CLI_OK) result = choose(list, text, cli_ranks_local(), &device);
  result = cli_ranks_agree(result);
  if (result == CLI_OK) {
    quern_device_describe(device, &info);
    describe(&info, &mine);
    if (collective->all_gather(collective->state, &mine, sizeof mine, all) != QUERN_OK)
      result = cli_fail_library();
  }
  if (result == CLI_OK && !shares) result = check_shares(all, collective->ranks);
  if (result == CLI_OK && quern_context_create_on(device, context) != QUERN_OK)
    result = cli_fail_library();
  if (result == CLI_OK) print_places(out, all, collective->ranks);
  free(all);
  return result;
}

cli_exit cli_ranks_open_device(const char *text, bool shares, FILE *out, quern_context **context) {
  quern_device_list *list = NULL;
  bind_pocl();
  cli_exit result = quern_device_list_create(&list) == QUERN_OK ? CLI_OK : cli_fail_library();
  result = cli_ranks_agree(result);
  if (result == CLI_OK) result = open_on(list, text, shares, out, context);
  quern_device_list_free(list);
  return result;
}
