/* How internals fail: say what a person needs, return the status, leave by one label. */
#ifndef QUERN_HOST_BASE_ERROR_H
#define QUERN_HOST_BASE_ERROR_H

#include "checked.h"
#include <quern/status.h>
#include <stddef.h>

/* Of a function whose parameter `format` is printf's, with its arguments from `first` on; 0: as a
 * va_list. */
#if defined(__GNUC__)
#define QUERN__PRINTF(format_at, first) __attribute__((format(printf, format_at, first)))
#else
#define QUERN__PRINTF(format_at, first)
#endif

/* Stores the formatted line for quern_last_error() on this thread: cut at its fixed size, newlines
 * and tabs made blanks, and what else is not fit for a terminal question marks. */
QUERN__PRINTF(1, 2)
void quern__set_error(const char *format, ...);

/* Sets the error and is the status, so that `return quern__fail(QUERN_ERROR_SHAPE, "…", …)` is the
 * whole of failing. A macro, so that the compiler sees which status it is. */
#define quern__fail(status, ...) (quern__set_error(__VA_ARGS__), (status))

/* quern__fail for a failed allocation of `bytes` of host memory for `what`. */
#define quern__fail_memory(what, bytes)                                                            \
  quern__fail(QUERN_ERROR_OUT_OF_MEMORY, "%s: no host memory for %zu bytes", (what),               \
              (size_t)(bytes))

/* For what may fail in silence: the error of before, to be put back afterward. NULL without
 * memory. */
QUERN__CHECKED char *quern__remember_error(void);
void quern__restore_error(char *message); /* takes `said`; NULL changes nothing */

/* Passes a failure on from a function that owns nothing yet. */
#define QUERN__FORWARD(call)                                                                       \
  do {                                                                                             \
    quern_status forward_status = (call);                                                          \
    if (forward_status != QUERN_OK) return forward_status;                                         \
  } while (0)

/* The same from a function with a local `status` and a `cleanup` label. */
#define QUERN__TRY(call)                                                                           \
  do {                                                                                             \
    status = (call);                                                                               \
    if (status != QUERN_OK) goto cleanup;                                                          \
  } while (0)

#endif
