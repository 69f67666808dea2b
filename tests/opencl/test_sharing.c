/* quern on a program's own OpenCL objects: no copies, and nothing is destroyed. */
#include "sharing.h"

/* The caller's in-order queue needs no events. */
static void test_own_queue(void **state) {
  (void)state;
  caller mine = caller_open(0, true);
  quern_context *context;
  assert_ok(quern_opencl_context_create(mine.context, mine.device, mine.queue, &context));
  cl_command_queue queue;
  assert_ok(quern_opencl_context_objects(context, NULL, NULL, &queue));
  assert_ptr_equal(queue, mine.queue);
  quern_buffer *buffer = wrap(context, &mine);
  assert_ok(quern_fill(context, -5.0f, quern_vector(buffer, 0, INSIDE)));
  float values[COUNT];
  assert_int_equal(quern__cl_call.EnqueueReadBuffer(mine.queue, mine.memory, CL_TRUE, 0,
                                                    sizeof values, values, 0, NULL, NULL),
                   CL_SUCCESS);
  expect_filled(values, -5.0f);
  quern_buffer_free(buffer);
  quern_context_free(context);
  /* The caller's objects still exist. */
  assert_int_equal(quern__cl_call.EnqueueReadBuffer(mine.queue, mine.memory, CL_TRUE, 0,
                                                    sizeof values, values, 0, NULL, NULL),
                   CL_SUCCESS);
  caller_close(&mine);
}

static void test_refuses(void **state) {
  (void)state;
  caller mine = caller_open(0, true), other = caller_open(0, true);
  quern_context *context = NULL;
  quern_buffer *buffer = NULL;
  assert_fails(quern_opencl_context_create(NULL, mine.device, NULL, &context), QUERN_ERROR_ARGUMENT,
               "context");
  assert_fails(quern_opencl_context_create(mine.context, NULL, NULL, &context),
               QUERN_ERROR_ARGUMENT, "device");
  assert_fails(quern_opencl_context_create(mine.context, mine.device, other.queue, &context),
               QUERN_ERROR_ARGUMENT, "queue");
  assert_ok(quern_opencl_context_create(mine.context, mine.device, NULL, &context));
  assert_fails(quern_opencl_buffer_wrap(context, NULL, 0, 4, &buffer), QUERN_ERROR_ARGUMENT,
               "NULL");
  assert_fails(quern_opencl_buffer_wrap(context, other.memory, 0, 4, &buffer), QUERN_ERROR_ARGUMENT,
               "context");
  assert_fails(quern_opencl_buffer_wrap(context, mine.memory, 2, 4, &buffer), QUERN_ERROR_ARGUMENT,
               "4");
  assert_fails(quern_opencl_buffer_wrap(context, mine.memory, 0, 0, &buffer), QUERN_ERROR_ARGUMENT,
               "0");
  assert_fails(quern_opencl_buffer_wrap(context, mine.memory, 4, COUNT * sizeof(float), &buffer),
               QUERN_ERROR_SHAPE, "160");
  assert_null(buffer);
  quern_context_free(context);
  caller_close(&mine);
  caller_close(&other);
}

static cl_mem make_memory(const caller *mine, cl_mem_flags flags) {
  cl_int error;
  cl_mem memory =
      quern__cl_call.CreateBuffer(mine->context, flags, COUNT * sizeof(float), NULL, &error);
  assert_int_equal(error, CL_SUCCESS);
  return memory;
}

/* Kernels could not both read and write it. */
static void test_refuses_one_way_memory(void **state) {
  (void)state;
  caller mine = caller_open(0, true);
  quern_context *context;
  quern_buffer *buffer;
  assert_ok(quern_opencl_context_create(mine.context, mine.device, mine.queue, &context));
  static const cl_mem_flags ways[] = {CL_MEM_READ_ONLY, CL_MEM_WRITE_ONLY};
  for (size_t i = 0; i < 2; i++) {
    cl_mem one_way = make_memory(&mine, ways[i]);
    assert_fails(quern_opencl_buffer_wrap(context, one_way, 0, 4, &buffer), QUERN_ERROR_ARGUMENT,
                 "wrap", "READ_WRITE");
    assert_null(buffer);
    assert_int_equal(quern__cl_call.ReleaseMemObject(one_way), CL_SUCCESS);
  }
  quern_context_free(context);
  caller_close(&mine);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_own_queue), QUERN_TEST(test_refuses),
                                     QUERN_TEST(test_refuses_one_way_memory)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
