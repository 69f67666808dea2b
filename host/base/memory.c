/* Available host memory: from files in /proc and /sys on Linux, from sysconf elsewhere. Allocates
 * nothing. */
#include "memory.h"

#include "error.h"
#include <fcntl.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

/* Demands below this size are not checked, since a check reads several files. */
#define SMALL_BYTES ((size_t)16 << 20)

/* The beginning of a file in /proc or /sys. All values needed here stand within its size. */
typedef struct small_file {
  char text[8192];
} small_file;

static uint64_t minimum(uint64_t a, uint64_t b) {
  return a < b ? a : b;
}

static uint64_t subtract_clamped(uint64_t bytes, uint64_t taken) {
  return bytes > taken ? bytes - taken : 0;
}

static bool read_file(const char *root, const char *path, small_file *file) {
  char name[4096];
  const int length = snprintf(name, sizeof name, "%s%s", root, path);
  if (length < 0 || (size_t)length >= sizeof name) return false;
  const int descriptor = open(name, O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return false;
  size_t used = 0;
  ssize_t got;
  while ((got = read(descriptor, file->text + used, sizeof file->text - 1 - used)) > 0)
    used += (size_t)got;
  close(descriptor);
  file->text[used] = '\0';
  return used > 0;
}

/* Returns the number after a word at the start of a line; `otherwise` if there is none. */
static uint64_t number_after(const small_file *file, const char *word, uint64_t otherwise) {
  const size_t length = strlen(word);
  for (const char *line = file->text; line != NULL; line = strchr(line, '\n')) {
    if (*line == '\n') line++;
    if (strncmp(line, word, length) != 0) continue;
    const char *digits = line + length + strspn(line + length, " ");
    return *digits >= '0' && *digits <= '9' ? strtoull(digits, NULL, 10) : otherwise;
  }
  return otherwise;
}

static uint64_t physical_bytes(void) {
#if defined(_SC_PHYS_PAGES) && defined(_SC_PAGESIZE)
  const long pages = sysconf(_SC_PHYS_PAGES), bytes = sysconf(_SC_PAGESIZE);
  if (pages > 0 && bytes > 0) return (uint64_t)pages * (uint64_t)bytes;
#endif
  return UINT64_MAX;
}

uint64_t quern__memory_machine(const char *root) {
  small_file file;
  if (!read_file(root, "/proc/meminfo", &file)) return UINT64_MAX;
  const uint64_t available = number_after(&file, "MemAvailable:", UINT64_MAX);
  if (available == UINT64_MAX) return UINT64_MAX;
  return (available + number_after(&file, "SwapFree:", 0)) * 1024;
}

/* Returns the bytes that `ulimit -v` leaves. */
static uint64_t address_space(void) {
  struct rlimit limit;
  small_file file;
  if (getrlimit(RLIMIT_AS, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
  uint64_t taken = 0;
  if (read_file("", "/proc/self/statm", &file))
    taken = number_after(&file, "", 0) * (uint64_t)sysconf(_SC_PAGESIZE);
  return subtract_clamped(limit.rlim_cur, taken);
}

/* --- Control groups, versions 1 and 2 --------------------------------------------------------- */

typedef struct group_files {
  const char *folder, *limit, *usage;
} group_files;

/* Returns the bytes available in one group. The page cache counts as available, since the kernel
 * frees it on demand. */
static uint64_t group_leaves(const char *root, const group_files *files, const char *group,
                             size_t length) {
  char path[3072];
  small_file file;
  snprintf(path, sizeof path, "%s%.*s/%s", files->folder, (int)length, group, files->limit);
  if (!read_file(root, path, &file)) return UINT64_MAX;
  const uint64_t most = number_after(&file, "", UINT64_MAX);
  snprintf(path, sizeof path, "%s%.*s/%s", files->folder, (int)length, group, files->usage);
  if (most == UINT64_MAX || !read_file(root, path, &file)) return most;
  const uint64_t used = number_after(&file, "", 0);
  snprintf(path, sizeof path, "%s%.*s/memory.stat", files->folder, (int)length, group);
  uint64_t given_back = 0;
  if (read_file(root, path, &file))
    given_back = number_after(&file, "inactive_file ", 0) + number_after(&file, "active_file ", 0);
  return subtract_clamped(most, subtract_clamped(used, given_back));
}

/* Returns the least of a group and its parents. In a container, the path may be the host's while
 * the mounted folder is the container's own, so a missing group is skipped. */
static uint64_t groups_leave(const char *root, const group_files *files, const char *group) {
  size_t length = strcspn(group, "\n");
  uint64_t left = UINT64_MAX;
  if (length > 2048) return left;
  for (;;) {
    while (length > 0 && group[length - 1] == '/') length--;
    left = minimum(left, group_leaves(root, files, group, length));
    if (length == 0) return left;
    while (length > 0 && group[length - 1] != '/') length--;
  }
}

/* True if "memory" is in the comma-separated list. */
static bool has_memory(const char *names, size_t length) {
  for (const char *end = names + length; names < end; names += strcspn(names, ",:") + 1)
    if (strncmp(names, "memory", 6) == 0 && (names[6] == ',' || names[6] == ':')) return true;
  return false;
}

uint64_t quern__memory_groups(const char *root) {
  static const group_files first = {"/sys/fs/cgroup/memory", "memory.limit_in_bytes",
                                    "memory.usage_in_bytes"},
                           second = {"/sys/fs/cgroup", "memory.max", "memory.current"};
  small_file file;
  uint64_t left = UINT64_MAX;
  if (!read_file(root, "/proc/self/cgroup", &file)) return left;
  /* Version 1: "4:cpu,memory:/path". Version 2: "0::/path". */
  for (const char *line = file.text; line != NULL && *line != '\0'; line = strchr(line, '\n')) {
    if (*line == '\n') line++;
    const char *names = strchr(line, ':'), *group = names != NULL ? strchr(names + 1, ':') : NULL;
    if (group == NULL) break;
    if (group == names + 1)
      left = minimum(left, groups_leave(root, &second, group + 1));
    else if (has_memory(names + 1, (size_t)(group - names - 1)))
      left = minimum(left, groups_leave(root, &first, group + 1));
  }
  return left;
}

uint64_t quern__memory_available(void) {
  const uint64_t machine = minimum(quern__memory_machine(""), physical_bytes());
  return minimum(machine, minimum(address_space(), quern__memory_groups("")));
}

/* --- Checks ----------------------------------------------------------------------------------- */

quern_status quern__memory_check_host(const quern__demand *demand) {
  if (demand->bytes < SMALL_BYTES) return QUERN_OK;
  const uint64_t left = quern__memory_available();
  if (demand->bytes <= left) return QUERN_OK;
  return quern__fail(QUERN_ERROR_OUT_OF_MEMORY,
                     "%s: needs %zu bytes of host memory, of which %" PRIu64 " are available: %s",
                     demand->what, demand->bytes, left, demand->cure);
}

uint64_t quern__memory_of_device(const quern_device_info *info) {
  const uint64_t all = info->memory > 0 ? info->memory : UINT64_MAX;
  return info->kind == QUERN_DEVICE_GPU ? all : minimum(all, quern__memory_available());
}

quern_status quern__memory_check_shared(const quern_device_info *info,
                                        const quern__demand *demand) {
  if (demand->bytes < SMALL_BYTES || info->kind == QUERN_DEVICE_GPU) return QUERN_OK;
  const uint64_t left = quern__memory_available();
  if (demand->bytes <= left) return QUERN_OK;
  return quern__fail(
      QUERN_ERROR_OUT_OF_DEVICE_MEMORY,
      "%s: needs %zu bytes of the host's memory, which %s shares and of which %" PRIu64
      " are available: %s",
      demand->what, demand->bytes, info->name, left, demand->cure);
}

quern_status quern__memory_check_device(const quern_device_info *info,
                                        const quern__demand *demand) {
  if (info->memory == 0 || demand->bytes <= info->memory)
    return quern__memory_check_shared(info, demand);
  return quern__fail(QUERN_ERROR_OUT_OF_DEVICE_MEMORY,
                     "%s: needs %zu bytes of %s, which has %" PRIu64 ": %s", demand->what,
                     demand->bytes, info->name, info->memory, demand->cure);
}

quern_status quern__memory_check_buffer(const quern_device_info *info,
                                        const quern__demand *demand) {
  if (info->max_allocation == 0 || demand->bytes <= info->max_allocation) return QUERN_OK;
  return quern__fail(QUERN_ERROR_OUT_OF_DEVICE_MEMORY,
                     "%s: needs %zu bytes in one buffer of %s, which allows at most %" PRIu64
                     ": %s",
                     demand->what, demand->bytes, info->name, info->max_allocation, demand->cure);
}
