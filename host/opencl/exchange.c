/* Device memory whose contents go to the host and come back. Where host and device share their
 * memory, it is the caller's own, and is mapped while the host has it, in order with the ops:
 * nothing is copied. Elsewhere the caller's memory is pinned, which is how a copy runs beside the
 * ops, and copies go through the queue of transfers. */
#include "state.h"

#include <stdlib.h>

typedef struct exchange {
  cl_mem memory; /* retained: the device's */
  size_t bytes;
  void *host; /* the caller's */
  /* the same, as the driver has it, mapped for good; NULL where host and device share memory */
  cl_mem pinned;
  void *mapped;   /* NULL while nothing is */
  cl_event taken; /* the last way to the host, until it was waited for; NULL for none */
  cl_event put;   /* the last way back, where it was copied */
} exchange;

/* A buffer in the caller's memory. */
static quern_status create_around(const quern__cl *cl, exchange *is, cl_mem *made) {
  cl_int error = CL_SUCCESS;
  *made = quern__cl_call.CreateBuffer(cl->context, CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR,
                                      is->bytes, is->host, &error);
  return quern__cl_check(error, "clCreateBuffer", "exchange");
}

static quern_status map(cl_command_queue queue, cl_mem memory, cl_event *event, exchange *is) {
  cl_int error = CL_SUCCESS;
  is->mapped =
      quern__cl_call.EnqueueMapBuffer(queue, memory, event == NULL, CL_MAP_READ | CL_MAP_WRITE, 0,
                                      is->bytes, 0, NULL, event, &error);
  return quern__cl_check(error, "clEnqueueMapBuffer", "exchange");
}

static quern_status create_apart(quern__cl *cl, exchange *is) {
  void *memory = NULL;
  QUERN__FORWARD(quern__cl_create_transfers(cl, "exchange"));
  QUERN__FORWARD(create_around(cl, is, &is->pinned));
  QUERN__FORWARD(map(cl->transfers, is->pinned, NULL, is));
  QUERN__FORWARD(quern__cl_buffer_create(cl, is->bytes, &memory));
  is->memory = memory;
  return QUERN_OK;
}

quern_status quern__cl_exchange_create(void *state, void *host, size_t bytes, void **made,
                                       void **memory) {
  quern__cl *cl = state;
  cl_bool shared = CL_FALSE;
  exchange *is = calloc(1, sizeof *is);
  if (is == NULL) return quern__fail_memory("exchange", sizeof *is);
  is->host = host;
  is->bytes = bytes;
  quern_status status;
  QUERN__TRY(quern__cl_GetDeviceInfo("exchange", cl->device, CL_DEVICE_HOST_UNIFIED_MEMORY,
                                     sizeof shared, &shared));
  QUERN__TRY(shared ? create_around(cl, is, &is->memory) : create_apart(cl, is));
  QUERN__TRY(QUERN__CL(RetainMemObject, "exchange", is->memory));
  *made = is;
  *memory = is->memory;
  return QUERN_OK;
cleanup:
  quern__cl_exchange_free(cl, is);
  return status;
}

/* What these return is nobody's to hear, as at quern__cl_close. */
void quern__cl_exchange_free(void *state, void *made) {
  quern__cl *cl = state;
  exchange *is = made;
  if (is->taken != NULL) quern__cl_call.WaitForEvents(1, &is->taken);
  if (is->put != NULL) quern__cl_call.WaitForEvents(1, &is->put);
  if (is->mapped != NULL) {
    cl_command_queue queue = is->pinned != NULL ? cl->transfers : cl->queue;
    quern__cl_call.EnqueueUnmapMemObject(queue, is->pinned != NULL ? is->pinned : is->memory,
                                         is->mapped, 0, NULL, NULL);
    quern__cl_call.Finish(queue);
  }
  quern__cl_forget_event(&is->taken);
  quern__cl_forget_event(&is->put);
  if (is->pinned != NULL) quern__cl_call.ReleaseMemObject(is->pinned);
  if (is->memory != NULL) quern__cl_call.ReleaseMemObject(is->memory);
  free(is);
}

static quern_status copy_out(quern__cl *cl, exchange *is) {
  cl_event done = NULL;
  QUERN__FORWARD(quern__cl_queue_event(cl, "exchange", &done));
  quern_status status = QUERN__CL(EnqueueReadBuffer, "exchange", cl->transfers, is->memory,
                                  CL_FALSE, 0, is->bytes, is->mapped, 1, &done, &is->taken);
  quern__cl_forget_event(&done);
  return status == QUERN_OK ? QUERN__CL(Flush, "exchange", cl->transfers) : status;
}

quern_status quern__cl_exchange_take(void *state, void *made) {
  quern__cl *cl = state;
  exchange *is = made;
  quern__cl_forget_event(&is->taken);
  if (is->pinned != NULL) return copy_out(cl, is);
  QUERN__FORWARD(map(cl->queue, is->memory, &is->taken, is));
  return QUERN__CL(Flush, "exchange", cl->queue);
}

quern_status quern__cl_exchange_taken(void *state, void *made, bool wait, bool *taken) {
  exchange *is = made;
  cl_int execution = CL_COMPLETE;
  (void)state;
  if (is->taken != NULL && wait)
    QUERN__FORWARD(QUERN__CL(WaitForEvents, "exchange", 1, &is->taken));
  else if (is->taken != NULL)
    QUERN__FORWARD(quern__cl_GetEventInfo("exchange", is->taken, CL_EVENT_COMMAND_EXECUTION_STATUS,
                                          sizeof execution, &execution));
  if (execution < 0) return quern__cl_check(execution, "clGetEventInfo", "exchange");
  *taken = execution == CL_COMPLETE;
  if (*taken) quern__cl_forget_event(&is->taken);
  return QUERN_OK;
}

quern_status quern__cl_exchange_put(void *state, void *made) {
  quern__cl *cl = state;
  exchange *is = made;
  if (is->pinned == NULL) {
    void *mapped = is->mapped;
    is->mapped = NULL;
    return QUERN__CL(EnqueueUnmapMemObject, "exchange", cl->queue, is->memory, mapped, 0, NULL,
                     NULL);
  }
  quern__cl_forget_event(&is->put);
  QUERN__FORWARD(QUERN__CL(EnqueueWriteBuffer, "exchange", cl->transfers, is->memory, CL_FALSE, 0,
                           is->bytes, is->mapped, 0, NULL, &is->put));
  return quern__cl_after_transfer(cl, "exchange", &is->put);
}
