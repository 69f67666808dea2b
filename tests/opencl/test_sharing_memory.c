/* quern on a program's own cl_mem: whole, in parts, several times, and released by the program
 * first. */
#include "sharing.h"

static quern_context *context_on(const caller *mine) {
  quern_context *context;
  assert_ok(quern_opencl_context_create(mine->context, mine->device, mine->queue, &context));
  return context;
}

static void read_all(const caller *mine, cl_mem memory, float *values) {
  assert_int_equal(quern__cl_call.EnqueueReadBuffer(mine->queue, memory, CL_TRUE, 0,
                                                    COUNT * sizeof(float), values, 0, NULL, NULL),
                   CL_SUCCESS);
}

/* quern retains the objects: the program may release them while quern uses them. */
static void test_caller_frees_first(void **state) {
  (void)state;
  caller mine = caller_open(0, true);
  quern_context *context = context_on(&mine);
  quern_buffer *buffer = wrap(context, &mine);
  caller_close(&mine);
  float values[INSIDE];
  assert_ok(quern_fill(context, 3.0f, quern_vector(buffer, 1, INSIDE - 1)));
  assert_ok(quern_buffer_read(buffer, 0, sizeof values, values, QUERN_WAIT));
  for (size_t i = 0; i < INSIDE; i++) assert_true(values[i] == (i == 0 ? (float)FIRST : 3.0f));
  quern_context_free(context);
  quern_buffer_free(buffer);
}

/* A view of a wrapped part begins at its offset in the cl_mem, for ops and for the program
 * alike. */
static void test_view_of_wrapped(void **state) {
  (void)state;
  caller mine = caller_open(0, true);
  quern_context *context = context_on(&mine);
  quern_buffer *buffer = wrap(context, &mine), *view;
  assert_ok(quern_buffer_view(buffer, 3 * sizeof(float), 10 * sizeof(float), &view));
  quern_buffer_free(buffer);
  cl_mem memory;
  size_t offset;
  assert_ok(quern_opencl_buffer_memory(view, &memory, &offset));
  assert_ptr_equal(memory, mine.memory);
  assert_int_equal(offset, (FIRST + 3) * sizeof(float));
  assert_ok(quern_fill(context, -2.0f, quern_vector(view, 1, 9)));
  float values[COUNT];
  read_all(&mine, mine.memory, values);
  for (size_t i = 0; i < COUNT; i++)
    assert_true(values[i] == (i > FIRST + 3 && i < FIRST + 13 ? -2.0f : (float)i));
  quern_buffer_free(view);
  quern_context_free(context);
  caller_close(&mine);
}

/* The program gets the cl_mem of a buffer that quern created, and writes data that quern reads. */
static void test_memory_of_own(void **state) {
  (void)state;
  caller mine = caller_open(0, true);
  quern_context *context = context_on(&mine);
  quern_buffer *buffer;
  assert_ok(quern_buffer_create(context, COUNT * sizeof(float), &buffer));
  cl_mem memory;
  size_t offset;
  assert_ok(quern_opencl_buffer_memory(buffer, &memory, &offset));
  assert_int_equal(offset, 0);
  assert_int_equal(quern__cl_call.EnqueueCopyBuffer(mine.queue, mine.memory, memory, 0, 0,
                                                    COUNT * sizeof(float), 0, NULL, NULL),
                   CL_SUCCESS);
  float values[COUNT];
  assert_ok(quern_buffer_read(buffer, 0, sizeof values, values, QUERN_WAIT));
  for (size_t i = 0; i < COUNT; i++) assert_true(values[i] == (float)i);
  quern_buffer_free(buffer);
  quern_context_free(context);
  caller_close(&mine);
}

/* Two buffers on one cl_mem overlap if their parts do. */
static void test_wrapped_twice(void **state) {
  (void)state;
  caller mine = caller_open(0, true);
  quern_context *context = context_on(&mine);
  quern_buffer *buffer = wrap(context, &mine), *beside, *across;
  const size_t f = sizeof(float);
  assert_ok(quern_opencl_buffer_wrap(context, mine.memory, 0, FIRST * f, &beside));
  assert_ok(quern_opencl_buffer_wrap(context, mine.memory, 4 * f, INSIDE * f, &across));
  const quern_activation relu = quern_activation_of(QUERN_ACTIVATION_RELU);
  const quern_tensor z = quern_vector(buffer, 0, 8);
  assert_fails(quern_activation_forward(context, relu, z, quern_vector(across, 0, 8)),
               QUERN_ERROR_ARGUMENT, "h overlaps z");
  assert_fails(quern_buffer_copy(buffer, 0, across, 0, 8 * f), QUERN_ERROR_ARGUMENT, "overlap");
  /* the same range */
  assert_ok(quern_activation_forward(context, relu, z, quern_vector(across, 4, 8)));
  assert_ok(quern_activation_forward(context, relu, z, quern_vector(beside, 0, 8)));
  float values[COUNT];
  read_all(&mine, mine.memory, values);
  for (size_t i = 0; i < COUNT; i++) assert_true(values[i] == (float)(i < 8 ? FIRST + i : i));
  quern_buffer_free(beside);
  quern_buffer_free(across);
  quern_buffer_free(buffer);
  quern_context_free(context);
  caller_close(&mine);
}

static cl_mem make_part(cl_mem whole, size_t origin, size_t bytes) {
  __typeof__(clCreateSubBuffer) *create;
  *(void **)&create = find_entry("clCreateSubBuffer");
  const cl_buffer_region region = {origin, bytes};
  cl_int error;
  cl_mem object = create(whole, CL_MEM_READ_WRITE, CL_BUFFER_CREATE_TYPE_REGION, &region, &error);
  assert_int_equal(error, CL_SUCCESS);
  return object;
}

/* A sub-buffer overlaps its buffer at its place there, though they are two cl_mems. */
static void test_sub_buffer(void **state) {
  (void)state;
  caller mine = caller_open(0, true);
  cl_uint bits = 0;
  assert_int_equal(quern__cl_call.GetDeviceInfo(mine.device, CL_DEVICE_MEM_BASE_ADDR_ALIGN,
                                                sizeof bits, &bits, NULL),
                   CL_SUCCESS);
  const size_t f = sizeof(float), origin = bits / 8 > f ? bits / 8 : f, first = origin / f,
               count = 8;
  cl_int error;
  cl_mem large = quern__cl_call.CreateBuffer(mine.context, CL_MEM_READ_WRITE,
                                             3 * origin + count * f, NULL, &error);
  assert_int_equal(error, CL_SUCCESS);
  cl_mem part = make_part(large, origin, origin + count * f);
  quern_context *context = context_on(&mine);
  quern_buffer *all, *inside;
  assert_ok(quern_opencl_buffer_wrap(context, large, 0, 3 * origin + count * f, &all));
  assert_ok(quern_opencl_buffer_wrap(context, part, f, origin, &inside));
  assert_ok(quern_fill(context, 1.0f, quern_vector(all, 0, 3 * first + count)));
  assert_ok(quern_fill(context, 2.0f, quern_vector(inside, 0, 2)));
  float values[4];
  assert_ok(quern_buffer_read(all, origin, sizeof values, values, QUERN_WAIT));
  assert_true(values[0] == 1.0f && values[1] == 2.0f && values[2] == 2.0f && values[3] == 1.0f);
  const quern_activation relu = quern_activation_of(QUERN_ACTIVATION_RELU);
  assert_fails(quern_activation_forward(context, relu, quern_vector(all, first, 4),
                                        quern_vector(inside, 0, 4)),
               QUERN_ERROR_ARGUMENT, "h overlaps z");
  assert_ok(quern_activation_forward(context, relu, quern_vector(all, first - 1, 2),
                                     quern_vector(inside, 0, 2)));
  assert_ok(quern_context_finish(context));
  quern_buffer_free(all);
  quern_buffer_free(inside);
  quern_context_free(context);
  assert_int_equal(quern__cl_call.ReleaseMemObject(part), CL_SUCCESS);
  assert_int_equal(quern__cl_call.ReleaseMemObject(large), CL_SUCCESS);
  caller_close(&mine);
}

/* Memory without host access: ops work; a read or a write is OpenCL's error. */
static void test_no_host_access(void **state) {
  (void)state;
  caller mine = caller_open(0, true);
  cl_int error;
  cl_mem hidden = quern__cl_call.CreateBuffer(
      mine.context, CL_MEM_READ_WRITE | CL_MEM_HOST_NO_ACCESS, COUNT * sizeof(float), NULL, &error);
  assert_int_equal(error, CL_SUCCESS);
  quern_context *context = context_on(&mine);
  quern_buffer *buffer, *shown;
  float values[COUNT];
  assert_ok(quern_opencl_buffer_wrap(context, hidden, 0, sizeof values, &buffer));
  assert_ok(quern_buffer_create(context, sizeof values, &shown));
  assert_ok(quern_fill(context, 4.0f, quern_vector(buffer, 0, COUNT)));
  assert_ok(quern_buffer_copy(buffer, 0, shown, 0, sizeof values));
  assert_ok(quern_buffer_read(shown, 0, sizeof values, values, QUERN_WAIT));
  for (size_t i = 0; i < COUNT; i++) assert_true(values[i] == 4.0f);
  assert_fails(quern_buffer_read(buffer, 0, sizeof values, values, QUERN_WAIT), QUERN_ERROR_OPENCL,
               "clEnqueueReadBuffer", "CL_INVALID_OPERATION");
  assert_fails(quern_buffer_write(buffer, 0, sizeof values, values, QUERN_WAIT), QUERN_ERROR_OPENCL,
               "clEnqueueWriteBuffer", "CL_INVALID_OPERATION");
  assert_ok(quern_context_finish(context));
  quern_buffer_free(buffer);
  quern_buffer_free(shown);
  quern_context_free(context);
  assert_int_equal(quern__cl_call.ReleaseMemObject(hidden), CL_SUCCESS);
  caller_close(&mine);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      QUERN_TEST(test_caller_frees_first), QUERN_TEST(test_view_of_wrapped),
      QUERN_TEST(test_memory_of_own),      QUERN_TEST(test_wrapped_twice),
      QUERN_TEST(test_sub_buffer),         QUERN_TEST(test_no_host_access)};
  return cmocka_run_group_tests_name("opencl/sharing_memory", tests, NULL, NULL);
}
