/* Threads: contexts of their own at once, and one context used by two. scripts/check also runs this
 * under the thread sanitizer. */
#include "plain_options.h"
#include "test.h"

#include <pthread.h>
#include <quern/backend.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>

/* --- A training for each thread --- */

typedef struct training {
  const char *device;
  quern_status status;
  float weights[64 * 16 + 16];
} training;

static void *train(void *opaque) {
  training *self = opaque;
  quern_context *context = NULL;
  quern_dataset *data = NULL, *test = NULL;
  quern_network *network = NULL;
  const quern_layer layers[] = {quern_dense(16, QUERN_ACTIVATION_RELU),
                                quern_dense(10, QUERN_ACTIVATION_IDENTITY)};
  quern_train_options options = plain_train_options();
  options.epochs = 2;
  options.batch = 50;
  self->status = quern_context_create(self->device, &context);
  if (self->status == QUERN_OK) self->status = quern_dataset_open("digits", NULL, &data, &test);
  if (self->status == QUERN_OK)
    self->status = quern_network_create(64, layers, 2, QUERN_LOSS_CATEGORICAL, &network);
  if (self->status == QUERN_OK)
    self->status = quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 3);
  if (self->status == QUERN_OK)
    self->status = quern_train(context, network, data, NULL, &options, NULL);
  if (self->status == QUERN_OK)
    self->status = quern_network_get_layer(network, 0, self->weights, self->weights + 64 * 16);
  quern_network_free(network);
  quern_dataset_free(data);
  quern_dataset_free(test);
  quern_context_free(context);
  return NULL;
}

/* Two trainings on each device at once; each ends with the bits of a training that runs alone. */
static void test_trainings(void **state) {
  (void)state;
  enum { THREADS = 4 };
  static const char *const devices[] = {"auto", "reference"};
  pthread_t threads[THREADS];
  training *trainings = test_alloc(THREADS, sizeof *trainings);
  for (size_t i = 0; i < THREADS; i++) {
    trainings[i].device = devices[i % 2];
    assert_int_equal(pthread_create(&threads[i], NULL, train, &trainings[i]), 0);
  }
  for (size_t i = 0; i < THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
  training *alone = test_alloc(1, sizeof *alone);
  for (size_t d = 0; d < 2; d++) {
    alone->device = devices[d];
    train(alone);
    assert_ok(alone->status);
    for (size_t i = d; i < THREADS; i += 2) {
      assert_int_equal(trainings[i].status, QUERN_OK);
      assert_memory_equal(trainings[i].weights, alone->weights, sizeof alone->weights);
    }
  }
  free(alone);
  free(trainings);
}

/* --- One context from two threads --- */

static const quern_backend *reference;
static sem_t inside, leave;

/* A call that keeps another thread inside as long as the test needs. */
static quern_status slow_finish(void *state) {
  sem_post(&inside);
  sem_wait(&leave);
  return reference->finish(state);
}

/* The device has the reference's name. */
static quern_context *open_slow(void) {
  quern_device_list *list;
  quern_context *context = NULL;
  assert_ok(quern_device_list_create(&list));
  for (size_t i = 0; i < quern_device_list_count(list); i++) {
    quern_device_info info;
    quern_device_describe(quern_device_list_at(list, i), &info);
    if (strcmp(info.backend, "slow") == 0)
      assert_ok(quern_context_create_on(quern_device_list_at(list, i), &context));
  }
  quern_device_list_free(list);
  assert_non_null(context);
  return context;
}

static void *finish(void *context) {
  return (void *)(uintptr_t)quern_context_finish(context);
}

static void test_one_context(void **state) {
  (void)state;
  reference = quern_backend_find("reference");
  assert_non_null(reference);
  quern_backend table = *reference;
  table.name = "slow";
  table.finish = slow_finish;
  assert_ok(quern_backend_register(&table));
  assert_int_equal(sem_init(&inside, 0, 0), 0);
  assert_int_equal(sem_init(&leave, 0, 0), 0);

  quern_context *context = open_slow();
  quern_buffer *buffer;
  assert_ok(quern_buffer_create(context, 16, &buffer));
  const float one = 1.0f;
  assert_ok(quern_buffer_write(buffer, 0, sizeof one, &one, QUERN_WAIT));
  pthread_t thread;
  assert_int_equal(pthread_create(&thread, NULL, finish, context), 0);
  sem_wait(&inside);
  float value = 0.0f;
  quern_buffer *other = NULL;
  assert_fails(quern_fill(context, 2.0f, quern_vector(buffer, 0, 4)), QUERN_ERROR_BUSY,
               "another thread");
  assert_fails(quern_buffer_read(buffer, 0, sizeof value, &value, QUERN_WAIT), QUERN_ERROR_BUSY,
               "another thread");
  assert_fails(quern_buffer_create(context, 16, &other), QUERN_ERROR_BUSY, "another thread");
  sem_post(&leave);
  void *status;
  assert_int_equal(pthread_join(thread, &status), 0);
  assert_int_equal((quern_status)(uintptr_t)status, QUERN_OK);

  /* The refused call did nothing, and the context works when it is handed from one thread to the
   * other. */
  assert_ok(quern_buffer_read(buffer, 0, sizeof value, &value, QUERN_NO_WAIT));
  sem_post(&leave);
  assert_ok(quern_context_finish(context));
  assert_true(value == 1.0f);
  quern_buffer_free(buffer);
  quern_context_free(context);
  assert_ok(quern_backend_unregister("slow"));
  sem_destroy(&inside);
  sem_destroy(&leave);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_trainings), QUERN_TEST(test_one_context)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
