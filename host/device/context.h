/* The inside of contexts and buffers, for the layers between the public API and the backend table.
 */
#ifndef QUERN_HOST_DEVICE_CONTEXT_H
#define QUERN_HOST_DEVICE_CONTEXT_H

#include "../base/checked.h"
#include "../base/process.h"
#include "backend.h"
#include <stdatomic.h>

struct quern_context {
  const quern_backend *backend; /* held */
  void *state;                  /* the backend's part */
  bool lent;                    /* the state is another's to close */
  quern_device_info info;       /* strings owned */
  atomic_size_t holds;          /* the caller's, and one for each buffer, plan and trainer */
  atomic_bool busy;             /* a thread is inside the backend */
  atomic_bool lost;             /* a call said that the device is gone */
  unsigned forks;               /* quern__process_forks when it was made */
};

struct quern_buffer {
  quern_context *context; /* held */
  /* what a view is a part of, held; NULL for a buffer with memory of its own */
  quern_buffer *whole;
  void *memory; /* the backend's; the whole's in a view */
  /* where in that memory the buffer begins, in bytes, a multiple of QUERN__BASE_ALIGNMENT */
  size_t base;
  size_t bytes;
  /* What overlaps are told by: where the buffer begins in which memory. Two memories of a backend
   * may be parts of one, as OpenCL's sub-buffers are. */
  const void *range;
  size_t range_begin;
  atomic_size_t holds; /* the caller's, and one for each view */
};

/* Bytes that a buffer's beginning is a multiple of, so that an op can count in elements from there.
 */
enum { QUERN__BASE_ALIGNMENT = 4 };

/* One more or one less reason to keep the context. The last release closes it. */
void quern__context_hold(quern_context *context);
void quern__context_release(quern_context *context);

/* A context around what a backend has opened, held once, by the caller. On failure `state` stays
 * the caller's. */
quern_status quern__context_wrap(const quern_backend *backend, const quern_device_info *info,
                                 void *state, quern_context **context);

/* The same around a state that stays the caller's, and outlives the context. */
quern_status quern__context_borrow(const quern_backend *backend, const quern_device_info *info,
                                   void *state, quern_context **context);

/* quern_buffer_create, and a queued fill with zeros: a device that only promises memory has to give
 * it now, and says by the next call that waits where it cannot. */
quern_status quern__buffer_create_touched(quern_context *context, size_t bytes,
                                          quern_buffer **buffer);

/* A buffer around what the backend has made, which begins `base` bytes into `memory`;
 * quern_buffer_free hands it to the table's buffer_free. On failure `memory` stays the caller's. */
quern_status quern__buffer_wrap(quern_context *context, void *memory, size_t base, size_t bytes,
                                quern_buffer **buffer);

/* QUERN_ERROR_SHAPE, naming `what`, where [offset, offset + bytes) is not all of a buffer. */
quern_status quern__check_range(const char *what, size_t offset, size_t bytes, size_t buffer_bytes);

/* Whether the context was made by a process that this one was forked from, and does not work in it.
 */
static inline bool quern__context_is_forked(const quern_context *context) {
  return context->forks != quern__process_forks() && !context->backend->survives_fork;
}

QUERN__CHECKED static inline bool quern__context_enter(quern_context *context) {
  return !quern__context_is_forked(context) && !quern_context_is_lost(context) &&
         !atomic_exchange_explicit(&context->busy, true, memory_order_acquire);
}

static inline quern_status quern__context_leave(quern_context *context, quern_status status) {
  if (status == QUERN_ERROR_DEVICE_LOST)
    atomic_store_explicit(&context->lost, true, memory_order_release);
  atomic_store_explicit(&context->busy, false, memory_order_release);
  return status;
}

/* Says why the context could not be entered. */
quern_status quern__context_refuse(const quern_context *context);

/* The value of `call`, a call into the context's backend, made if no other thread is inside it. */
#define QUERN__CALL(context, call)                                                                 \
  (quern__context_enter(context) ? quern__context_leave(context, call)                             \
                                 : quern__context_refuse(context))

/* Waits until the device leaves host memory alone, after a failure. quern_last_error stays what the
 * failure was; what is wrong beyond it is not told. */
void quern__context_settle(quern_context *context);

/* Copies info with strings of its own; quern__device_info_free lets go of them. */
quern_status quern__device_info_copy(const quern_device_info *from, quern_device_info *to);
void quern__device_info_free(quern_device_info *info);

#endif
