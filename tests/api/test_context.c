/* Contexts and buffers: lifetimes, copies and errors, on the default device and on the
 * reference. */
#include "test.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const devices[] = {"auto", "reference"};
enum { DEVICES = sizeof devices / sizeof *devices };

static quern_context *open_context(size_t device) {
  quern_context *context;
  assert_ok(quern_context_create(devices[device], &context));
  return context;
}

static void test_create(void **state) {
  (void)state;
  quern_context *context = (quern_context *)1;
  assert_fails(quern_context_create("no such device", &context), QUERN_ERROR_NO_DEVICE,
               "no such device");
  assert_null(context);
  assert_fails(quern_context_create("auto", NULL), QUERN_ERROR_ARGUMENT, "context");
  assert_fails(quern_context_create_on(NULL, &context), QUERN_ERROR_ARGUMENT, "context");
  assert_fails(quern_context_finish(NULL), QUERN_ERROR_ARGUMENT, "context");
  quern_context_free(NULL);
  quern_buffer_free(NULL);
  for (size_t d = 0; d < DEVICES; d++) {
    context = open_context(d);
    quern_device_info info;
    quern_context_describe(context, &info);
    assert_true(strlen(info.name) > 0);
    assert_string_equal(quern_context_build_log(context), "");
    assert_ok(quern_context_finish(context));
    quern_context_free(context);
  }
}

/* The device's list is freed before the context is used. */
static void test_list_freed_first(void **state) {
  (void)state;
  quern_device_list *list;
  assert_ok(quern_device_list_create(&list));
  quern_context *context;
  assert_ok(quern_context_create_on(quern_device_list_at(list, 0), &context));
  quern_device_info before;
  quern_device_describe(quern_device_list_at(list, 0), &before);
  char *name = strdup(before.name);
  assert_non_null(name);
  quern_device_list_free(list);
  quern_device_info info;
  quern_context_describe(context, &info);
  assert_string_equal(info.name, name);
  free(name);
  quern_context_free(context);
}

static void test_buffer_outlives_context(void **state) {
  (void)state;
  for (size_t d = 0; d < DEVICES; d++) {
    quern_context *context = open_context(d);
    quern_buffer *first, *second;
    assert_ok(quern_buffer_create(context, 64, &first));
    assert_ok(quern_buffer_create(context, 64, &second));
    assert_ok(quern_fill(context, 2.0f, quern_vector(first, 0, 16)));
    quern_context_free(context);
    float values[16];
    assert_ok(quern_buffer_copy(first, 0, second, 0, 64));
    quern_buffer_free(first);
    assert_ok(quern_buffer_read(second, 0, sizeof values, values, QUERN_WAIT));
    for (size_t i = 0; i < 16; i++) assert_true(values[i] == 2.0f);
    quern_buffer_free(second);
  }
}

static void test_many_contexts(void **state) {
  (void)state;
  quern_context *contexts[6];
  for (size_t i = 0; i < 6; i++) contexts[i] = open_context(i % DEVICES);
  static const size_t order[] = {3, 0, 5, 1, 4, 2};
  for (size_t i = 0; i < 6; i++) quern_context_free(contexts[order[i]]);
}

static void test_copies(void **state) {
  (void)state;
  for (size_t d = 0; d < DEVICES; d++) {
    quern_context *context = open_context(d);
    quern_buffer *buffer, *other;
    assert_ok(quern_buffer_create(context, 101, &buffer));
    assert_ok(quern_buffer_create(context, 50, &other));
    assert_int_equal(quern_buffer_bytes(buffer), 101);
    uint8_t sent[101], got[101];
    for (size_t i = 0; i < sizeof sent; i++) sent[i] = (uint8_t)(7 * i + 3);
    assert_ok(quern_buffer_write(buffer, 0, 101, sent, QUERN_NO_WAIT));
    assert_ok(quern_buffer_write(buffer, 13, 17, sent, QUERN_NO_WAIT));
    assert_ok(quern_buffer_read(buffer, 0, 101, got, QUERN_NO_WAIT));
    assert_ok(quern_context_finish(context));
    memmove(sent + 13, sent, 17);
    assert_memory_equal(got, sent, sizeof sent);

    assert_ok(quern_buffer_copy(buffer, 11, other, 5, 45));
    assert_ok(quern_buffer_read(other, 5, 45, got, QUERN_WAIT));
    assert_memory_equal(got, sent + 11, 45);
    /* Neighbors within one buffer. */
    assert_ok(quern_buffer_copy(buffer, 0, buffer, 50, 50));
    assert_ok(quern_buffer_read(buffer, 50, 50, got, QUERN_WAIT));
    assert_memory_equal(got, sent, 50);
    /* A length of 0 is valid, even at the end. */
    assert_ok(quern_buffer_write(buffer, 101, 0, sent, QUERN_WAIT));
    assert_ok(quern_buffer_read(buffer, 0, 0, got, QUERN_WAIT));
    assert_ok(quern_buffer_copy(buffer, 101, other, 50, 0));
    quern_buffer_free(buffer);
    quern_buffer_free(other);
    quern_context_free(context);
  }
}

static void test_refused(void **state) {
  (void)state;
  for (size_t d = 0; d < DEVICES; d++) {
    quern_context *context = open_context(d), *stranger = open_context(d);
    quern_buffer *buffer, *other, *none = (quern_buffer *)1;
    uint8_t bytes[100];
    assert_ok(quern_buffer_create(context, 100, &buffer));
    assert_ok(quern_buffer_create(stranger, 100, &other));
    assert_fails(quern_buffer_create(context, 0, &none), QUERN_ERROR_ARGUMENT, "0 bytes");
    assert_null(none);
    assert_fails(quern_buffer_create(NULL, 1, &none), QUERN_ERROR_ARGUMENT, "context");
    assert_fails(quern_buffer_create(context, 1, NULL), QUERN_ERROR_ARGUMENT, "buffer");
    assert_fails(quern_buffer_create(context, SIZE_MAX / 4, &none),
                 QUERN_ERROR_OUT_OF_DEVICE_MEMORY, "4611686018427387903 bytes", "has");
    assert_fails(quern_buffer_write(NULL, 0, 1, bytes, QUERN_WAIT), QUERN_ERROR_ARGUMENT, "write");
    assert_fails(quern_buffer_write(buffer, 0, 1, NULL, QUERN_WAIT), QUERN_ERROR_ARGUMENT, "write");
    assert_fails(quern_buffer_write(buffer, 1, 100, bytes, QUERN_WAIT), QUERN_ERROR_SHAPE,
                 "100 bytes", "byte 1");
    assert_fails(quern_buffer_write(buffer, 101, 0, bytes, QUERN_WAIT), QUERN_ERROR_SHAPE,
                 "byte 101");
    assert_fails(quern_buffer_write(buffer, SIZE_MAX, 2, bytes, QUERN_WAIT), QUERN_ERROR_SHAPE,
                 "write");
    assert_fails(quern_buffer_read(NULL, 0, 1, bytes, QUERN_WAIT), QUERN_ERROR_ARGUMENT, "read");
    assert_fails(quern_buffer_read(buffer, 0, 1, NULL, QUERN_WAIT), QUERN_ERROR_ARGUMENT, "read");
    assert_fails(quern_buffer_read(buffer, 99, 2, bytes, QUERN_WAIT), QUERN_ERROR_SHAPE, "2 bytes",
                 "byte 99");
    assert_fails(quern_buffer_read(buffer, 2, SIZE_MAX, bytes, QUERN_WAIT), QUERN_ERROR_SHAPE,
                 "read");
    assert_fails(quern_buffer_copy(NULL, 0, buffer, 0, 1), QUERN_ERROR_ARGUMENT, "copy");
    assert_fails(quern_buffer_copy(buffer, 0, NULL, 0, 1), QUERN_ERROR_ARGUMENT, "copy");
    assert_fails(quern_buffer_copy(buffer, 60, buffer, 0, 41), QUERN_ERROR_SHAPE, "copy", "source");
    assert_fails(quern_buffer_copy(buffer, 0, buffer, 60, 41), QUERN_ERROR_SHAPE, "copy", "target");
    assert_fails(quern_buffer_copy(buffer, 0, buffer, 20, 21), QUERN_ERROR_ARGUMENT, "overlap");
    assert_fails(quern_buffer_copy(buffer, 20, buffer, 0, 21), QUERN_ERROR_ARGUMENT, "overlap");
    assert_fails(quern_buffer_copy(buffer, 0, other, 0, 1), QUERN_ERROR_ARGUMENT,
                 "different contexts");
    quern_buffer_free(buffer);
    quern_buffer_free(other);
    quern_context_free(context);
    quern_context_free(stranger);
  }
}

/* Each thread has its own context and its own last error. */
typedef struct work {
  size_t device;
  float value;
  bool right;
} work;

static void *run_work(void *opaque) {
  work *w = opaque;
  enum { ROUNDS = 30, COUNT = 100 };
  quern_context *context = NULL;
  quern_buffer *buffer = NULL;
  float sum = 0;
  w->right = quern_context_create(devices[w->device], &context) == QUERN_OK &&
             quern_buffer_create(context, (COUNT + 1) * sizeof(float), &buffer) == QUERN_OK;
  for (int round = 0; w->right && round < ROUNDS; round++) {
    w->right = quern_fill(context, w->value, quern_vector(buffer, 0, COUNT)) == QUERN_OK &&
               quern_sum(context, quern_vector(buffer, 0, COUNT), quern_vector(buffer, COUNT, 1)) ==
                   QUERN_OK &&
               quern_buffer_read(buffer, COUNT * sizeof(float), sizeof sum, &sum, QUERN_WAIT) ==
                   QUERN_OK &&
               sum == COUNT * w->value;
    char own[32];
    snprintf(own, sizeof own, "no device %g", (double)w->value);
    quern_context *none;
    w->right = w->right && quern_context_create(own, &none) == QUERN_ERROR_NO_DEVICE &&
               strstr(quern_last_error(), own) != NULL;
  }
  quern_buffer_free(buffer);
  quern_context_free(context);
  return NULL;
}

static void test_threads(void **state) {
  (void)state;
  enum { THREADS = 4 };
  pthread_t threads[THREADS];
  work works[THREADS];
  for (size_t i = 0; i < THREADS; i++) {
    works[i] = (work){i % DEVICES, (float)(i + 1), false};
    assert_int_equal(pthread_create(&threads[i], NULL, run_work, &works[i]), 0);
  }
  for (size_t i = 0; i < THREADS; i++) assert_int_equal(pthread_join(threads[i], NULL), 0);
  for (size_t i = 0; i < THREADS; i++) assert_true(works[i].right);
}

/* Statuses and their names, and an error that stays until the next one. */
static void test_errors(void **state) {
  (void)state;
#define CHECK_STATUS(name, text)                                                                   \
  assert_string_equal(quern_status_name(QUERN_##name), "QUERN_" #name);                            \
  assert_string_equal(quern_status_text(QUERN_##name), text);
  QUERN_STATUSES(CHECK_STATUS)
  assert_string_equal(quern_status_name((quern_status)999), "unknown status");
  assert_string_equal(quern_status_text((quern_status)-1), "unknown status");
  assert_string_equal(quern_version(), QUERN_VERSION);
  assert_fails(quern_context_finish(NULL), QUERN_ERROR_ARGUMENT, "finish");
  quern_context *context = open_context(1);
  assert_ok(quern_context_finish(context));
  assert_non_null(strstr(quern_last_error(), "finish"));
  assert_non_null(strstr(quern_last_error(), "finish"));
  quern_context_free(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      QUERN_TEST(test_create),        QUERN_TEST(test_list_freed_first),
      QUERN_TEST(test_many_contexts), QUERN_TEST(test_buffer_outlives_context),
      QUERN_TEST(test_copies),        QUERN_TEST(test_refused),
      QUERN_TEST(test_threads),       QUERN_TEST(test_errors)};
  return cmocka_run_group_tests_name("api/context", tests, NULL, NULL);
}
