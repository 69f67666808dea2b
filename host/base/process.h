/* Process-wide state: one lock, and a count of forks. */
#ifndef QUERN_HOST_BASE_PROCESS_H
#define QUERN_HOST_BASE_PROCESS_H

#include <stdatomic.h>

/* Guards the list of backends and the loading of OpenCL's loader. Held briefly, never across a call
 * into a backend. fork() acquires it, so that no child inherits it locked by a thread that the
 * child does not have. */
void quern__process_lock(void);
void quern__process_unlock(void);

extern atomic_uint quern__process_fork_count;

/* Returns the number of forks since the first quern__process_lock, from the first process down to
 * this one. A changed value means that this process is a child. Makes no system call. */
static inline unsigned quern__process_forks(void) {
  return atomic_load_explicit(&quern__process_fork_count, memory_order_relaxed);
}

#endif
