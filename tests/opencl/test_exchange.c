/* Exchanges: the host reads results of ops, and later ops read what the host writes, in order with
 * the ops both ways. */
#include "sharing.h"

#include "../../host/device/exchange.h"
#include <stdlib.h>

enum { FLOATS = 1037, EXCHANGES = 3, ROUNDS = 6 };

typedef struct lane {
  quern__exchange *exchange;
  quern_buffer *buffer, *total;
  float *host;
} lane;

static void lane_open(quern_context *context, lane *self) {
  const size_t bytes = FLOATS * sizeof(float);
  self->host = aligned_alloc(QUERN__EXCHANGE_ALIGNMENT, 2 * QUERN__EXCHANGE_ALIGNMENT);
  assert_non_null(self->host);
  for (size_t i = 0; i < 2 * QUERN__EXCHANGE_ALIGNMENT / sizeof(float); i++) self->host[i] = -7.0f;
  assert_ok(quern__exchange_create(context, self->host, bytes, &self->exchange, &self->buffer));
  assert_int_equal(quern_buffer_bytes(self->buffer), bytes);
  assert_ok(quern_buffer_create(context, bytes, &self->total));
  assert_ok(quern_buffer_fill(self->total, 0, bytes, 0));
}

static void lane_close(lane *self) {
  quern_buffer_free(self->buffer);
  quern__exchange_free(self->exchange);
  quern_buffer_free(self->total);
  free(self->host);
}

static quern_tensor all(quern_buffer *buffer) {
  return quern_vector(buffer, 0, FLOATS);
}

/* a += b. */
static void add(quern_context *context, quern_buffer *b, quern_buffer *a) {
  const quern_optimizer adds = quern_optimizer_of(QUERN_OPTIMIZER_SGD, -1);
  assert_ok(quern_optimizer_update(context, &adds, 1, all(b), all(a), quern_no_state()));
}

static void await(lane *self, bool wait) {
  bool taken = false;
  do assert_ok(quern__exchange_taken(self->exchange, wait, &taken));
  while (!taken && !wait);
  assert_true(taken);
}

/* As with ranks: several exchanges run at once, and each is used while the next is computed. */
static void check_rounds(quern_context *context) {
  lane lanes[EXCHANGES];
  float expected = 0.0f;
  for (size_t k = 0; k < EXCHANGES; k++) lane_open(context, &lanes[k]);
  for (size_t round = 0; round < ROUNDS; round++) {
    for (size_t k = 0; k < EXCHANGES; k++) {
      assert_ok(quern_fill(context, (float)(round + k), all(lanes[k].buffer)));
      assert_ok(quern__exchange_take(lanes[k].exchange));
    }
    for (size_t k = 0; k < EXCHANGES; k++) {
      await(&lanes[k], round % 2 == 0);
      for (size_t i = 0; i < FLOATS; i++) {
        assert_true(lanes[k].host[i] == (float)(round + k));
        lanes[k].host[i] *= 3.0f;
      }
      assert_ok(quern__exchange_put(lanes[k].exchange));
      add(context, lanes[k].buffer, lanes[k].total);
    }
    expected += 3.0f * (float)round;
  }
  for (size_t k = 0; k < EXCHANGES; k++) {
    float got[FLOATS];
    assert_ok(quern_buffer_read(lanes[k].total, 0, sizeof got, got, QUERN_WAIT));
    for (size_t i = 0; i < FLOATS; i++)
      assert_true(got[i] == expected + 3.0f * (float)(k * ROUNDS));
    for (size_t i = FLOATS; i < 2 * QUERN__EXCHANGE_ALIGNMENT / sizeof(float); i++)
      assert_true(lanes[k].host[i] == -7.0f);
    lane_close(&lanes[k]);
  }
}

static void test_rounds(void **state) {
  (void)state;
  static const char *const devices[] = {NULL, "reference"};
  for (size_t d = 0; d < 2; d++) {
    quern_context *context;
    assert_ok(quern_context_create(devices[d], &context));
    check_rounds(context);
    quern_context_free(context);
  }
}

/* It starts with zeros, and may be freed in any state. */
static void test_ends(void **state) {
  (void)state;
  static const char *const devices[] = {NULL, "reference"};
  for (size_t d = 0; d < 2; d++) {
    quern_context *context;
    assert_ok(quern_context_create(devices[d], &context));
    for (size_t end = 0; end < 4; end++) {
      lane current;
      lane_open(context, &current);
      if (end > 0) assert_ok(quern__exchange_take(current.exchange));
      if (end > 1) await(&current, true);
      for (size_t i = 0; end > 1 && i < FLOATS; i++) assert_true(current.host[i] == 0.0f);
      if (end > 2) assert_ok(quern__exchange_put(current.exchange));
      assert_ok(quern_context_finish(context));
      lane_close(&current);
    }
    quern_context_free(context);
  }
}

/* A read exchange is complete once the ops before it are; it does not wait for later commands. */
static void test_in_order(void **state) {
  (void)state;
  caller mine = caller_open(0, false);
  quern_context *context;
  lane current;
  bool taken = true;
  assert_ok(quern_opencl_context_create(mine.context, mine.device, NULL, &context));
  lane_open(context, &current);
  assert_ok(quern_context_finish(context));
  gate held = gate_close(&mine);
  assert_ok(quern_opencl_wait(context, 1, &held.closed));
  assert_ok(quern_fill(context, 5.0f, all(current.buffer)));
  assert_ok(quern__exchange_take(current.exchange));
  if (!held.open) {
    assert_ok(quern__exchange_taken(current.exchange, false, &taken));
    assert_false(taken);
  }
  gate_open(&held);
  await(&current, true);
  assert_true(current.host[0] == 5.0f && current.host[FLOATS - 1] == 5.0f);
  assert_ok(quern__exchange_put(current.exchange));
  assert_ok(quern_context_finish(context));
  lane_close(&current);
  quern_context_free(context);
  caller_close(&mine);
}

int main(void) {
  const struct CMUnitTest tests[] = {BOTH_WAYS(test_rounds), BOTH_WAYS(test_ends),
                                     BOTH_WAYS(test_in_order)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
