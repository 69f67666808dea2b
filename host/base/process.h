/* What is global to the process: one lock, and how often it was forked on the way here. */
#ifndef QUERN_HOST_BASE_PROCESS_H
#define QUERN_HOST_BASE_PROCESS_H

#include <stdatomic.h>

/* Guards the list of backends and the loading of OpenCL's loader. Held for short, never across a
 * call into a backend; fork() takes it, so that a child never finds it held by a thread that it
 * does not have. */
void quern__process_lock(void);
void quern__process_unlock(void);

extern atomic_uint quern__process_fork_count;

/* Forks between the first process and this one, counted from the first quern__process_lock on:
 * where it differs from what it was, this is a child. A load, with no system call. */
static inline unsigned quern__process_forks(void) {
  return atomic_load_explicit(&quern__process_fork_count, memory_order_relaxed);
}

#endif
