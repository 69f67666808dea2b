/* Device memory: creates, frees, fills and copies buffers. */
#include "../state.h"

#include <stdio.h>
#include <string.h>

static quern_status fail_space(const quern__cl *cl, size_t bytes, const char *why) {
  return quern__fail(QUERN_ERROR_OUT_OF_DEVICE_MEMORY,
                     "a buffer of %zu bytes was requested (%s): the device has %llu bytes, at most "
                     "%llu per buffer",
                     bytes, why, (unsigned long long)cl->memory,
                     (unsigned long long)cl->max_allocation);
}

static quern_status fail_space_in(const quern__cl *cl, size_t bytes, const char *entry_point,
                                  cl_int error) {
  char why[80];
  snprintf(why, sizeof why, "%s: %s", entry_point, quern__cl_error_name(error));
  return fail_space(cl, bytes, why);
}

quern_status quern__cl_buffer_create(void *state, size_t bytes, void **memory) {
  quern__cl *cl = state;
  if (cl->max_allocation != 0 && bytes > cl->max_allocation)
    return fail_space(cl, bytes, "too large");
  cl_int error = CL_SUCCESS;
  cl_mem object = quern__cl_call.CreateBuffer(cl->context, CL_MEM_READ_WRITE, bytes, NULL, &error);
  if (error == CL_MEM_OBJECT_ALLOCATION_FAILURE || error == CL_OUT_OF_RESOURCES ||
      error == CL_INVALID_BUFFER_SIZE)
    return fail_space_in(cl, bytes, "clCreateBuffer", error);
  QUERN__FORWARD(quern__cl_check(error, "clCreateBuffer", "buffer"));
  *memory = object;
  return QUERN_OK;
}

void quern__cl_buffer_free(void *state, void *memory) {
  (void)state;
  quern__cl_call.ReleaseMemObject(memory);
}

quern_status quern__cl_buffer_write(void *state, void *memory, size_t offset, size_t bytes,
                                    const void *data, bool wait) {
  quern__cl *cl = state;
  QUERN__FORWARD(QUERN__CL(EnqueueWriteBuffer, "buffer", cl->queue, memory, CL_FALSE, offset, bytes,
                           data, 0, NULL, NULL));
  return wait ? quern__cl_finish(cl) : QUERN_OK;
}

quern_status quern__cl_buffer_read(void *state, void *memory, size_t offset, size_t bytes,
                                   void *data, bool wait) {
  quern__cl *cl = state;
  QUERN__FORWARD(QUERN__CL(EnqueueReadBuffer, "buffer", cl->queue, memory, CL_FALSE, offset, bytes,
                           data, 0, NULL, NULL));
  return wait ? quern__cl_finish(cl) : QUERN_OK;
}

/* Uses the widest pattern that divides the range, since implementations fill element by element.
 * Some devices allocate a buffer only now, so the fill may fail for lack of memory. */
quern_status quern__cl_buffer_fill(void *state, void *memory, size_t offset, size_t bytes,
                                   uint8_t value) {
  quern__cl *cl = state;
  uint8_t pattern[16];
  memset(pattern, value, sizeof pattern);
  size_t width = sizeof pattern;
  while (offset % width != 0 || bytes % width != 0) width /= 2;
  const cl_int error = quern__cl_call.EnqueueFillBuffer(cl->queue, memory, pattern, width, offset,
                                                        bytes, 0, NULL, NULL);
  if (error == CL_MEM_OBJECT_ALLOCATION_FAILURE || error == CL_OUT_OF_RESOURCES)
    return fail_space_in(cl, bytes, "clEnqueueFillBuffer", error);
  return quern__cl_check(error, "clEnqueueFillBuffer", "buffer");
}

quern_status quern__cl_buffer_copy(void *state, void *from, size_t from_offset, void *to,
                                   size_t to_offset, size_t bytes) {
  quern__cl *cl = state;
  return QUERN__CL(EnqueueCopyBuffer, "buffer", cl->queue, from, to, from_offset, to_offset, bytes,
                   0, NULL, NULL);
}
