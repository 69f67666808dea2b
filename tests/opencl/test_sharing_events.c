/* If the caller's queue is out of order, or none is given, quern runs on its own queue, and events
 * order the two. */
#include "sharing.h"

static cl_int status_of(cl_event event) {
  cl_int status = CL_COMPLETE;
  assert_int_equal(quern__cl_call.GetEventInfo(event, CL_EVENT_COMMAND_EXECUTION_STATUS,
                                               sizeof status, &status, NULL),
                   CL_SUCCESS);
  return status;
}

/* The caller writes -100, quern halves it, the caller reads: in this order, without a wait on the
 * host. */
static void check_joined(const caller *mine, cl_command_queue given) {
  quern_context *context;
  cl_command_queue queue;
  assert_ok(quern_opencl_context_create(mine->context, mine->device, given, &context));
  assert_ok(quern_opencl_context_objects(context, NULL, NULL, &queue));
  assert_ptr_not_equal(queue, mine->queue);
  quern_buffer *buffer = wrap(context, mine);
  float values[COUNT], back[COUNT] = {0};
  for (size_t i = 0; i < COUNT; i++)
    values[i] = i >= FIRST && i < FIRST + INSIDE ? -100.0f : (float)i;
  /* Builds the kernel first, because building may wait. */
  const quern_activation half = {QUERN_ACTIVATION_LEAKY_RELU, 0.5f};
  const quern_tensor inside = quern_vector(buffer, 0, INSIDE);
  assert_ok(quern_activation_forward(context, half, inside, inside));
  assert_ok(quern_context_finish(context));

  gate held = gate_close(mine);
  cl_event written, halved, read;
  assert_int_equal(quern__cl_call.EnqueueWriteBuffer(mine->queue, mine->memory, CL_FALSE, 0,
                                                     sizeof values, values, 1, &held.closed,
                                                     &written),
                   CL_SUCCESS);
  assert_int_equal(quern__cl_call.Flush(mine->queue), CL_SUCCESS);
  assert_ok(quern_opencl_wait(context, 0, NULL));
  assert_ok(quern_opencl_wait(context, 1, &written));
  assert_ok(quern_activation_forward(context, half, inside, inside));
  assert_ok(quern_opencl_event(context, &halved));
  assert_int_equal(quern__cl_call.EnqueueReadBuffer(mine->queue, mine->memory, CL_FALSE, 0,
                                                    sizeof back, back, 1, &halved, &read),
                   CL_SUCCESS);
  assert_int_equal(quern__cl_call.Flush(mine->queue), CL_SUCCESS);
  if (!held.open) assert_true(status_of(halved) > CL_COMPLETE);
  if (!held.open) assert_true(status_of(read) > CL_COMPLETE);
  gate_open(&held);
  assert_int_equal(held.wait_for(1, &read), CL_SUCCESS);
  expect_filled(back, -50.0f);
  quern__cl_call.ReleaseEvent(written);
  quern__cl_call.ReleaseEvent(halved);
  quern__cl_call.ReleaseEvent(read);
  quern_buffer_free(buffer);
  quern_context_free(context);
}

/* Not every device has them. */
static bool has_out_of_order_queues(void) {
  caller mine = caller_open(0, false);
  cl_command_queue_properties properties = 0;
  assert_int_equal(quern__cl_call.GetDeviceInfo(mine.device, CL_DEVICE_QUEUE_PROPERTIES,
                                                sizeof properties, &properties, NULL),
                   CL_SUCCESS);
  caller_close(&mine);
  return (properties & CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE) != 0;
}

static void test_out_of_order_queue(void **state) {
  (void)state;
  if (!has_out_of_order_queues()) skip();
  caller mine = caller_open(CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE, true);
  check_joined(&mine, mine.queue);
  caller_close(&mine);
}

static void test_no_queue(void **state) {
  (void)state;
  caller mine = caller_open(0, true);
  check_joined(&mine, NULL);
  caller_close(&mine);
}

/* The program's own event, which no queue completes: quern's ops wait for it, and so do the
 * commands that wait for them. */
static void test_user_event(void **state) {
  (void)state;
  caller mine = caller_open(0, true);
  quern_context *context;
  assert_ok(quern_opencl_context_create(mine.context, mine.device, NULL, &context));
  quern_buffer *buffer = wrap(context, &mine);
  assert_ok(quern_fill(context, 1.0f, quern_vector(buffer, 0, INSIDE)));
  assert_ok(quern_context_finish(context));
  gate first = gate_close(&mine), second = gate_close(&mine);
  const cl_event both[] = {first.closed, second.closed};
  cl_event filled;
  float value = 0.0f;
  assert_ok(quern_opencl_wait(context, 2, both));
  assert_ok(quern_fill(context, 2.0f, quern_vector(buffer, 0, INSIDE)));
  assert_ok(quern_buffer_read(buffer, 0, sizeof value, &value, QUERN_NO_WAIT));
  assert_ok(quern_opencl_event(context, &filled));
  const bool waits = !first.open;
  if (waits) assert_true(status_of(filled) > CL_COMPLETE && value == 0.0f);
  gate_open(&first);
  if (waits) assert_true(status_of(filled) > CL_COMPLETE && value == 0.0f);
  gate_open(&second);
  assert_ok(quern_context_finish(context));
  assert_int_equal(status_of(filled), CL_COMPLETE);
  assert_true(value == 2.0f);
  quern__cl_call.ReleaseEvent(filled);
  quern_buffer_free(buffer);
  quern_context_free(context);
  caller_close(&mine);
}

static void test_refuses(void **state) {
  (void)state;
  caller mine = caller_open(0, true), other = caller_open(0, false);
  quern_context *context, *reference;
  cl_event event = NULL;
  assert_ok(quern_opencl_context_create(mine.context, mine.device, NULL, &context));
  assert_ok(quern_context_create("reference", &reference));
  gate strange = gate_close(&other);
  assert_fails(quern_opencl_wait(context, 1, NULL), QUERN_ERROR_ARGUMENT, "events");
  assert_fails(quern_opencl_wait(context, 1, &event), QUERN_ERROR_ARGUMENT, "event 0", "NULL");
  assert_fails(quern_opencl_wait(context, 1, &strange.closed), QUERN_ERROR_ARGUMENT,
               "another cl_context");
  assert_fails(quern_opencl_wait(reference, 0, NULL), QUERN_ERROR_ARGUMENT, "reference", "opencl");
  assert_fails(quern_opencl_event(reference, &event), QUERN_ERROR_ARGUMENT, "reference", "opencl");
  assert_fails(quern_opencl_event(context, NULL), QUERN_ERROR_ARGUMENT, "result pointer");
  assert_null(event);
  gate_open(&strange);
  quern_context_free(context);
  quern_context_free(reference);
  caller_close(&mine);
  caller_close(&other);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_out_of_order_queue), QUERN_TEST(test_no_queue),
                                     QUERN_TEST(test_user_event), QUERN_TEST(test_refuses)};
  return cmocka_run_group_tests_name("opencl/sharing_events", tests, NULL, NULL);
}
