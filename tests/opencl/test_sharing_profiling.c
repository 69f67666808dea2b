/* A queue with profiling: the program can time quern's commands. */
#include "sharing.h"

static cl_ulong time_of(cl_event event, cl_profiling_info what) {
  __typeof__(clGetEventProfilingInfo) *ask;
  *(void **)&ask = find_entry("clGetEventProfilingInfo");
  cl_ulong found = 0;
  assert_int_equal(ask(event, what, sizeof found, &found, NULL), CL_SUCCESS);
  return found;
}

/* quern's queue has these properties, and its events have times. */
static void check_timed(const caller *mine, cl_command_queue_properties expected) {
  quern_context *context;
  cl_command_queue queue;
  cl_command_queue_properties properties = 0;
  assert_ok(quern_opencl_context_create(mine->context, mine->device, mine->queue, &context));
  assert_ok(quern_opencl_context_objects(context, NULL, NULL, &queue));
  assert_int_equal(quern__cl_call.GetCommandQueueInfo(queue, CL_QUEUE_PROPERTIES, sizeof properties,
                                                      &properties, NULL),
                   CL_SUCCESS);
  assert_int_equal(properties, expected);
  quern_buffer *buffer = wrap(context, mine);
  cl_event before, after;
  assert_ok(quern_opencl_event(context, &before));
  assert_ok(quern_fill(context, 1.0f, quern_vector(buffer, 0, INSIDE)));
  assert_ok(quern_opencl_event(context, &after));
  assert_ok(quern_context_finish(context));
  float values[COUNT];
  assert_int_equal(quern__cl_call.EnqueueReadBuffer(mine->queue, mine->memory, CL_TRUE, 0,
                                                    sizeof values, values, 0, NULL, NULL),
                   CL_SUCCESS);
  expect_filled(values, 1.0f);
  assert_true(time_of(before, CL_PROFILING_COMMAND_END) <=
              time_of(after, CL_PROFILING_COMMAND_END));
  quern__cl_call.ReleaseEvent(before);
  quern__cl_call.ReleaseEvent(after);
  quern_buffer_free(buffer);
  quern_context_free(context);
}

static void test_in_order(void **state) {
  (void)state;
  caller mine = caller_open(CL_QUEUE_PROFILING_ENABLE, true);
  check_timed(&mine, CL_QUEUE_PROFILING_ENABLE);
  caller_close(&mine);
}

/* If the program's queue is out of order, quern's own is in order and has the same profiling. */
static void test_out_of_order(void **state) {
  (void)state;
  caller look = caller_open(0, false);
  cl_command_queue_properties properties = 0;
  assert_int_equal(quern__cl_call.GetDeviceInfo(look.device, CL_DEVICE_QUEUE_PROPERTIES,
                                                sizeof properties, &properties, NULL),
                   CL_SUCCESS);
  caller_close(&look);
  if ((properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE) == 0) skip();
  caller mine =
      caller_open(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE | CL_QUEUE_PROFILING_ENABLE, true);
  check_timed(&mine, CL_QUEUE_PROFILING_ENABLE);
  caller_close(&mine);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_in_order), QUERN_TEST(test_out_of_order)};
  return cmocka_run_group_tests_name("opencl/sharing_profiling", tests, NULL, NULL);
}
