/* The process-wide lock, and the handlers that count forks. */
#include "process.h"

#include <pthread.h>

atomic_uint quern__process_fork_count;

static pthread_mutex_t process_mutex = PTHREAD_MUTEX_INITIALIZER;
static pthread_once_t fork_watch_once = PTHREAD_ONCE_INIT;

static void before_fork(void) {
  pthread_mutex_lock(&process_mutex);
}

static void in_parent(void) {
  pthread_mutex_unlock(&process_mutex);
}

static void in_child(void) {
  atomic_fetch_add_explicit(&quern__process_fork_count, 1, memory_order_relaxed);
  pthread_mutex_unlock(&process_mutex);
}

/* pthread_atfork fails only if memory is exhausted; forks then go uncounted, and all else works. */
static void watch_forks(void) {
  (void)pthread_atfork(before_fork, in_parent, in_child);
}

void quern__process_lock(void) {
  pthread_once(&fork_watch_once, watch_forks);
  pthread_mutex_lock(&process_mutex);
}

void quern__process_unlock(void) {
  pthread_mutex_unlock(&process_mutex);
}
