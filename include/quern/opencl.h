/* Sharing OpenCL objects: a context of quern on a program's own cl_context, a buffer on its own
 * cl_mem, with no copy between the two, and events in both directions. Not part of quern.h, since
 * it needs OpenCL's headers.
 *
 * What is given is retained by quern, and released when the last that needs it is freed; it is
 * never destroyed or changed. What is got is borrowed: it lives as long as the quern_context or
 * quern_buffer it came from, and who wants it longer retains it.
 *
 * Order. quern runs everything on one in-order queue.
 *   The caller's queue is in order: quern uses that queue. What either side queues runs after what
 *     was queued before by either, and no event is needed. What waits for quern
 *     (quern_context_finish, freeing the context) then waits for all of the queue.
 *   The caller's queue is out of order, or there is none: quern makes an in-order queue of its own,
 *     in the same cl_context. The two are independent, as commands of an out-of-order queue are of
 *     one another: the caller joins them where data passes, with quern_opencl_wait and
 *     quern_opencl_event. Finishing the one waits for nothing in the other.
 *
 * Data that are streamed (staging.h, and trainers whose data do not fit) come on a second queue
 * that quern makes in the cl_context; quern joins it with the first by events, so that the above
 * holds for both.
 *
 * Which library. quern opens libOpenCL.so.1 at run time, or what QUERN_OPENCL_LIBRARY names, and
 * hands the caller's objects to that. A program that links with OpenCL has the same libOpenCL.so.1,
 * so there is only one. With QUERN_OPENCL_LIBRARY set to another loader, or straight to a driver
 * that an ICD loader could load, objects still are the driver's own and work in both; a library
 * that wraps objects in its own (a debugger, a tracer) works only where the program itself is run
 * with it. */
#ifndef QUERN_OPENCL_H
#define QUERN_OPENCL_H

#include <quern/context.h>

#ifndef CL_TARGET_OPENCL_VERSION
#define CL_TARGET_OPENCL_VERSION 120
#endif
#include <CL/cl.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Makes a context of quern on the caller's. `queue` may be NULL; whether it is in order decides
 * what quern runs on: see above. The caller owns *result.
 * QUERN_ERROR_ARGUMENT for a NULL context or device, a device that is not in the context, and a
 * queue of another context or device, or one that is on the device; QUERN_ERROR_UNSUPPORTED for a
 * device that quern cannot use; QUERN_ERROR_NO_DEVICE where quern finds no OpenCL library. */
QUERN_API quern_status quern_opencl_context_create(cl_context context, cl_device_id device,
                                                   cl_command_queue queue, quern_context **result);

/* What a context on OpenCL runs on, also one that quern made; any of the three may be NULL.
 * Commands that the caller puts in this queue are in order with quern's. */
QUERN_API quern_status quern_opencl_context_objects(const quern_context *context, cl_context *cl,
                                                    cl_device_id *device, cl_command_queue *queue);

/* A buffer that is [offset, offset + bytes) of the caller's cl_mem. The caller owns *buffer;
 * freeing it leaves the cl_mem as it is. One cl_mem may be wrapped any number of times, and the ops
 * see where ranges overlap, also between sub-buffers of one buffer and that buffer itself.
 * QUERN_ERROR_ARGUMENT for NULL; for a cl_mem of another cl_context, one that is no buffer, and one
 * that kernels may not both read and write (CL_MEM_READ_ONLY, CL_MEM_WRITE_ONLY); for 0 bytes; for
 * an offset that is no multiple of 4; for a sub-buffer whose own origin does not fit the device's
 * CL_DEVICE_MEM_BASE_ADDR_ALIGN. QUERN_ERROR_SHAPE for a range past the end.
 * A cl_mem made with CL_MEM_HOST_NO_ACCESS and the like cannot be read or written by
 * quern_buffer_read and quern_buffer_write, which then fail with OpenCL's error; ops work. */
QUERN_API quern_status quern_opencl_buffer_wrap(quern_context *context, cl_mem memory,
                                                size_t offset, size_t bytes, quern_buffer **buffer);

/* Where a buffer lies: its cl_mem, and the byte of it at which it begins (that of a view is not 0).
 * Also for buffers that quern made. A tensor's own offset comes on top: offset + tensor.offset ·
 * sizeof(element). */
QUERN_API quern_status quern_opencl_buffer_memory(const quern_buffer *buffer, cl_mem *memory,
                                                  size_t *offset);

/* What is queued in the context from here on runs after these events, which must be of the same
 * cl_context. They may come from any queue, or be user events. Returns at once; the events are not
 * needed any longer when it has returned. Queues that they come from must be flushed, as OpenCL
 * asks, and user events be set, or quern waits for good. count 0 is nothing to wait for.
 * An event that ends in an error is the driver's to judge: where it ends what waits for it, as
 * OpenCL asks, that is QUERN_ERROR_OPENCL in the next call that waits, or sooner; there are drivers
 * that go on as if nothing had been, and one that ends the process (docs/measurements.md). Who may
 * fail a user event had better not hand it to quern. QUERN_ERROR_ARGUMENT for NULL, for an event
 * that is NULL or of another cl_context, and for a context that is not on OpenCL. */
QUERN_API quern_status quern_opencl_wait(quern_context *context, cl_uint count,
                                         const cl_event *events);

/* An event that completes when all that was queued in the context so far is done. Flushes the
 * queue, so that others may wait for it. The caller releases *event. It has times where the queue
 * that quern runs on has profiling, which is so where the caller's queue has it, in order or not.
 * What kernels found wrong in data (a label out of range) is no error of the event: the next call
 * that waits says it. QUERN_ERROR_ARGUMENT for NULL and for a context that is not on OpenCL. */
QUERN_API quern_status quern_opencl_event(quern_context *context, cl_event *event);

#ifdef __cplusplus
}
#endif
#endif
