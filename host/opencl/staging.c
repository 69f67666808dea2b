/* Copies to the device beside the ops: a second queue, pinned memory on the host, and events between the two queues. */
#include "state.h"

#include <stdlib.h>

typedef struct staging {
  cl_mem memory; /* retained: what is filled */
  size_t offset;
  cl_mem host;    /* pinned memory, */
  void *mapped;   /* and where it is mapped as long as it lives */
  cl_event sent;  /* the last copy, until it was waited for; NULL for none */
  cl_event freed; /* what the next copy waits for, where that was said; NULL for none */
} staging;

static void forget(cl_event *event) {
  if (*event != NULL) quern__cl_call.ReleaseEvent(*event);
  *event = NULL;
}

/* The queue of transfers, made when it is first needed. */
static quern_status create_queue(quern__cl *cl) {
  if (cl->transfers != NULL) return QUERN_OK;
  cl_int error = CL_SUCCESS;
  quern__cl_setup_lock();
  cl->transfers = quern__cl_call.CreateCommandQueue(cl->context, cl->device, 0, &error);
  quern__cl_setup_unlock();
  return quern__cl_check(error, "clCreateCommandQueue", "staging");
}

static quern_status create_host_memory(quern__cl *cl, size_t bytes, staging *made) {
  cl_int error = CL_SUCCESS;
  made->host = quern__cl_call.CreateBuffer(cl->context, CL_MEM_READ_WRITE | CL_MEM_ALLOC_HOST_PTR, bytes,
                                           NULL, &error);
  QUERN__FORWARD(quern__cl_check(error, "clCreateBuffer", "staging"));
  made->mapped = quern__cl_call.EnqueueMapBuffer(cl->transfers, made->host, CL_TRUE, CL_MAP_WRITE, 0, bytes,
                                                 0, NULL, NULL, &error);
  return quern__cl_check(error, "clEnqueueMapBuffer", "staging");
}

quern_status quern__cl_staging_create(void *state, void *memory, size_t offset, size_t bytes, void **made,
                                      void **host) {
  quern__cl *cl = state;
  staging *is = calloc(1, sizeof *is);
  if (is == NULL) return quern__fail_memory("staging", sizeof *is);
  quern_status status;
  QUERN__TRY(create_queue(cl));
  QUERN__TRY(QUERN__CL(RetainMemObject, "staging", memory));
  is->memory = memory;
  is->offset = offset;
  QUERN__TRY(create_host_memory(cl, bytes, is));
  *made = is;
  *host = is->mapped;
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
    quern__cl_call.EnqueueUnmapMemObject(cl->transfers, is->host, is->mapped, 0, NULL, NULL);
    quern__cl_call.Finish(cl->transfers);
  }
  forget(&is->sent);
  forget(&is->freed);
  if (is->host != NULL) quern__cl_call.ReleaseMemObject(is->host);
  if (is->memory != NULL) quern__cl_call.ReleaseMemObject(is->memory);
  free(is);
}

quern_status quern__cl_staging_begin(void *state, void *made) {
  (void)state;
  staging *is = made;
  if (is->sent == NULL) return QUERN_OK;
  QUERN__FORWARD(QUERN__CL(WaitForEvents, "staging", 1, &is->sent));
  forget(&is->sent);
  return QUERN_OK;
}

quern_status quern__cl_staging_release(void *state, void *made) {
  staging *is = made;
  forget(&is->freed);
  return quern__cl_queue_event(state, "staging", &is->freed);
}

/* After the copy is queued, nothing may fail before it is waited for: the memory is the caller's to fill again. */
static quern_status join(quern__cl *cl, const staging *is) {
  QUERN__FORWARD(QUERN__CL(Flush, "staging", cl->transfers));
  return QUERN__CL(EnqueueBarrierWithWaitList, "staging", cl->queue, 1, &is->sent, NULL);
}

quern_status quern__cl_staging_send(void *state, void *made, size_t bytes) {
  quern__cl *cl = state;
  staging *is = made;
  forget(&is->sent);
  if (is->freed == NULL) QUERN__FORWARD(quern__cl_staging_release(cl, is));
  QUERN__FORWARD(QUERN__CL(EnqueueWriteBuffer, "staging", cl->transfers, is->memory, CL_FALSE, is->offset,
                           bytes, is->mapped, 1, &is->freed, &is->sent));
  forget(&is->freed);
  const quern_status status = join(cl, is);
  if (status == QUERN_OK) return QUERN_OK;
  quern__cl_call.Finish(cl->transfers);
  forget(&is->sent);
  return status;
}
