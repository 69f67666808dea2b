/* Definitions of contexts and buffers, for the layers between the public API and the backend
 * table. */
#ifndef QUERN_HOST_DEVICE_CONTEXT_H
#define QUERN_HOST_DEVICE_CONTEXT_H

#include "../base/checked.h"
#include "../base/process.h"
#include "backend.h"
#include <stdatomic.h>

struct quern_context {
  const quern_backend *backend; /* held */
  void *state;                  /* the backend's */
  bool external;                /* the state belongs to the caller, who closes it */
  quern_device_info info;       /* strings owned */
  /* references: the caller's, and one for each buffer, plan and trainer */
  atomic_size_t holds;
  atomic_bool busy; /* a thread is inside the backend */
  atomic_bool lost; /* a call reported that the device is lost */
  unsigned forks;   /* quern__process_forks at creation */
};

struct quern_buffer {
  quern_context *context; /* held */
  /* the buffer that a view is part of, held; NULL for a buffer with memory of its own */
  quern_buffer *whole;
  void *memory; /* the backend's; a view has its whole's */
  /* offset of the buffer in that memory, in bytes, a multiple of QUERN__BASE_ALIGNMENT */
  size_t base;
  size_t bytes;
  /* The underlying memory and the buffer's offset in it, to detect overlaps. Two backend memories
   * may be parts of one range, like OpenCL sub-buffers. */
  const void *range;
  size_t range_begin;
  atomic_size_t holds; /* references: the caller's, and one for each view */
};

/* Alignment in bytes of a buffer's offset, so that ops can count in elements. */
enum { QUERN__BASE_ALIGNMENT = 4 };

/* Acquire or release a reference. The last release closes the context. */
void quern__context_hold(quern_context *context);
void quern__context_release(quern_context *context);

/* Creates a context around an open backend state. The caller has its one reference. On failure the
 * caller keeps `state`. */
quern_status quern__context_wrap(const quern_backend *backend, const quern_device_info *info,
                                 void *state, quern_context **context);

/* Creates a context around a state that the caller keeps, and closes after freeing the context. */
quern_status quern__context_borrow(const quern_backend *backend, const quern_device_info *info,
                                   void *state, quern_context **context);

/* quern_buffer_create followed by a queued fill with zeros. A driver that allocates lazily must
 * then really allocate, so a lack of memory is reported by the next call that waits. */
quern_status quern__buffer_create_touched(quern_context *context, size_t bytes,
                                          quern_buffer **buffer);

/* Creates a buffer around the backend's `memory`, starting `base` bytes into it. quern_buffer_free
 * passes the memory to the table's buffer_free. On failure the caller keeps `memory`. */
quern_status quern__buffer_wrap(quern_context *context, void *memory, size_t base, size_t bytes,
                                quern_buffer **buffer);

/* QUERN_ERROR_SHAPE, with `what` in the message, if [offset, offset + bytes) exceeds the buffer. */
quern_status quern__check_range(const char *what, size_t offset, size_t bytes, size_t buffer_bytes);

/* True if the context was created before a fork() and does not work in this child process. */
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

/* Reports why the context could not be entered. */
quern_status quern__context_refuse(const quern_context *context);

/* Calls into the context's backend, and yields the status. Fails if another thread is inside it. */
#define QUERN__CALL(context, call)                                                                 \
  (quern__context_enter(context) ? quern__context_leave(context, call)                             \
                                 : quern__context_refuse(context))

/* After a failure, waits until the device no longer accesses host memory. Keeps quern_last_error;
 * further errors are ignored. */
void quern__context_settle(quern_context *context);

/* Copies info and its strings; quern__device_info_free frees the copies. */
quern_status quern__device_info_copy(const quern_device_info *from, quern_device_info *to);
void quern__device_info_free(quern_device_info *info);

#endif
