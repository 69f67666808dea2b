/* A context is one device made ready, with one in-order queue; a buffer is memory on it.
 *
 * Calls that enqueue return at once and run in the order of the calls; errors that the device finds
 * later (a label out of range) come back from the next call that waits. Only reads and writes that
 * ask to wait, and quern_context_finish, wait.
 *
 * Threads: contexts are independent, and any number of them run at once in as many threads. One
 * context, with everything made from it, is used by one thread at a time, and may be handed from
 * one to another. A call that finds another thread inside the same context is refused with
 * QUERN_ERROR_BUSY and does nothing. Freeing a buffer is safe at any time.
 *
 * Processes: OpenCL drivers do not survive fork(). In a child, contexts on OpenCL that were made
 * before it fail with QUERN_ERROR_FORKED, freeing them lets go of host memory alone, and new ones
 * are refused in the same words; so fork before the first device list or context, or exec. The
 * reference goes on working. The library makes no OpenCL call when it is loaded, when it is
 * unloaded and when the process exits: what was not freed by then is the operating system's to take
 * back. */
#ifndef QUERN_CONTEXT_H
#define QUERN_CONTEXT_H

#include <quern/device.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef struct quern_context quern_context;
typedef struct quern_buffer quern_buffer;

/* Makes the device that `device` names ready: see quern_device_list_find for the forms; NULL asks
 * QUERN_DEVICE, then takes the best. The caller owns *context. */
QUERN_API quern_status quern_context_create(const char *device, quern_context **context);

/* The same for a device from a list. The list may be freed afterward. */
QUERN_API quern_status quern_context_create_on(const quern_device *device, quern_context **context);

/* Gives up the caller's hold. Buffers, plans and trainers made from the context keep what they need
 * alive until they are freed too, in any order. Waits for what was queued. NULL is accepted. */
QUERN_API void quern_context_free(quern_context *context);

/* What the context runs on. Strings are owned by the context. */
QUERN_API void quern_context_describe(const quern_context *context, quern_device_info *info);

/* The whole log of the last kernel build that failed or warned in this context, or "". Owned by the
 * context, valid until the next build. */
QUERN_API const char *quern_context_build_log(const quern_context *context);

/* Whether the device was lost (unplugged, reset, its driver crashed): the call that found out
 * failed with QUERN_ERROR_DEVICE_LOST and what OpenCL said, and so does every later one in this
 * context, which reaches the device no more. Freeing works as ever. What was on the device is gone;
 * a new context may work. */
QUERN_API bool quern_context_is_lost(const quern_context *context);

/* Waits until everything queued is done, and reports what the device found wrong on the way:
 * QUERN_ERROR_DATA for a label or a sample index out of range. Such a finding is reported once. */
QUERN_API quern_status quern_context_finish(quern_context *context);

typedef enum quern_wait { QUERN_NO_WAIT = 0, QUERN_WAIT = 1 } quern_wait;

/* `bytes` of device memory, contents undefined; bytes > 0. The caller owns *buffer.
 * QUERN_ERROR_OUT_OF_DEVICE_MEMORY says how much was asked and how much the device has. */
QUERN_API quern_status quern_buffer_create(quern_context *context, size_t bytes,
                                           quern_buffer **buffer);

/* A buffer that is [offset, offset + bytes) of another: the same memory, no copy, and whatever is
 * written to one is in the other. offset is a multiple of 4, bytes > 0, and a view of a view is one
 * of the whole. The memory lives as long as the last buffer that has a part in it; the caller owns
 * *view. A tensor has an offset of its own and needs no view. */
QUERN_API quern_status quern_buffer_view(quern_buffer *buffer, size_t offset, size_t bytes,
                                         quern_buffer **view);

/* May be called while work on the buffer is queued. NULL is accepted. */
QUERN_API void quern_buffer_free(quern_buffer *buffer);
QUERN_API size_t quern_buffer_bytes(const quern_buffer *buffer);

/* Copies between host memory and [offset, offset + bytes) of the buffer, after all that was queued
 * before. With QUERN_WAIT the call returns when the copy is done, having reported what
 * quern_context_finish would; with QUERN_NO_WAIT it returns at once and the host memory must stay
 * untouched until the next call that waits. offset and bytes count bytes; a range past the buffer's
 * end is QUERN_ERROR_SHAPE. */
QUERN_API quern_status quern_buffer_write(quern_buffer *buffer, size_t offset, size_t bytes,
                                          const void *data, quern_wait wait);
QUERN_API quern_status quern_buffer_read(quern_buffer *buffer, size_t offset, size_t bytes,
                                         void *data, quern_wait wait);

/* Queues setting every byte of [offset, offset + bytes) to `value`. For numbers there is
 * quern_fill. */
QUERN_API quern_status quern_buffer_fill(quern_buffer *buffer, size_t offset, size_t bytes,
                                         uint8_t value);

/* Queues a copy between two buffers of one context. Ranges of the same memory must not overlap. */
QUERN_API quern_status quern_buffer_copy(quern_buffer *from, size_t from_offset, quern_buffer *to,
                                         size_t to_offset, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
