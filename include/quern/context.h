/* A context is one device, initialized, with one in-order queue. A buffer is memory on that device.
 *
 * Calls that enqueue work return at once; the work runs in call order. Errors that the device finds
 * later, such as a label out of range, are returned by the next call that waits. Only
 * quern_context_finish and reads and writes with QUERN_WAIT wait.
 *
 * Threads: contexts are independent, and any number may run in parallel threads. Only one thread at
 * a time may use a context and the objects made from it; threads may take turns. A call returns
 * QUERN_ERROR_BUSY and does nothing if another thread is inside the same context. Freeing a buffer
 * is safe at any time.
 *
 * Processes: OpenCL drivers do not survive fork(). In a child process, OpenCL contexts made before
 * the fork return QUERN_ERROR_FORKED, freeing them releases host memory only, and creating a
 * context returns the same error. Fork before the first device list or context, or exec. The
 * reference backend keeps working. The library makes no OpenCL calls when it is loaded, when it is
 * unloaded, or at process exit; the operating system reclaims whatever was not freed. */
#ifndef QUERN_CONTEXT_H
#define QUERN_CONTEXT_H

#include <quern/device.h>
#include <quern/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Initializes the device that `device` names, in a form that quern_device_list_find accepts. NULL
 * means QUERN_DEVICE, or the best device if that is unset. The caller owns *context. Kernels are
 * built later, each when it is first used. QUERN_ERROR_NO_DEVICE: as for quern_device_list_find. */
QUERN_API quern_status quern_context_create(const char *device, quern_context **context);

/* Initializes a device from a list. The list may be freed afterward. The caller owns *context. */
QUERN_API quern_status quern_context_create_on(const quern_device *device, quern_context **context);

/* Releases the caller's reference. Buffers, plans and trainers made from the context keep what they
 * need alive until they are freed, in any order. Waits for queued work. NULL is accepted. */
QUERN_API void quern_context_free(quern_context *context);

/* Describes the device of the context. The context owns the strings. */
QUERN_API void quern_context_describe(const quern_context *context, quern_device_info *info);

/* Returns the complete log of the context's last kernel build that failed or warned, or "". Owned
 * by the context; valid until the next build. */
QUERN_API const char *quern_context_build_log(const quern_context *context);

/* Returns the tuning file whose parameters the context uses, or "" for the defaults. Owned by the
 * context. */
QUERN_API const char *quern_context_tuning(const quern_context *context);

/* Returns one plain line on what was ignored when the context was created, such as a stale tuning
 * file, and on known problems of the device and their workarounds; else "". Owned by the
 * context. */
QUERN_API const char *quern_context_note(const quern_context *context);

/* True if the device was lost: unplugged, reset, or its driver crashed. The call that detected it
 * returned QUERN_ERROR_DEVICE_LOST with OpenCL's error. Every later call in this context returns it
 * too, without accessing the device. Freeing still works. Data on the device are lost; a new
 * context may work. */
QUERN_API bool quern_context_is_lost(const quern_context *context);

/* Waits for all queued work. Returns errors that the device found, each once: QUERN_ERROR_DATA for
 * a label or a sample index out of range. */
QUERN_API quern_status quern_context_finish(quern_context *context);

typedef enum quern_wait { QUERN_NO_WAIT = 0, QUERN_WAIT = 1 } quern_wait;

/* Allocates `bytes` > 0 bytes of device memory with undefined contents. The caller owns *buffer.
 * QUERN_ERROR_OUT_OF_DEVICE_MEMORY reports the requested size and the device's memory. */
QUERN_API quern_status quern_buffer_create(quern_context *context, size_t bytes,
                                           quern_buffer **buffer);

/* Creates a buffer that shares the bytes [offset, offset + bytes) of another, without a copy:
 * writes to one appear in the other. offset is a multiple of 4; bytes > 0. A view of a view refers
 * to the original buffer. The memory is freed with the last buffer that uses it. The caller owns
 * *view. Tensors have their own offset and need no view. */
QUERN_API quern_status quern_buffer_view(quern_buffer *buffer, size_t offset, size_t bytes,
                                         quern_buffer **view);

/* Frees a buffer, even while work on it is queued. Does not wait. NULL is accepted. */
QUERN_API void quern_buffer_free(quern_buffer *buffer);

/* Returns the size of a buffer or view in bytes. */
QUERN_API size_t quern_buffer_bytes(const quern_buffer *buffer);

/* Copy between host memory and the bytes [offset, offset + bytes) of the buffer, after all work
 * queued before. With QUERN_WAIT, return when the copy is done, with any error that
 * quern_context_finish would return. With QUERN_NO_WAIT, return at once; the host memory must stay
 * unchanged until the next call that waits. QUERN_ERROR_SHAPE if the range exceeds the buffer. */
QUERN_API quern_status quern_buffer_write(quern_buffer *buffer, size_t offset, size_t bytes,
                                          const void *data, quern_wait wait);
QUERN_API quern_status quern_buffer_read(quern_buffer *buffer, size_t offset, size_t bytes,
                                         void *data, quern_wait wait);

/* Enqueues setting every byte of [offset, offset + bytes) to `value`. For numbers, use
 * quern_fill. QUERN_ERROR_SHAPE: the range exceeds the buffer. */
QUERN_API quern_status quern_buffer_fill(quern_buffer *buffer, size_t offset, size_t bytes,
                                         uint8_t value);

/* Enqueues a copy of `bytes` bytes between two buffers of one context; offsets are in bytes. Ranges
 * of the same memory must not overlap. QUERN_ERROR_SHAPE: a range exceeds its buffer. */
QUERN_API quern_status quern_buffer_copy(quern_buffer *from, size_t from_offset, quern_buffer *to,
                                         size_t to_offset, size_t bytes);

#ifdef __cplusplus
}
#endif
#endif
