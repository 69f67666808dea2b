/* Copies to the device that overlap the ops: a second queue, with events between the two. If host
 * and device share memory nothing is copied: the buffer itself is mapped, and unmapped to send it.
 * Else the host has pinned memory. */
#include "../state.h"

#include <stdlib.h>

typedef struct staging {
  cl_mem memory; /* retained: the destination */
  size_t offset, bytes;
  /* pinned memory that stays mapped; NULL if `memory` itself is mapped */
  cl_mem host;
  void *mapped;   /* NULL while unmapped */
  cl_event sent;  /* the last copy, until it was waited for; NULL for none */
  cl_event freed; /* what the next copy waits for; NULL if nothing was released */
} staging;

/* Maps the destination's part of a memory object after `count` events. Waits. */
static quern_status map(quern__cl *cl, cl_mem memory, size_t offset, cl_map_flags flags,
                        cl_uint count, const cl_event *after, staging *self) {
  cl_int error = CL_SUCCESS;
  self->mapped = quern__cl_call.EnqueueMapBuffer(cl->transfers, memory, CL_TRUE, flags, offset,
                                                 self->bytes, count, after, NULL, &error);
  return quern__cl_check(error, "clEnqueueMapBuffer", "staging");
}

static quern_status create_host_memory(quern__cl *cl, staging *self) {
  cl_int error = CL_SUCCESS;
  self->host = quern__cl_call.CreateBuffer(cl->context, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR,
                                           self->bytes, NULL, &error);
  QUERN__FORWARD(quern__cl_check(error, "clCreateBuffer", "staging"));
  return map(cl, self->host, 0, CL_MAP_WRITE, 0, NULL, self);
}

quern_status quern__cl_staging_create(void *state, void *memory, size_t offset, size_t bytes,
                                      void **object) {
  quern__cl *cl = state;
  cl_bool shared = CL_FALSE;
  staging *self = calloc(1, sizeof *self);
  if (self == NULL) return quern__fail_memory("staging", sizeof *self);
  self->offset = offset;
  self->bytes = bytes;
  quern_status status;
  QUERN__TRY(quern__cl_create_transfers(cl, "staging"));
  QUERN__TRY(quern__cl_GetDeviceInfo("staging", cl->device, CL_DEVICE_HOST_UNIFIED_MEMORY,
                                     sizeof shared, &shared));
  QUERN__TRY(QUERN__CL(RetainMemObject, "staging", memory));
  self->memory = memory;
  if (!shared) QUERN__TRY(create_host_memory(cl, self));
  *object = self;
  return QUERN_OK;
cleanup:
  quern__cl_staging_free(cl, self);
  return status;
}

/* Errors are ignored, as in quern__cl_close. */
void quern__cl_staging_free(void *state, void *object) {
  quern__cl *cl = state;
  staging *self = object;
  if (self->sent != NULL) quern__cl_call.WaitForEvents(1, &self->sent);
  if (self->mapped != NULL) {
    quern__cl_call.EnqueueUnmapMemObject(
        cl->transfers, self->host != NULL ? self->host : self->memory, self->mapped, 0, NULL, NULL);
    quern__cl_call.Finish(cl->transfers);
  }
  quern__cl_forget_event(&self->sent);
  quern__cl_forget_event(&self->freed);
  if (self->host != NULL) quern__cl_call.ReleaseMemObject(self->host);
  if (self->memory != NULL) quern__cl_call.ReleaseMemObject(self->memory);
  free(self);
}

quern_status quern__cl_staging_release(void *state, void *object) {
  staging *self = object;
  quern__cl_forget_event(&self->freed);
  return quern__cl_queue_event(state, "staging", &self->freed);
}

/* Without an explicit release, waits for everything queued so far. */
static quern_status free_at_last(quern__cl *cl, staging *self) {
  return self->freed != NULL ? QUERN_OK : quern__cl_staging_release(cl, self);
}

quern_status quern__cl_staging_begin(void *state, void *object, void **memory) {
  quern__cl *cl = state;
  staging *self = object;
  if (self->sent != NULL) QUERN__FORWARD(QUERN__CL(WaitForEvents, "staging", 1, &self->sent));
  quern__cl_forget_event(&self->sent);
  if (self->mapped == NULL) {
    QUERN__FORWARD(free_at_last(cl, self));
    QUERN__FORWARD(
        map(cl, self->memory, self->offset, CL_MAP_WRITE_INVALIDATE_REGION, 1, &self->freed, self));
    quern__cl_forget_event(&self->freed);
  }
  *memory = self->mapped;
  return QUERN_OK;
}

static quern_status queue_copy(quern__cl *cl, size_t bytes, staging *self) {
  if (self->host == NULL) {
    void *mapped = self->mapped;
    self->mapped = NULL;
    return QUERN__CL(EnqueueUnmapMemObject, "staging", cl->transfers, self->memory, mapped, 0, NULL,
                     &self->sent);
  }
  QUERN__FORWARD(free_at_last(cl, self));
  QUERN__FORWARD(QUERN__CL(EnqueueWriteBuffer, "staging", cl->transfers, self->memory, CL_FALSE,
                           self->offset, bytes, self->mapped, 1, &self->freed, &self->sent));
  quern__cl_forget_event(&self->freed);
  return QUERN_OK;
}

quern_status quern__cl_staging_send(void *state, void *object, size_t bytes) {
  quern__cl *cl = state;
  staging *self = object;
  quern__cl_forget_event(&self->sent);
  quern_status status = queue_copy(cl, bytes, self);
  if (status == QUERN_OK) status = quern__cl_after_transfer(cl, "staging", &self->sent);
  if (status == QUERN_OK) return QUERN_OK;
  quern__cl_call.Finish(cl->transfers); /* the caller may fill the memory again */
  quern__cl_forget_event(&self->sent);
  return status;
}
