/* A program's own OpenCL objects under quern: no copy between the two, events both ways, nothing destroyed. */
#include "device.h"
#include "opencl/state.h"
#include "test.h"

#include <quern/opencl.h>
#include <string.h>

enum {
  COUNT = 40,
  FIRST = 8,
  INSIDE = 20
}; /* floats of the caller's buffer; where the wrapped range begins; its length */

typedef struct caller {
  cl_device_id device;
  cl_context context;
  cl_command_queue queue; /* NULL for none */
  cl_mem memory;
} caller;

static caller caller_open(cl_command_queue_properties properties, bool with_queue) {
  caller made = {NULL, NULL, NULL, NULL};
  quern_device_list *list;
  const quern_device *device;
  cl_int error;
  float values[COUNT];
  for (size_t i = 0; i < COUNT; i++) values[i] = (float)i;
  assert_ok(quern_device_list_create(&list));
  assert_ok(quern_device_list_find(list, NULL, &device));
  made.device = device->handle;
  quern_device_list_free(list);
  made.context = quern__cl_call.CreateContext(NULL, 1, &made.device, NULL, NULL, &error);
  assert_int_equal(error, CL_SUCCESS);
  if (with_queue)
    made.queue = quern__cl_call.CreateCommandQueue(made.context, made.device, properties, &error);
  assert_int_equal(error, CL_SUCCESS);
  made.memory = quern__cl_call.CreateBuffer(made.context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR,
                                            sizeof values, values, &error);
  assert_int_equal(error, CL_SUCCESS);
  return made;
}

static void caller_close(caller *made) {
  assert_int_equal(quern__cl_call.ReleaseMemObject(made->memory), CL_SUCCESS);
  if (made->queue != NULL) assert_int_equal(quern__cl_call.ReleaseCommandQueue(made->queue), CL_SUCCESS);
  assert_int_equal(quern__cl_call.ReleaseContext(made->context), CL_SUCCESS);
}

/* The wrapped range is what the op made of it; all around it is as it was. */
static void expect_filled(const float *values, float inside) {
  for (size_t i = 0; i < COUNT; i++)
    assert_true(values[i] == (i >= FIRST && i < FIRST + INSIDE ? inside : (float)i));
}

static quern_buffer *wrap(quern_context *context, const caller *from) {
  quern_buffer *buffer;
  assert_ok(quern_opencl_buffer_wrap(context, from->memory, FIRST * sizeof(float), INSIDE * sizeof(float),
                                     &buffer));
  cl_mem memory;
  size_t offset;
  assert_ok(quern_opencl_buffer_memory(buffer, &memory, &offset));
  assert_ptr_equal(memory, from->memory);
  assert_int_equal(offset, FIRST * sizeof(float));
  return buffer;
}

/* In the caller's own in-order queue no event is needed. */
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
  assert_int_equal(quern__cl_call.EnqueueReadBuffer(mine.queue, mine.memory, CL_TRUE, 0, sizeof values,
                                                    values, 0, NULL, NULL),
                   CL_SUCCESS);
  expect_filled(values, -5.0f);
  quern_buffer_free(buffer);
  quern_context_free(context);
  /* What was given is still there. */
  assert_int_equal(quern__cl_call.EnqueueReadBuffer(mine.queue, mine.memory, CL_TRUE, 0, sizeof values,
                                                    values, 0, NULL, NULL),
                   CL_SUCCESS);
  caller_close(&mine);
}

/* Without a queue quern has its own; events join it with the caller's. */
static void test_events(void **state) {
  (void)state;
  caller mine = caller_open(0, true);
  quern_context *context;
  assert_ok(quern_opencl_context_create(mine.context, mine.device, NULL, &context));
  quern_buffer *buffer = wrap(context, &mine);
  float values[COUNT];
  for (size_t i = 0; i < COUNT; i++) values[i] = (float)i;
  for (size_t i = FIRST; i < FIRST + INSIDE; i++) values[i] = 100.0f;
  cl_event written, added;
  assert_int_equal(quern__cl_call.EnqueueWriteBuffer(mine.queue, mine.memory, CL_FALSE, 0, sizeof values,
                                                     values, 0, NULL, &written),
                   CL_SUCCESS);
  assert_int_equal(quern__cl_call.Flush(mine.queue), CL_SUCCESS);
  assert_ok(quern_opencl_wait(context, 1, &written));
  const quern_tensor inside = quern_vector(buffer, 0, INSIDE);
  assert_ok(quern_activation_forward(context, quern_activation_of(QUERN_RELU), inside, inside));
  assert_ok(quern_opencl_event(context, &added));
  float back[COUNT];
  assert_int_equal(quern__cl_call.EnqueueReadBuffer(mine.queue, mine.memory, CL_TRUE, 0, sizeof back, back, 1,
                                                    &added, NULL),
                   CL_SUCCESS);
  expect_filled(back, 100.0f);
  quern__cl_call.ReleaseEvent(written);
  quern__cl_call.ReleaseEvent(added);
  quern_buffer_free(buffer);
  quern_context_free(context);
  caller_close(&mine);
}

static void test_refuses(void **state) {
  (void)state;
  caller mine = caller_open(0, true), other = caller_open(0, true);
  quern_context *context = NULL;
  quern_buffer *buffer = NULL;
  assert_fails(quern_opencl_context_create(NULL, mine.device, NULL, &context), QUERN_ERROR_ARGUMENT,
               "context");
  assert_fails(quern_opencl_context_create(mine.context, NULL, NULL, &context), QUERN_ERROR_ARGUMENT,
               "device");
  assert_fails(quern_opencl_context_create(mine.context, mine.device, other.queue, &context),
               QUERN_ERROR_ARGUMENT, "queue");
  assert_ok(quern_opencl_context_create(mine.context, mine.device, NULL, &context));
  assert_fails(quern_opencl_buffer_wrap(context, NULL, 0, 4, &buffer), QUERN_ERROR_ARGUMENT, "NULL");
  assert_fails(quern_opencl_buffer_wrap(context, other.memory, 0, 4, &buffer), QUERN_ERROR_ARGUMENT,
               "context");
  assert_fails(quern_opencl_buffer_wrap(context, mine.memory, 2, 4, &buffer), QUERN_ERROR_ARGUMENT, "4");
  assert_fails(quern_opencl_buffer_wrap(context, mine.memory, 0, 0, &buffer), QUERN_ERROR_ARGUMENT, "0");
  assert_fails(quern_opencl_buffer_wrap(context, mine.memory, 4, COUNT * sizeof(float), &buffer),
               QUERN_ERROR_SHAPE, "160");
  assert_null(buffer);
  quern_context_free(context);
  caller_close(&mine);
  caller_close(&other);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_own_queue), QUERN_TEST(test_events),
                                     QUERN_TEST(test_refuses)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
