/* The queue of transfers, which overlap the ops, and events between the two queues. */
#include "../state.h"

quern_status quern__cl_create_transfers(quern__cl *cl, const char *what) {
  if (cl->transfers != NULL) return QUERN_OK;
  cl_int error = CL_SUCCESS;
  quern__cl_setup_lock();
  cl->transfers = quern__cl_call.CreateCommandQueue(cl->context, cl->device, 0, &error);
  quern__cl_setup_unlock();
  return quern__cl_check(error, "clCreateCommandQueue", what);
}

quern_status quern__cl_after_transfer(const quern__cl *cl, const char *what,
                                      const cl_event *event) {
  QUERN__FORWARD(QUERN__CL(Flush, what, cl->transfers));
  return QUERN__CL(EnqueueBarrierWithWaitList, what, cl->queue, 1, event, NULL);
}

void quern__cl_forget_event(cl_event *event) {
  if (*event != NULL) quern__cl_call.ReleaseEvent(*event);
  *event = NULL;
}
