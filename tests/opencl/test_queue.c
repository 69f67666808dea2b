/* Commands are queued without waiting. Errors found on the device are returned once, by the next
 * call that waits. */
#include "op_check.h"
#include <stdlib.h>
#include <string.h>

/* Thousands of launches without a wait, each depending on the one before. */
static void test_long_queue(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 0);
  enum { COUNT = 33 };
  const int rounds = rig.slow ? 100 : 3000;
  quern_buffer *buffer;
  float values[2 * COUNT] = {0};
  assert_ok(quern_buffer_create(rig.device, sizeof values, &buffer));
  assert_ok(quern_buffer_write(buffer, 0, sizeof values, values, QUERN_NO_WAIT));
  const quern_tensor ones = quern_vector(buffer, 0, COUNT),
                     sums = quern_vector(buffer, COUNT, COUNT);
  assert_ok(quern_fill(rig.device, 1.0f, ones));
  const quern_optimizer adds = quern_optimizer_of(QUERN_OPTIMIZER_SGD, -1);
  for (int i = 0; i < rounds; i++)
    assert_ok(quern_optimizer_update(rig.device, &adds, 1, ones, sums, quern_no_state()));
  assert_ok(quern_buffer_read(buffer, 0, sizeof values, values, QUERN_WAIT));
  for (size_t i = 0; i < COUNT; i++)
    assert_true(values[i] == 1.0f && values[COUNT + i] == (float)rounds);
  quern_buffer_free(buffer);
  test_rig_close(&rig);
}

/* A buffer may be freed while commands on it are queued. */
static void test_freed_while_queued(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 10);
  float values[100] = {0};
  quern_buffer *from, *to;
  assert_ok(quern_buffer_create(rig.device, sizeof values, &from));
  assert_ok(quern_buffer_create(rig.device, sizeof values, &to));
  assert_ok(quern_buffer_write(from, 0, sizeof values, values, QUERN_WAIT));
  assert_ok(quern_fill(rig.device, 4.0f, quern_vector(from, 0, 100)));
  assert_ok(quern_buffer_copy(from, 0, to, 0, sizeof values));
  quern_buffer_free(from);
  assert_ok(quern_buffer_read(to, 0, sizeof values, values, QUERN_WAIT));
  for (size_t i = 0; i < 100; i++) assert_true(values[i] == 4.0f);
  quern_buffer_free(to);
  test_rig_close(&rig);
}

/* Wrong labels and indices, in one buffer: 4 floats of logits, 2 labels, 2 indices, 2 places for
 * output. */
typedef struct mixture {
  float z[4];
  int32_t labels[2];
  uint32_t indices[2];
  int32_t out[2];
} mixture;

static void queue_bad_label(quern_context *context, quern_buffer *buffer) {
  assert_ok(quern_softmax_cross_entropy(context, quern_matrix(buffer, 0, 2, 2),
                                        quern_vector(buffer, 4, 2), 1.0f,
                                        quern_vector(buffer, 8, 2), quern_none()));
}

static void queue_bad_index(quern_context *context, quern_buffer *buffer) {
  assert_ok(quern_gather_labels(context, quern_vector(buffer, 4, 2), quern_vector(buffer, 6, 2),
                                quern_vector(buffer, 8, 2)));
}

static void queue_good_work(quern_context *context, quern_buffer *buffer) {
  assert_ok(quern_fill(context, 0.0f, quern_vector(buffer, 0, 4)));
  assert_ok(quern_softmax(context, quern_matrix(buffer, 0, 2, 2), quern_matrix(buffer, 0, 2, 2)));
}

static void test_faults(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 20);
  quern_context *contexts[] = {rig.device, rig.reference};
  for (size_t c = 0; c < 2; c++) {
    quern_context *context = contexts[c];
    const mixture bad = {{0, 0, 0, 0}, {0, 7}, {2, 0}, {0, 0}};
    mixture got;
    quern_buffer *buffer;
    assert_ok(quern_buffer_create(context, sizeof bad, &buffer));
    assert_ok(quern_buffer_write(buffer, 0, sizeof bad, &bad, QUERN_WAIT));
    /* Returned by finish, with valid commands queued after it. */
    queue_bad_label(context, buffer);
    queue_good_work(context, buffer);
    assert_fails(quern_context_finish(context), QUERN_ERROR_DATA, "label", "row 1 ");
    assert_ok(quern_context_finish(context));
    /* Returned by a read that waits, which still reads; not by one that does not wait. */
    queue_bad_index(context, buffer);
    assert_ok(quern_buffer_read(buffer, 0, sizeof got, &got, QUERN_NO_WAIT));
    assert_fails(quern_buffer_read(buffer, 0, sizeof got, &got, QUERN_WAIT), QUERN_ERROR_DATA,
                 "index", "row 0 ");
    assert_int_equal(got.out[0], -1);
    assert_int_equal(got.out[1], 0);
    assert_ok(quern_buffer_read(buffer, 0, sizeof got, &got, QUERN_WAIT));
    /* Returned by a write that waits. Of two errors, the first is returned and the other
     * dropped. */
    queue_bad_index(context, buffer);
    queue_bad_label(context, buffer);
    assert_fails(quern_buffer_write(buffer, 0, sizeof bad, &bad, QUERN_WAIT), QUERN_ERROR_DATA,
                 "index");
    assert_ok(quern_buffer_write(buffer, 0, sizeof bad, &bad, QUERN_WAIT));
    assert_ok(quern_context_finish(context));
    /* An error for which nobody waited is freed with the context. */
    queue_bad_label(context, buffer);
    quern_buffer_free(buffer);
  }
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_long_queue),
                                     QUERN_TEST(test_freed_while_queued), QUERN_TEST(test_faults)};
  return cmocka_run_group_tests_name("opencl/queue", tests, NULL, NULL);
}
