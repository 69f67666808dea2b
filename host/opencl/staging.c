/* Copies to the device beside the ops: a second queue, and events between the two. Where host and
 * device share their memory nothing is copied at all: the buffer itself is mapped, and handed back
 * by unmapping it. Elsewhere there is pinned memory on the host. */
#include "state.h"

#include <stdlib.h>

typedef struct staging {
  cl_mem memory; /* retained: what is filled */
  size_t offset, bytes;
  /* pinned memory, which stays mapped; NULL where `memory` is mapped in its place */
  cl_mem host;
  void *mapped;   /* NULL while nothing is */
  cl_event sent;  /* the last copy, until it was waited for; NULL for none */
  cl_event freed; /* what the next one waits for, where that was said; NULL for none */
} staging;

/* Maps the part of a memory object that is written, after `count` events; waits for it. */
static quern_status map(quern__cl *cl, cl_mem memory, size_t offset, cl_map_flags flags,
                        cl_uint count, const cl_event *after, staging *is) {
  cl_int error = CL_SUCCESS;
  is->mapped = quern__cl_call.EnqueueMapBuffer(cl->transfers, memory, CL_TRUE, flags, offset,
                                               is->bytes, count, after, NULL, &error);
  return quern__cl_check(error, "clEnqueueMapBuffer", "staging");
}

static quern_status create_host_memory(quern__cl *cl, staging *is) {
  cl_int error = CL_SUCCESS;
  is->host = quern__cl_call.CreateBuffer(cl->context, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR,
                                         is->bytes, NULL, &error);
  QUERN__FORWARD(quern__cl_check(error, "clCreateBuffer", "staging"));
  return map(cl, is->host, 0, CL_MAP_WRITE, 0, NULL, is);
}

quern_status quern__cl_staging_create(void *state, void *memory, size_t offset, size_t bytes,
                                      void **made) {
  quern__cl *cl = state;
  cl_bool shared = CL_FALSE;
  staging *is = calloc(1, sizeof *is);
  if (is == NULL) return quern__fail_memory("staging", sizeof *is);
  is->offset = offset;
  is->bytes = bytes;
  quern_status status;
  QUERN__TRY(quern__cl_create_transfers(cl, "staging"));
  QUERN__TRY(quern__cl_GetDeviceInfo("staging", cl->device, CL_DEVICE_HOST_UNIFIED_MEMORY,
                                     sizeof shared, &shared));
  QUERN__TRY(QUERN__CL(RetainMemObject, "staging", memory));
  is->memory = memory;
  if (!shared) QUERN__TRY(create_host_memory(cl, is));
  *made = is;
  return QUERN_OK;
cleanup:
  quern__cl_staging_free(cl, is);
  return status;
}

/* What these return is nobody's to hear, as at quern__cl_close. */
void quern__cl_staging_free(void *state, void *made) {
  quern__cl *cl = state;
  staging *is = made;
  if (is->sent != NULL) quern__cl_call.WaitForEvents(1, &is->sent);
  if (is->mapped != NULL) {
    quern__cl_call.EnqueueUnmapMemObject(cl->transfers, is->host != NULL ? is->host : is->memory,
                                         is->mapped, 0, NULL, NULL);
    quern__cl_call.Finish(cl->transfers);
  }
  quern__cl_forget_event(&is->sent);
  quern__cl_forget_event(&is->freed);
  if (is->host != NULL) quern__cl_call.ReleaseMemObject(is->host);
  if (is->memory != NULL) quern__cl_call.ReleaseMemObject(is->memory);
  free(is);
}

quern_status quern__cl_staging_release(void *state, void *made) {
  staging *is = made;
  quern__cl_forget_event(&is->freed);
  return quern__cl_queue_event(state, "staging", &is->freed);
}

/* Where nobody said which ops are the last to use the buffer, all that are queued are. */
static quern_status free_at_last(quern__cl *cl, staging *is) {
  return is->freed != NULL ? QUERN_OK : quern__cl_staging_release(cl, is);
}

quern_status quern__cl_staging_begin(void *state, void *made, void **memory) {
  quern__cl *cl = state;
  staging *is = made;
  if (is->sent != NULL) QUERN__FORWARD(QUERN__CL(WaitForEvents, "staging", 1, &is->sent));
  quern__cl_forget_event(&is->sent);
  if (is->mapped == NULL) {
    QUERN__FORWARD(free_at_last(cl, is));
    QUERN__FORWARD(
        map(cl, is->memory, is->offset, CL_MAP_WRITE_INVALIDATE_REGION, 1, &is->freed, is));
    quern__cl_forget_event(&is->freed);
  }
  *memory = is->mapped;
  return QUERN_OK;
}

static quern_status queue_copy(quern__cl *cl, size_t bytes, staging *is) {
  if (is->host == NULL) {
    void *mapped = is->mapped;
    is->mapped = NULL;
    return QUERN__CL(EnqueueUnmapMemObject, "staging", cl->transfers, is->memory, mapped, 0, NULL,
                     &is->sent);
  }
  QUERN__FORWARD(free_at_last(cl, is));
  QUERN__FORWARD(QUERN__CL(EnqueueWriteBuffer, "staging", cl->transfers, is->memory, CL_FALSE,
                           is->offset, bytes, is->mapped, 1, &is->freed, &is->sent));
  quern__cl_forget_event(&is->freed);
  return QUERN_OK;
}

quern_status quern__cl_staging_send(void *state, void *made, size_t bytes) {
  quern__cl *cl = state;
  staging *is = made;
  quern__cl_forget_event(&is->sent);
  quern_status status = queue_copy(cl, bytes, is);
  if (status == QUERN_OK) status = quern__cl_after_transfer(cl, "staging", &is->sent);
  if (status == QUERN_OK) return QUERN_OK;
  quern__cl_call.Finish(cl->transfers); /* the memory is the caller's to fill again */
  quern__cl_forget_event(&is->sent);
  return status;
}
