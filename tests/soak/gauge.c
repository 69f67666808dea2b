/* Reads the gauges of a process from /proc, glibc and the OpenCL shim. */
#include "gauge.h"

#include <dirent.h>
#include <dlfcn.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static bool read_resident(double *bytes) {
  FILE *file = fopen("/proc/self/statm", "r");
  if (file == NULL) return false;
  unsigned long total, pages;
  const bool read = fscanf(file, "%lu %lu", &total, &pages) == 2;
  fclose(file);
  *bytes = (double)pages * (double)sysconf(_SC_PAGESIZE);
  return read;
}

/* The folder is open while its entries are counted, in every sample alike. */
static bool count_entries(const char *path, double *count) {
  DIR *folder = opendir(path);
  if (folder == NULL) return false;
  *count = 0.0;
  for (const struct dirent *entry; (entry = readdir(folder)) != NULL;)
    *count += entry->d_name[0] != '.';
  closedir(folder);
  return true;
}

static bool count_objects(double *count) {
  const char *path = getenv("QUERN_TEST_SHIM");
  void *shim = path != NULL ? dlopen(path, RTLD_NOW) : NULL;
  if (shim == NULL) return false;
  size_t (*live)(void);
  *(void **)&live = dlsym(shim, "quern_shim_live");
  if (live != NULL) *count = (double)live();
  dlclose(shim);
  return live != NULL;
}

bool soak_measure(soak_sample *sample) {
  /* malloc's free memory is returned first, so that it does not hide growth. */
  malloc_trim(0);
  const struct mallinfo2 heap = mallinfo2();
  sample->heap = (double)heap.uordblks + (double)heap.hblkhd;
  return read_resident(&sample->resident) && count_entries("/proc/self/fd", &sample->descriptors) &&
         count_entries("/proc/self/task", &sample->threads) && count_objects(&sample->objects);
}
