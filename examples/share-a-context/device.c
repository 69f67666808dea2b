/* The program's own OpenCL. */
#include "device.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Points x of a square, and y = sin(3 x0) x1 there: all x first, [count][2], then all y. The points
 * of a step are the same on every device. */
static const char source[] =
    "uint mix(uint v) { v ^= v >> 16; v *= 0x7feb352du; v ^= v >> 15; v *= 0x846ca68bu; return v ^ "
    "v >> 16; }\n"
    "float uniform_of(uint v) { return (float)(mix(v) >> 8) * 0x1p-23f - 1.0f; }\n"
    "kernel void make_points(global float *points, uint count, uint step) {\n"
    "  const uint i = get_global_id(0);\n"
    "  const float a = uniform_of(2 * (step * count + i)), b = uniform_of(2 * (step * count + i) + "
    "1);\n"
    "  points[2 * i] = a;\n"
    "  points[2 * i + 1] = b;\n"
    "  points[2 * count + i] = sin(3.0f * a) * b;\n"
    "}\n"
    "kernel void square_errors(global const float *points, global const float *predicted, uint "
    "at,\n"
    "                          uint count, global float *errors) {\n"
    "  const uint i = get_global_id(0);\n"
    "  const float apart = predicted[at + i] - points[2 * count + i];\n"
    "  errors[i] = apart * apart;\n"
    "}\n";

bool device_check(cl_int error, const char *call) {
  if (error != CL_SUCCESS) fprintf(stderr, "share_a_context: %s: error %d\n", call, (int)error);
  return error == CL_SUCCESS;
}

static bool find_device(cl_device_id *found) {
  cl_uint count = 0;
  if (!device_check(clGetPlatformIDs(0, NULL, &count), "clGetPlatformIDs")) return false;
  cl_platform_id *platforms = malloc((count > 0 ? count : 1) * sizeof *platforms);
  bool ok = platforms != NULL &&
            device_check(clGetPlatformIDs(count, platforms, NULL), "clGetPlatformIDs");
  bool there = false;
  for (cl_uint i = 0; ok && !there && i < count; i++)
    there = clGetDeviceIDs(platforms[i], CL_DEVICE_TYPE_ALL, 1, found, NULL) == CL_SUCCESS;
  free(platforms);
  if (ok && !there) fprintf(stderr, "share_a_context: there is no OpenCL device\n");
  return there;
}

static bool open_objects(queue_kind kind, device *result) {
  const cl_command_queue_properties properties =
      kind == OUT_OF_ORDER ? CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE : 0;
  const char *text = source;
  cl_int error;
  result->context = clCreateContext(NULL, 1, &result->id, NULL, NULL, &error);
  if (!device_check(error, "clCreateContext")) return false;
  result->queue = clCreateCommandQueue(result->context, result->id, properties, &error);
  if (!device_check(error, "clCreateCommandQueue")) return false;
  result->program = clCreateProgramWithSource(result->context, 1, &text, NULL, &error);
  if (!device_check(error, "clCreateProgramWithSource") ||
      !device_check(clBuildProgram(result->program, 1, &result->id, "", NULL, NULL),
                    "clBuildProgram"))
    return false;
  result->make_points = clCreateKernel(result->program, "make_points", &error);
  if (!device_check(error, "clCreateKernel")) return false;
  result->square_errors = clCreateKernel(result->program, "square_errors", &error);
  return device_check(error, "clCreateKernel");
}

bool device_open(queue_kind kind, device *result) {
  memset(result, 0, sizeof *result);
  if (find_device(&result->id) && open_objects(kind, result)) return true;
  device_close(result);
  return false;
}

void device_close(device *result) {
  if (result->square_errors != NULL) clReleaseKernel(result->square_errors);
  if (result->make_points != NULL) clReleaseKernel(result->make_points);
  if (result->program != NULL) clReleaseProgram(result->program);
  if (result->queue != NULL) clReleaseCommandQueue(result->queue);
  if (result->context != NULL) clReleaseContext(result->context);
  memset(result, 0, sizeof *result);
}

bool device_run(const device *on, cl_kernel kernel, size_t items, const cl_event *after,
                cl_event *done) {
  return device_check(
      clEnqueueNDRangeKernel(on->queue, kernel, 1, NULL, &items, NULL, after != NULL, after, done),
      "clEnqueueNDRangeKernel");
}
