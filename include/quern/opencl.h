/* Sharing OpenCL objects: a quern context on a program's own cl_context, and a buffer on its own
 * cl_mem, without copies, and events in both directions. Not part of quern.h, since it needs
 * OpenCL's headers.
 *
 * Objects passed in are retained by quern, released when the last object that needs them is freed,
 * and never destroyed or changed. Objects returned are borrowed: they live as long as their
 * quern_context or quern_buffer; retain them to keep them longer.
 *
 * Order. quern runs everything on one in-order queue.
 *   The caller's queue is in order: quern uses it. Commands of both sides run in the order in which
 *     they were queued, and no events are needed. Waiting for quern (quern_context_finish, freeing
 *     the context) then waits for the whole queue.
 *   The caller's queue is out of order, or NULL: quern creates its own in-order queue in the same
 *     cl_context. The two are independent, like commands of an out-of-order queue. The caller
 *     synchronizes them where data pass between them, with quern_opencl_wait and
 *     quern_opencl_event. Finishing one does not wait for the other.
 *
 * Streamed data (staging.h, and trainers whose data do not fit) use a second queue that quern
 * creates in the cl_context and synchronizes with the first by events, so the above holds for both.
 *
 * Library. quern opens libOpenCL.so.1, or the library named by QUERN_OPENCL_LIBRARY, at run time
 * and passes the caller's objects to it. A program linked with OpenCL uses the same libOpenCL.so.1,
 * so there is only one. If QUERN_OPENCL_LIBRARY names another loader, or a driver that an ICD
 * loader could load, objects are still the driver's own and work in both. A library that wraps
 * objects in its own (a debugger, a tracer) works only if the program itself runs with it. */
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

/* Creates a quern context on the caller's cl_context. `queue` may be NULL; whether it is in order
 * decides which queue quern uses, see above. The caller owns *result.
 * QUERN_ERROR_ARGUMENT: a NULL context or device, a device that is not in the context, a queue of
 * another context or device, or an on-device queue. QUERN_ERROR_UNSUPPORTED: a device that quern
 * cannot use. QUERN_ERROR_NO_DEVICE: quern finds no OpenCL library. */
QUERN_API quern_status quern_opencl_context_create(cl_context context, cl_device_id device,
                                                   cl_command_queue queue, quern_context **result);

/* Returns the OpenCL objects of a context, also of one that quern created; any of the three may be
 * NULL. Commands that the caller adds to this queue are in order with quern's. */
QUERN_API quern_status quern_opencl_context_objects(const quern_context *context, cl_context *cl,
                                                    cl_device_id *device, cl_command_queue *queue);

/* Creates a buffer over [offset, offset + bytes) of the caller's cl_mem. A cl_mem may be wrapped
 * any number of times; ops detect overlapping ranges, also between sub-buffers and their buffer.
 * The caller owns *buffer; freeing it leaves the cl_mem unchanged.
 * If the cl_mem was created with CL_MEM_HOST_NO_ACCESS or similar, quern_buffer_read and
 * quern_buffer_write fail with OpenCL's error; ops work.
 * QUERN_ERROR_ARGUMENT: NULL; a cl_mem of another cl_context, one that is not a buffer, or one that
 * kernels may not both read and write (CL_MEM_READ_ONLY, CL_MEM_WRITE_ONLY); 0 bytes; an offset
 * that is not a multiple of 4; a sub-buffer whose origin violates the device's
 * CL_DEVICE_MEM_BASE_ADDR_ALIGN. QUERN_ERROR_SHAPE: a range past the end. */
QUERN_API quern_status quern_opencl_buffer_wrap(quern_context *context, cl_mem memory,
                                                size_t offset, size_t bytes, quern_buffer **buffer);

/* Returns a buffer's cl_mem and its byte offset there (not 0 for a view). Also for buffers that
 * quern created. A tensor's own offset is added: offset + tensor.offset · sizeof(element). */
QUERN_API quern_status quern_opencl_buffer_memory(const quern_buffer *buffer, cl_mem *memory,
                                                  size_t *offset);

/* Makes work queued in the context from here on run after these events, which must be of the same
 * cl_context, from any queue or user events. Returns at once; the events may then be released.
 * Their queues must be flushed, as OpenCL requires, and user events set, or quern waits forever.
 * count 0: nothing to wait for.
 * The effect of an event that ends in an error depends on the driver. If it terminates the waiting
 * commands, as OpenCL requires, the next call that waits, or an earlier one, returns
 * QUERN_ERROR_OPENCL. Some drivers continue as if nothing had happened, and one ends the process
 * (docs/measurements.md), so avoid passing user events that may fail.
 * QUERN_ERROR_ARGUMENT: NULL, an event that is NULL or of another cl_context, or a context that is
 * not on OpenCL. */
QUERN_API quern_status quern_opencl_wait(quern_context *context, cl_uint count,
                                         const cl_event *events);

/* Returns an event that completes when all work queued in the context so far is done. Flushes the
 * queue, so that others may wait for the event. The caller releases *event. It has profiling times
 * if quern's queue has profiling, which it has if the caller's queue does, in order or not. Data
 * errors found by kernels (a label out of range) do not fail the event; the next call that waits
 * reports them. QUERN_ERROR_ARGUMENT: NULL, or a context that is not on OpenCL. */
QUERN_API quern_status quern_opencl_event(quern_context *context, cl_event *event);

#ifdef __cplusplus
}
#endif
#endif
