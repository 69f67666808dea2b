/* Devices, contexts, cached programs and shared objects: each OpenCL call that they make fails once
 * (support/fault_walk.h). */
#include "base/cache/cache_folder.h"
#include "device/device.h"
#include "opencl/state.h"
#include "operations.h"

#include <dirent.h>
#include <fcntl.h>
#include <quern/opencl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* --- Devices and contexts --- */

/* A device that fails is skipped and named in the note, which stands for the error here; the
 * reference is always listed. */
static quern_status list_devices(fault_place *place) {
  (void)place;
  quern_device_list *list;
  quern_status status = quern_device_list_create(&list);
  if (status != QUERN_OK) return status;
  const char *note = quern_device_list_note(list);
  if (quern_device_list_count(list) == 1 || note[0] != '\0')
    status = quern_fail(QUERN_ERROR_NO_DEVICE, "%s", note);
  quern_device_list_free(list);
  return status;
}

static quern_status create_context(fault_place *place) {
  quern_context *context;
  const quern_status status = quern_context_create_on(place->device, &context);
  if (status == QUERN_OK) quern_context_free(context);
  return status;
}

/* clFinish while the context is freed, where no error can be returned. */
static bool is_finish(const char *entry) {
  return strcmp(entry, "clFinish") == 0;
}

static void test_devices(void **state) {
  (void)state;
  fault_walk(
      &(fault_operation){.name = "listing devices", .own_context = true, .run = list_devices});
  fault_walk(&(fault_operation){.name = "creating a context",
                                .own_context = true,
                                .run = create_context,
                                .may_fall_back = is_finish});
}

/* --- The program cache --- */

/* If the cache fails, programs are built without it. clGetProgramInfo and the binary belong to the
 * cache, as do its queries of the device. */
static bool is_the_cache(const char *entry) {
  return strcmp(entry, "clGetDeviceInfo") == 0 || strcmp(entry, "clGetPlatformInfo") == 0 ||
         strcmp(entry, "clGetProgramInfo") == 0 || strcmp(entry, "clCreateProgramWithBinary") == 0;
}

static bool is_the_cache_or_a_build(const char *entry) {
  return is_the_cache(entry) || strcmp(entry, "clBuildProgram") == 0;
}

/* One context builds and stores the program; a second one finds nothing, half a file, a corrupt
 * binary, or the program. */
static quern_status launch_twice(fault_place *place) {
  char *folder = NULL;
  quern_status status = quern__cache_folder(&folder);
  if (status != QUERN_OK) return status;
  assert_non_null(folder);
  DIR *files = opendir(folder);
  assert_non_null(files);
  for (const struct dirent *entry; (entry = readdir(files)) != NULL;)
    if (strncmp(entry->d_name, "program-", strlen("program-")) == 0)
      assert_int_equal(unlinkat(dirfd(files), entry->d_name, 0), 0);
  closedir(files);
  free(folder);
  for (int time = 0; status == QUERN_OK && time < 2; time++) {
    quern_context *context = NULL;
    quern_buffer *buffer = NULL;
    status = quern_context_create_on(place->device, &context);
    if (status == QUERN_OK) status = quern_buffer_create(context, BYTES, &buffer);
    if (status == QUERN_OK) status = quern_fill(context, 1.0f, quern_vector(buffer, 0, FLOATS));
    if (status == QUERN_OK) status = quern_context_finish(context);
    quern_buffer_free(buffer);
    quern_context_free(context);
  }
  return status;
}

static bool is_the_cache_or_freeing(const char *entry) {
  return is_the_cache_or_a_build(entry) || is_finish(entry);
}

static void test_program_cache(void **state) {
  (void)state;
  assert_int_equal(setenv("QUERN_CACHE", "on", 1), 0);
  fault_walk(&(fault_operation){.name = "two launches through an empty cache",
                                .brief = true,
                                .answers = "clGetProgramInfo",
                                .own_context = true,
                                .run = launch_twice,
                                .may_fall_back = is_the_cache_or_freeing});
  fault_walk(&(fault_operation){.name = "a launch of a cached program",
                                .prepare = make_buffers,
                                .run = first_launch,
                                .may_fall_back = is_the_cache_or_a_build});
  assert_int_equal(setenv("QUERN_CACHE", "off", 1), 0);
}

/* --- Sharing --- */

typedef struct shared {
  cl_context context;
  cl_command_queue queue;
  cl_mem memory;
} shared;

/* On the caller's queue with these properties, or, without one, on a queue of quern's. */
static void make_shared_with(fault_place *place, const cl_command_queue_properties *properties) {
  shared *result = test_alloc(1, sizeof *result);
  cl_device_id device = place->device->handle;
  cl_int error;
  result->context = quern__cl_call.CreateContext(NULL, 1, &device, NULL, NULL, &error);
  assert_int_equal(error, CL_SUCCESS);
  result->queue = NULL;
  if (properties != NULL)
    result->queue = quern__cl_call.CreateCommandQueue(result->context, device, *properties, &error);
  assert_int_equal(error, CL_SUCCESS);
  result->memory =
      quern__cl_call.CreateBuffer(result->context, CL_MEM_READ_WRITE, BYTES, NULL, &error);
  assert_int_equal(error, CL_SUCCESS);
  place->extra = result;
}

static void make_shared(fault_place *place) {
  make_shared_with(place, &(cl_command_queue_properties){0});
}

static void make_shared_out_of_order(fault_place *place) {
  make_shared_with(place, &(cl_command_queue_properties){CL_QUEUE_OUT_OF_ORDER_EXEC_MODE_ENABLE});
}

static void make_shared_without_queue(fault_place *place) {
  make_shared_with(place, NULL);
}

static quern_status share(fault_place *place) {
  const shared *given = place->extra;
  quern_context *context = NULL;
  quern_buffer *buffer = NULL;
  cl_event event = NULL;
  quern_status status =
      quern_opencl_context_create(given->context, place->device->handle, given->queue, &context);
  if (status == QUERN_OK)
    status = quern_opencl_buffer_wrap(context, given->memory, 0, BYTES, &buffer);
  if (status == QUERN_OK) status = quern_buffer_fill(buffer, 0, BYTES, 1);
  if (status == QUERN_OK) status = quern_opencl_event(context, &event);
  if (status == QUERN_OK) status = quern_opencl_wait(context, 1, &event);
  if (status == QUERN_OK) status = quern_context_finish(context);
  if (event != NULL) quern__cl_call.ReleaseEvent(event);
  quern_buffer_free(buffer);
  quern_context_free(context);
  return status;
}

static void free_shared(fault_place *place) {
  shared *result = place->extra;
  quern__cl_call.ReleaseMemObject(result->memory);
  if (result->queue != NULL) quern__cl_call.ReleaseCommandQueue(result->queue);
  quern__cl_call.ReleaseContext(result->context);
  free(result);
}

static void test_sharing(void **state) {
  (void)state;
  static const struct {
    const char *name;
    void (*prepare)(fault_place *place);
  } queues[] = {{"sharing an in-order queue", make_shared},
                {"sharing an out-of-order queue", make_shared_out_of_order},
                {"sharing a context", make_shared_without_queue}};
  for (size_t i = 0; i < sizeof queues / sizeof *queues; i++)
    fault_walk(&(fault_operation){.name = queues[i].name,
                                  .own_context = true,
                                  .prepare = queues[i].prepare,
                                  .run = share,
                                  .undo = free_shared,
                                  .may_fall_back = is_finish});
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_devices), QUERN_TEST(test_program_cache),
                                     QUERN_TEST(test_sharing)};
  return cmocka_run_group_tests(tests, NULL, print_count);
}
