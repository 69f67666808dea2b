/* Error handling: set a message, return a status, leave a function by one label. */
#ifndef QUERN_HOST_BASE_ERROR_H
#define QUERN_HOST_BASE_ERROR_H

#include "checked.h"
#include <quern/status.h>
#include <stddef.h>

/* Checks a printf-like function's arguments. `format_at` and `first` are the positions of the
 * format and of its first argument, counted from 1; `first` is 0 for a va_list. */
#if defined(__GNUC__)
#define QUERN__PRINTF(format_at, first) __attribute__((format(printf, format_at, first)))
#else
#define QUERN__PRINTF(format_at, first)
#endif

/* Formats the line that quern_last_error() returns on this thread. It is truncated to a fixed size;
 * newlines and tabs become blanks, other unprintable characters become question marks. */
QUERN__PRINTF(1, 2)
void quern__set_error(const char *format, ...);

/* Sets the error message and yields the status: `return quern__fail(QUERN_ERROR_SHAPE, "…", …)`. A
 * macro, so that the compiler sees which status it is. */
#define quern__fail(status, ...) (quern__set_error(__VA_ARGS__), (status))

/* quern__fail for a failed allocation of `bytes` of host memory for `what`. */
#define quern__fail_memory(what, bytes)                                                            \
  quern__fail(QUERN_ERROR_OUT_OF_MEMORY, "%s: no host memory for %zu bytes", (what),               \
              (size_t)(bytes))

/* Save and restore the error message around calls whose failure is ignored. Remembering returns
 * NULL if memory is exhausted. */
QUERN__CHECKED char *quern__remember_error(void);
void quern__restore_error(char *message); /* frees the message; NULL changes nothing */

/* Returns a failed call's status, from a function that owns nothing yet. */
#define QUERN__FORWARD(call)                                                                       \
  do {                                                                                             \
    quern_status forward_status = (call);                                                          \
    if (forward_status != QUERN_OK) return forward_status;                                         \
  } while (0)

/* Jumps to the label `cleanup` if a call fails. The function also has a local `status`. */
#define QUERN__TRY(call)                                                                           \
  do {                                                                                             \
    status = (call);                                                                               \
    if (status != QUERN_OK) goto cleanup;                                                          \
  } while (0)

#endif
