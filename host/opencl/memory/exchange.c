/* Device memory whose contents are sent to the host and back. If host and device share memory, it
 * is the caller's memory, mapped while the host uses it, in order with the ops: nothing is copied.
 * Else the caller's memory is pinned, so that copies in the queue of transfers overlap the ops. */
#include "../state.h"

#include <stdlib.h>

typedef struct exchange {
  cl_mem memory; /* retained: the device's */
  size_t bytes;
  void *host; /* the caller's */
  /* a buffer over `host` that stays mapped; NULL if host and device share memory */
  cl_mem pinned;
  void *mapped;   /* NULL while unmapped */
  cl_event taken; /* the last transfer to the host, until it was waited for; NULL for none */
  cl_event put;   /* the last copy back; NULL for none */
} exchange;

/* Creates a buffer in the caller's memory. */
static quern_status create_around(const quern__cl *cl, exchange *self, cl_mem *object) {
  cl_int error = CL_SUCCESS;
  *object = quern__cl_call.CreateBuffer(cl->context, CL_MEM_READ_WRITE | CL_MEM_USE_HOST_PTR,
                                        self->bytes, self->host, &error);
  return quern__cl_check(error, "clCreateBuffer", "exchange");
}

static quern_status map(cl_command_queue queue, cl_mem memory, cl_event *event, exchange *self) {
  cl_int error = CL_SUCCESS;
  self->mapped =
      quern__cl_call.EnqueueMapBuffer(queue, memory, event == NULL, CL_MAP_READ | CL_MAP_WRITE, 0,
                                      self->bytes, 0, NULL, event, &error);
  return quern__cl_check(error, "clEnqueueMapBuffer", "exchange");
}

static quern_status create_apart(quern__cl *cl, exchange *self) {
  void *memory = NULL;
  QUERN__FORWARD(quern__cl_create_transfers(cl, "exchange"));
  QUERN__FORWARD(create_around(cl, self, &self->pinned));
  QUERN__FORWARD(map(cl->transfers, self->pinned, NULL, self));
  QUERN__FORWARD(quern__cl_buffer_create(cl, self->bytes, &memory));
  self->memory = memory;
  return QUERN_OK;
}

quern_status quern__cl_exchange_create(void *state, void *host, size_t bytes, void **object,
                                       void **memory) {
  quern__cl *cl = state;
  cl_bool shared = CL_FALSE;
  exchange *self = calloc(1, sizeof *self);
  if (self == NULL) return quern__fail_memory("exchange", sizeof *self);
  self->host = host;
  self->bytes = bytes;
  quern_status status;
  QUERN__TRY(quern__cl_GetDeviceInfo("exchange", cl->device, CL_DEVICE_HOST_UNIFIED_MEMORY,
                                     sizeof shared, &shared));
  QUERN__TRY(shared ? create_around(cl, self, &self->memory) : create_apart(cl, self));
  QUERN__TRY(QUERN__CL(RetainMemObject, "exchange", self->memory));
  *object = self;
  *memory = self->memory;
  return QUERN_OK;
cleanup:
  quern__cl_exchange_free(cl, self);
  return status;
}

/* Errors are ignored, as in quern__cl_close. */
void quern__cl_exchange_free(void *state, void *object) {
  quern__cl *cl = state;
  exchange *self = object;
  if (self->taken != NULL) quern__cl_call.WaitForEvents(1, &self->taken);
  if (self->put != NULL) quern__cl_call.WaitForEvents(1, &self->put);
  if (self->mapped != NULL) {
    cl_command_queue queue = self->pinned != NULL ? cl->transfers : cl->queue;
    quern__cl_call.EnqueueUnmapMemObject(queue, self->pinned != NULL ? self->pinned : self->memory,
                                         self->mapped, 0, NULL, NULL);
    quern__cl_call.Finish(queue);
  }
  quern__cl_forget_event(&self->taken);
  quern__cl_forget_event(&self->put);
  if (self->pinned != NULL) quern__cl_call.ReleaseMemObject(self->pinned);
  if (self->memory != NULL) quern__cl_call.ReleaseMemObject(self->memory);
  free(self);
}

static quern_status copy_out(quern__cl *cl, exchange *self) {
  cl_event done = NULL;
  QUERN__FORWARD(quern__cl_queue_event(cl, "exchange", &done));
  quern_status status = QUERN__CL(EnqueueReadBuffer, "exchange", cl->transfers, self->memory,
                                  CL_FALSE, 0, self->bytes, self->mapped, 1, &done, &self->taken);
  quern__cl_forget_event(&done);
  return status == QUERN_OK ? QUERN__CL(Flush, "exchange", cl->transfers) : status;
}

quern_status quern__cl_exchange_take(void *state, void *object) {
  quern__cl *cl = state;
  exchange *self = object;
  quern__cl_forget_event(&self->taken);
  if (self->pinned != NULL) return copy_out(cl, self);
  QUERN__FORWARD(map(cl->queue, self->memory, &self->taken, self));
  return QUERN__CL(Flush, "exchange", cl->queue);
}

quern_status quern__cl_exchange_taken(void *state, void *object, bool wait, bool *taken) {
  exchange *self = object;
  cl_int execution = CL_COMPLETE;
  (void)state;
  if (self->taken != NULL && wait)
    QUERN__FORWARD(QUERN__CL(WaitForEvents, "exchange", 1, &self->taken));
  else if (self->taken != NULL)
    QUERN__FORWARD(quern__cl_GetEventInfo(
        "exchange", self->taken, CL_EVENT_COMMAND_EXECUTION_STATUS, sizeof execution, &execution));
  if (execution < 0) return quern__cl_check(execution, "clGetEventInfo", "exchange");
  *taken = execution == CL_COMPLETE;
  if (*taken) quern__cl_forget_event(&self->taken);
  return QUERN_OK;
}

quern_status quern__cl_exchange_put(void *state, void *object) {
  quern__cl *cl = state;
  exchange *self = object;
  if (self->pinned == NULL) {
    void *mapped = self->mapped;
    self->mapped = NULL;
    return QUERN__CL(EnqueueUnmapMemObject, "exchange", cl->queue, self->memory, mapped, 0, NULL,
                     NULL);
  }
  quern__cl_forget_event(&self->put);
  QUERN__FORWARD(QUERN__CL(EnqueueWriteBuffer, "exchange", cl->transfers, self->memory, CL_FALSE, 0,
                           self->bytes, self->mapped, 0, NULL, &self->put));
  return quern__cl_after_transfer(cl, "exchange", &self->put);
}
