/* How internals fail: say what a person needs, return the status, leave by one label. */
#ifndef QUERN_HOST_ERROR_H
#define QUERN_HOST_ERROR_H

#include <quern/status.h>
#include <stddef.h>

/* Stores the formatted line for quern_last_error() on this thread (cut at its fixed size, newlines made
 * blanks) and returns status, so that `return quern__fail(QUERN_ERROR_SHAPE, "…", …)` is the whole of
 * failing. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
quern_status
quern__fail(quern_status status, const char *format, ...);

/* quern__fail for a failed allocation of `bytes` of host memory for `what`. */
quern_status quern__fail_memory(const char *what, size_t bytes);

/* Passes a failure on from a function that owns nothing yet. */
#define QUERN__FORWARD(call)                                                                                 \
  do {                                                                                                       \
    quern_status forward_status = (call);                                                                    \
    if (forward_status != QUERN_OK) return forward_status;                                                   \
  } while (0)

/* The same from a function with a local `status` and a `cleanup` label. */
#define QUERN__TRY(call)                                                                                     \
  do {                                                                                                       \
    status = (call);                                                                                         \
    if (status != QUERN_OK) goto cleanup;                                                                    \
  } while (0)

#endif
