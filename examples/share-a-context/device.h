/* The program's own OpenCL: a context, a queue and two kernels. */
#ifndef DEVICE_H
#define DEVICE_H

#define CL_TARGET_OPENCL_VERSION 120
#include <CL/cl.h>
#include <stdbool.h>

/* The kind of queue that quern gets. */
typedef enum queue_kind { IN_ORDER, OUT_OF_ORDER, NONE } queue_kind;

typedef struct device {
  cl_device_id id;
  cl_context context;
  cl_command_queue queue;
  cl_program program;
  cl_kernel make_points, square_errors;
} device;

/* Opens the first device of the first platform that has one. Prints errors. */
bool device_open(queue_kind kind, device *result);
void device_close(device *result);

/* Prints the failing call; true for CL_SUCCESS. */
bool device_check(cl_int error, const char *call);

/* Queues `kernel` over `items`, after the event (NULL: none), and returns an event for its end
 * (NULL: none). */
bool device_run(const device *on, cl_kernel kernel, size_t items, const cl_event *after,
                cl_event *done);

#endif
