/* Staging: copies to the device run beside ops, each after the ops that it must wait for and before
 * those that read it. */
#include "sharing.h"

#include <pthread.h>
#include <unistd.h>

enum { FLOATS = 37, SECONDS = 60 };

static void fill(quern_staging *staging, float value) {
  void *memory;
  assert_ok(quern_staging_begin(staging, &memory));
  for (size_t i = 0; i < FLOATS; i++) ((float *)memory)[i] = value;
}

static void send(quern_staging *staging, float value) {
  fill(staging, value);
  assert_ok(quern_staging_send(staging, FLOATS * sizeof(float)));
}

static void expect(quern_buffer *buffer, size_t first, float value) {
  float values[FLOATS];
  assert_ok(quern_buffer_read(buffer, first * sizeof *values, sizeof values, values, QUERN_WAIT));
  for (size_t i = 0; i < FLOATS; i++) assert_true(values[i] == value);
}

/* Two buffers alternate, and an op that is queued without a wait adds each piece. One is inside a
 * longer buffer, whose other bytes stay. */
static void check_turns(quern_context *context) {
  enum { PIECES = 50 };
  quern_buffer *first, *whole, *view, *sum;
  quern_staging *turns[2];
  const float canary = -7.0f;
  assert_ok(quern_buffer_create(context, FLOATS * sizeof(float), &first));
  assert_ok(quern_buffer_create(context, 3 * FLOATS * sizeof(float), &whole));
  assert_ok(quern_buffer_view(whole, FLOATS * sizeof(float), FLOATS * sizeof(float), &view));
  assert_ok(quern_buffer_create(context, FLOATS * sizeof(float), &sum));
  assert_ok(quern_fill(context, canary, quern_vector(whole, 0, 3 * FLOATS)));
  assert_ok(quern_buffer_fill(sum, 0, FLOATS * sizeof(float), 0));
  assert_ok(quern_staging_create(first, &turns[0]));
  assert_ok(quern_staging_create(view, &turns[1]));
  const quern_optimizer adds = quern_optimizer_of(QUERN_OPTIMIZER_SGD, -1);
  float expected = 0.0f;
  for (size_t piece = 0; piece < PIECES; piece++) {
    quern_staging *turn = turns[piece % 2];
    send(turn, (float)piece);
    expected += (float)piece;
    assert_ok(quern_optimizer_update(context, &adds, 1,
                                     quern_vector(piece % 2 == 0 ? first : view, 0, FLOATS),
                                     quern_vector(sum, 0, FLOATS), quern_no_state()));
    if (piece % 5 != 4)
      assert_ok(quern_staging_release(turn)); /* without it a send waits for all */
  }
  expect(sum, 0, expected);
  expect(whole, 0, canary);
  expect(whole, 2 * FLOATS, canary);

  /* A part of the data, begun twice. */
  fill(turns[1], 6.0f);
  fill(turns[1], 5.0f);
  assert_ok(quern_staging_send(turns[1], sizeof(float)));
  float part;
  assert_ok(quern_buffer_read(view, 0, sizeof part, &part, QUERN_WAIT));
  assert_true(part == 5.0f);
  expect(whole, 0, canary);
  expect(whole, 2 * FLOATS, canary);

  /* Freed after sending, and after only beginning, each after its buffer. */
  send(turns[0], 1.0f);
  fill(turns[1], 2.0f);
  quern_buffer_free(first);
  quern_staging_free(turns[0]);
  quern_staging_free(turns[1]);
  quern_buffer_free(view);
  quern_buffer_free(whole);
  quern_buffer_free(sum);
}

static void test_turns(void **state) {
  (void)state;
  static const char *const devices[] = {NULL, "reference"};
  for (size_t d = 0; d < 2; d++) {
    quern_context *context;
    assert_ok(quern_context_create(devices[d], &context));
    check_turns(context);
    quern_context_free(context);
  }
}

/* A copy waits only for ops before its release, also if the queue never continues. If it does wait,
 * the alarm ends the test. */
static void test_beside_ops(void **state) {
  (void)state;
  caller mine = caller_open(0, false);
  quern_context *context;
  quern_buffer *buffer, *copy;
  quern_staging *staging;
  assert_ok(quern_opencl_context_create(mine.context, mine.device, NULL, &context));
  assert_ok(quern_buffer_create(context, FLOATS * sizeof(float), &buffer));
  assert_ok(quern_buffer_create(context, FLOATS * sizeof(float), &copy));
  assert_ok(quern_staging_create(buffer, &staging));
  send(staging, 1.0f);
  assert_ok(quern_buffer_copy(buffer, 0, copy, 0, FLOATS * sizeof(float)));
  assert_ok(quern_staging_release(staging));
  gate held = gate_close(&mine);
  assert_ok(quern_opencl_wait(context, 1, &held.closed));
  alarm(SECONDS);
  send(staging, 2.0f);
  quern_staging_free(staging); /* waits for the copy */
  alarm(0);
  gate_open(&held);
  expect(copy, 0, 1.0f);
  expect(buffer, 0, 2.0f);
  quern_buffer_free(copy);
  quern_buffer_free(buffer);
  quern_context_free(context);
  caller_close(&mine);
}

static void *open_later(void *held) {
  usleep(20000); /* to detect a copy that does not wait */
  gate_open(held);
  return NULL;
}

/* It does wait for those ops, with and without a release. */
static void check_after_ops(bool released) {
  caller mine = caller_open(0, false);
  quern_context *context;
  quern_buffer *buffer, *copy;
  quern_staging *staging;
  pthread_t opener;
  assert_ok(quern_opencl_context_create(mine.context, mine.device, NULL, &context));
  assert_ok(quern_buffer_create(context, FLOATS * sizeof(float), &buffer));
  assert_ok(quern_buffer_create(context, FLOATS * sizeof(float), &copy));
  assert_ok(quern_staging_create(buffer, &staging));
  send(staging, 1.0f);
  assert_ok(quern_context_finish(context));
  gate held = gate_close(&mine);
  assert_ok(quern_opencl_wait(context, 1, &held.closed));
  assert_ok(quern_buffer_copy(buffer, 0, copy, 0, FLOATS * sizeof(float)));
  if (released) assert_ok(quern_staging_release(staging));
  if (held.open)
    gate_open(&held);
  else
    assert_int_equal(pthread_create(&opener, NULL, open_later, &held), 0);
  send(staging, 2.0f);
  expect(copy, 0, 1.0f);
  expect(buffer, 0, 2.0f);
  if (!held.open) assert_int_equal(pthread_join(opener, NULL), 0);
  quern_staging_free(staging);
  quern_buffer_free(copy);
  quern_buffer_free(buffer);
  quern_context_free(context);
  caller_close(&mine);
}

static void test_after_ops(void **state) {
  (void)state;
  check_after_ops(false);
  check_after_ops(true);
}

static void test_refuses(void **state) {
  (void)state;
  quern_context *context;
  quern_buffer *buffer;
  quern_staging *staging, *other;
  void *memory;
  assert_ok(quern_context_create(NULL, &context));
  assert_ok(quern_buffer_create(context, FLOATS * sizeof(float), &buffer));
  assert_ok(quern_staging_create(buffer, &staging));
  assert_fails(quern_staging_create(NULL, &other), QUERN_ERROR_ARGUMENT, "NULL");
  assert_null(other);
  assert_fails(quern_staging_create(buffer, NULL), QUERN_ERROR_ARGUMENT, "NULL");
  assert_fails(quern_staging_begin(staging, NULL), QUERN_ERROR_ARGUMENT, "NULL");
  assert_fails(quern_staging_send(staging, sizeof(float)), QUERN_ERROR_ARGUMENT,
               "quern_staging_begin");
  assert_ok(quern_staging_begin(staging, &memory));
  assert_fails(quern_staging_send(staging, (FLOATS + 1) * sizeof(float)), QUERN_ERROR_SHAPE,
               "staging send", "exceed the buffer");
  assert_fails(quern_staging_send(staging, 0), QUERN_ERROR_ARGUMENT, "0 bytes");
  assert_fails(quern_staging_begin(NULL, &memory), QUERN_ERROR_ARGUMENT, "NULL");
  assert_fails(quern_staging_send(NULL, 4), QUERN_ERROR_ARGUMENT, "NULL");
  assert_fails(quern_staging_release(NULL), QUERN_ERROR_ARGUMENT, "NULL");
  quern_staging_free(NULL);
  quern_staging_free(staging);
  quern_buffer_free(buffer);
  quern_context_free(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {BOTH_WAYS(test_turns), BOTH_WAYS(test_beside_ops),
                                     BOTH_WAYS(test_after_ops), BOTH_WAYS(test_refuses)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
