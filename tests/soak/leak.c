/* Every kind of leak that the soak must detect. */
#include "leak.h"

#include <fcntl.h>
#include <pthread.h>
#include <quern/context.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Keeps leaked pointers reachable, and nobody frees them. */
static void *volatile kept;

static bool leak_heap(void) {
  kept = malloc(1024);
  return kept != NULL;
}

/* Two pages, written to. */
static bool leak_resident(void) {
  const size_t bytes = 2 * (size_t)sysconf(_SC_PAGESIZE);
  void *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (pages == MAP_FAILED) return false;
  memset(pages, 1, bytes);
  return true;
}

static bool leak_descriptor(void) {
  return open("/dev/null", O_RDONLY | O_CLOEXEC) >= 0;
}

static void *sleep_for_ever(void *nothing) {
  for (;;) pause();
  return nothing;
}

static bool leak_thread(void) {
  pthread_t thread;
  return pthread_create(&thread, NULL, sleep_for_ever, NULL) == 0 && pthread_detach(thread) == 0;
}

static bool leak_object(void) {
  quern_context *context;
  quern_buffer *buffer;
  if (quern_context_create("auto", &context) != QUERN_OK ||
      quern_buffer_create(context, 64, &buffer) != QUERN_OK)
    return false;
  kept = buffer;
  quern_context_free(context); /* the buffer keeps it */
  return true;
}

bool soak_leak(const char *what) {
  static const struct {
    const char *name;
    bool (*leak)(void);
  } leaks[] = {{"heap", leak_heap},
               {"resident", leak_resident},
               {"descriptor", leak_descriptor},
               {"thread", leak_thread},
               {"object", leak_object}};
  for (size_t i = 0; i < sizeof leaks / sizeof *leaks; i++)
    if (strcmp(what, leaks[i].name) == 0) return leaks[i].leak();
  return false;
}
