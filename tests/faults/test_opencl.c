/* Every public operation that reaches OpenCL, with every call that it makes failing once: the walk is support/fault_walk.h. */
#include "cache_folder.h"
#include "device.h"
#include "fault_walk.h"
#include "opencl/state.h"

#include <dirent.h>
#include <fcntl.h>
#include <quern/opencl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BYTES = 4096, SAMPLES = 20, INPUTS = 6, CLASSES = 3, FLOATS = 64 };

/* --- Devices and contexts ------------------------------------------------------------------------------- */

/* What fails is passed over and told in the note, which stands here for the message; the reference is always there. */
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

/* clFinish as the context is freed: nobody can be told. */
static bool is_finish(const char *entry) {
  return strcmp(entry, "clFinish") == 0;
}

static void test_devices(void **state) {
  (void)state;
  fault_walk(&(fault_operation){.name = "listing devices", .own_context = true, .run = list_devices});
  fault_walk(&(fault_operation){
      .name = "creating a context", .own_context = true, .run = create_context, .may_fall_back = is_finish});
}

/* --- Buffers -------------------------------------------------------------------------------------------- */

static void make_buffers(fault_place *place) {
  assert_ok(quern_buffer_create(place->context, BYTES, &place->a));
  assert_ok(quern_buffer_create(place->context, BYTES, &place->b));
  assert_ok(quern_buffer_fill(place->a, 0, BYTES, 0));
  assert_ok(quern_buffer_fill(place->b, 0, BYTES, 0));
  assert_ok(quern_context_finish(place->context));
}

static quern_status use_buffers(fault_place *place) {
  unsigned char bytes[BYTES] = {1};
  quern_buffer *made;
  quern_status status = quern_buffer_create(place->context, BYTES, &made);
  if (status != QUERN_OK) return status;
  if (status == QUERN_OK) status = quern_buffer_write(made, 0, BYTES, bytes, QUERN_WAIT);
  if (status == QUERN_OK) status = quern_buffer_fill(place->a, 4, 12, 7);
  if (status == QUERN_OK) status = quern_buffer_copy(made, 0, place->b, 0, BYTES);
  if (status == QUERN_OK) status = quern_buffer_read(place->b, 0, BYTES, bytes, QUERN_WAIT);
  if (status == QUERN_OK) status = quern_context_finish(place->context);
  quern_buffer_free(made);
  return status;
}

static void test_buffers(void **state) {
  (void)state;
  fault_walk(&(fault_operation){.name = "buffers", .prepare = make_buffers, .run = use_buffers});
}

/* --- Ops ------------------------------------------------------------------------------------------------ */

static quern_status first_launch(fault_place *place) {
  const quern_status status = quern_fill(place->context, 1.0f, quern_vector(place->a, 0, FLOATS));
  return status == QUERN_OK ? quern_context_finish(place->context) : status;
}

/* Every op once, over tensors in two buffers of zeros. */
static quern_status run_ops(fault_place *place) {
  quern_context *context = place->context;
  enum { N = 4, K = 4, W = 4 * FLOATS, B = 5 * FLOATS, V = 6 * FLOATS };
  const quern_tensor x = quern_matrix(place->a, 0, N, K), w = quern_matrix(place->a, W, K, K),
                     b = quern_vector(place->a, B, K), y = quern_matrix(place->b, 0, N, K),
                     dw = quern_matrix(place->b, W, K, K), db = quern_vector(place->b, B, K),
                     list = quern_vector(place->a, V, N), out = quern_vector(place->b, V, N),
                     one = quern_vector(place->b, V + FLOATS, 1);
  const quern_activation relu = quern_activation_of(QUERN_RELU);
  const quern_sgd sgd = {0.1f, 0.0f};
#define RUN(call)                                                                                            \
  do {                                                                                                       \
    const quern_status status = (call);                                                                      \
    if (status != QUERN_OK) return status;                                                                   \
  } while (0)
  RUN(quern_dense_forward(context, x, w, b, relu, y));
  RUN(quern_dense_backward_data(context, x, w, relu, quern_matrix(place->a, 2 * FLOATS, N, K), false, y));
  RUN(quern_dense_backward_weights(context, x, quern_matrix(place->a, 2 * FLOATS, N, K), false, dw, db));
  RUN(quern_dense_backward_sgd(context, x, quern_matrix(place->a, 2 * FLOATS, N, K), sgd, dw, db));
  RUN(quern_sgd_update(context, sgd, x, y));
  RUN(quern_activation_forward(context, relu, x, y));
  RUN(quern_activation_backward(context, relu, x, quern_matrix(place->a, 2 * FLOATS, N, K), y));
  RUN(quern_softmax(context, x, y));
  RUN(quern_softmax_cross_entropy(context, x, list, 1.0f, out, y));
  RUN(quern_elementwise_cross_entropy(context, x, w, 1.0f, out, y));
  RUN(quern_binary_cross_entropy(context, x, w, 1.0f, out, y));
  RUN(quern_mean_squared_error(context, x, w, 1.0f, out, y));
  RUN(quern_gather_rows(context, QUERN_FLOAT32, w, list, 1.0f, 0.0f, y));
  RUN(quern_gather_labels(context, list, quern_vector(place->a, V + FLOATS, N), out));
  RUN(quern_one_hot(context, list, y));
  RUN(quern_argmax(context, x, out));
  RUN(quern_count_correct(context, list, quern_vector(place->a, V + FLOATS, N), false, one));
  RUN(quern_sum(context, x, one));
  RUN(quern_fill(context, 1.0f, y));
  RUN(quern_random_uniform(context, 1, 0, 0.0f, 1.0f, y));
  RUN(quern_context_finish(context));
#undef RUN
  return QUERN_OK;
}

static void test_ops(void **state) {
  (void)state;
  fault_walk(&(fault_operation){.name = "the first launch", .prepare = make_buffers, .run = first_launch});
  fault_walk(&(fault_operation){.name = "every op", .brief = true, .prepare = make_buffers, .run = run_ops});
}

/* --- Plans, training, evaluation ------------------------------------------------------------------------ */

static void make_network(fault_place *place) {
  const quern_layer layers[] = {quern_dense(5, QUERN_RELU), quern_dense(CLASSES, QUERN_IDENTITY)};
  float values[SAMPLES * INPUTS];
  int32_t labels[SAMPLES];
  for (size_t i = 0; i < SAMPLES * INPUTS; i++) values[i] = (float)(i * 37 % 11) / 11.0f;
  for (size_t i = 0; i < SAMPLES; i++) labels[i] = (int32_t)(i % CLASSES);
  assert_ok(quern_network_create(INPUTS, layers, 2, QUERN_CATEGORICAL, &place->network));
  assert_ok(quern_network_initialize(place->network, QUERN_INIT_DEFAULT, 3));
  assert_ok(quern_dataset_from_floats(values, labels, SAMPLES, INPUTS, &place->data));
}

static quern_status run_plan(fault_place *place) {
  quern_plan *plan;
  quern_status status = quern_plan_create(place->context, place->network, 4, QUERN_PLAN_GRADIENTS, &plan);
  if (status != QUERN_OK) return status;
  const quern_tensor x = quern_matrix(place->a, 0, 4, INPUTS), labels = quern_vector(place->b, 0, 4);
  status = quern_plan_step(plan, x, labels, (quern_sgd){0.1f, 0.0f}, quern_none());
  if (status == QUERN_OK) status = quern_plan_download(plan, place->network);
  quern_plan_free(plan);
  return status;
}

static void make_network_and_buffers(fault_place *place) {
  make_network(place);
  make_buffers(place);
}

static quern_status train(fault_place *place, size_t batch) {
  quern_train_options options = QUERN_TRAIN_OPTIONS_INIT;
  options.epochs = 1;
  options.batch = batch;
  quern_epoch last;
  return quern_train(place->context, place->network, place->data, place->data, &options, &last);
}

static quern_status train_serial(fault_place *place) {
  return train(place, 10);
}

/* The trainer is there before, so that an epoch that fails is run again by the same one. */
static void make_trainer(fault_place *place) {
  make_network(place);
  quern_train_options options = QUERN_TRAIN_OPTIONS_INIT;
  options.batch = 7;
  assert_ok(
      quern_trainer_create(place->context, place->network, place->data, NULL, &options, &place->trainer));
}

static quern_status run_epoch(fault_place *place) {
  quern_epoch epoch;
  const quern_status status = quern_trainer_epoch(place->trainer, &epoch);
  return status == QUERN_OK ? quern_trainer_download(place->trainer, place->network) : status;
}

static quern_status evaluate(fault_place *place) {
  quern_metrics metrics;
  return quern_evaluate(place->context, place->network, place->data, &metrics);
}

static quern_status predict(fault_place *place) {
  /* Of its own, so that a sanitizer sees a copy that ends after it was freed. */
  float *outputs = test_alloc(SAMPLES * CLASSES, sizeof *outputs);
  const quern_status status = quern_predict(place->context, place->network, place->data, outputs);
  free(outputs);
  return status;
}

static void test_plan(void **state) {
  (void)state;
  fault_walk(&(fault_operation){
      .name = "a plan and a step", .brief = true, .prepare = make_network_and_buffers, .run = run_plan});
}

static void test_training(void **state) {
  (void)state;
  fault_walk(
      &(fault_operation){.name = "training", .brief = true, .prepare = make_network, .run = train_serial});
  fault_walk(
      &(fault_operation){.name = "an epoch", .brief = true, .prepare = make_trainer, .run = run_epoch});
}

static void test_measuring(void **state) {
  (void)state;
  fault_walk(
      &(fault_operation){.name = "evaluating", .brief = true, .prepare = make_network, .run = evaluate});
  fault_walk(
      &(fault_operation){.name = "predicting", .brief = true, .prepare = make_network, .run = predict});
}

/* --- The program cache ---------------------------------------------------------------------------------- */

/* What the cache cannot do is done without it. clGetProgramInfo and the binary are its own; what it asks of the device is not
 * asked by a launch otherwise. */
static bool is_the_cache(const char *entry) {
  return strcmp(entry, "clGetDeviceInfo") == 0 || strcmp(entry, "clGetPlatformInfo") == 0 ||
         strcmp(entry, "clGetProgramInfo") == 0 || strcmp(entry, "clCreateProgramWithBinary") == 0;
}

static bool is_the_cache_or_a_build(const char *entry) {
  return is_the_cache(entry) || strcmp(entry, "clBuildProgram") == 0;
}

/* One context builds the program and keeps it, a second finds what the first has left: nothing, half, a corrupt binary. */
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

/* --- Sharing -------------------------------------------------------------------------------------------- */

typedef struct shared {
  cl_context context;
  cl_command_queue queue;
  cl_mem memory;
} shared;

static void make_shared(fault_place *place) {
  shared *made = test_alloc(1, sizeof *made);
  cl_device_id device = place->device->handle;
  cl_int error;
  made->context = quern__cl_call.CreateContext(NULL, 1, &device, NULL, NULL, &error);
  assert_int_equal(error, CL_SUCCESS);
  made->queue = quern__cl_call.CreateCommandQueue(made->context, device, 0, &error);
  assert_int_equal(error, CL_SUCCESS);
  made->memory = quern__cl_call.CreateBuffer(made->context, CL_MEM_READ_WRITE, BYTES, NULL, &error);
  assert_int_equal(error, CL_SUCCESS);
  place->extra = made;
}

static quern_status share(fault_place *place) {
  const shared *given = place->extra;
  quern_context *context = NULL;
  quern_buffer *buffer = NULL;
  cl_event event = NULL;
  quern_status status =
      quern_opencl_context_create(given->context, place->device->handle, given->queue, &context);
  if (status == QUERN_OK) status = quern_opencl_buffer_wrap(context, given->memory, 0, BYTES, &buffer);
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
  shared *made = place->extra;
  quern__cl_call.ReleaseMemObject(made->memory);
  quern__cl_call.ReleaseCommandQueue(made->queue);
  quern__cl_call.ReleaseContext(made->context);
  free(made);
}

static void test_sharing(void **state) {
  (void)state;
  fault_walk(&(fault_operation){.name = "sharing",
                                .own_context = true,
                                .prepare = make_shared,
                                .run = share,
                                .undo = free_shared,
                                .may_fall_back = is_finish});
}

static int print_count(void **state) {
  (void)state;
  print_message("OpenCL faults injected: %zu\n", fault_count());
  return fault_count() > 0 ? 0 : -1;
}

int main(void) {
  const struct CMUnitTest tests[] = {
      QUERN_TEST(test_devices),       QUERN_TEST(test_buffers),  QUERN_TEST(test_ops),
      QUERN_TEST(test_plan),          QUERN_TEST(test_training), QUERN_TEST(test_measuring),
      QUERN_TEST(test_program_cache), QUERN_TEST(test_sharing),
  };
  return cmocka_run_group_tests(tests, NULL, print_count);
}
