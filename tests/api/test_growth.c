/* The process does not grow if objects are created and freed a thousand times, or ops are queued a
 * hundred thousand times. */
#include "test.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The process's memory in bytes, from /proc/self/statm. */
static size_t resident(void) {
  FILE *file = fopen("/proc/self/statm", "r");
  assert_non_null(file);
  unsigned long total, pages;
  assert_int_equal(fscanf(file, "%lu %lu", &total, &pages), 2);
  fclose(file);
  return pages * (size_t)sysconf(_SC_PAGESIZE);
}

static void assert_level(const char *what, size_t before, size_t after, size_t most) {
  print_message("%s: %zu KiB before, %zu KiB after\n", what, before >> 10, after >> 10);
  if (after > before + most) fail_msg("%s: grew from %zu to %zu bytes", what, before, after);
}

static void use_context(const char *device) {
  quern_context *context;
  quern_buffer *buffer;
  assert_ok(quern_context_create(device, &context));
  assert_ok(quern_buffer_create(context, 4096, &buffer));
  assert_ok(quern_buffer_fill(buffer, 0, 4096, 1));
  assert_ok(quern_context_finish(context));
  quern_buffer_free(buffer);
  quern_context_free(context);
}

/* A sanitizer delays the reuse of freed memory. */
#if defined __SANITIZE_ADDRESS__
enum { SANITIZED = 1 };
#else
enum { SANITIZED = 0 };
#endif

static void test_contexts(void **state) {
  (void)state;
  enum { WARM = 100, CONTEXTS = 1000 };
  static const char *const devices[] = {"auto", "reference"};
  for (size_t i = 0; i < WARM; i++) use_context(devices[i % 2]);
  const size_t before = resident();
  for (size_t d = 0; d < 2; d++)
    for (size_t i = 0; i < CONTEXTS; i++) use_context(devices[d]);
  /* A leak per round would be at least one page. */
  if (!SANITIZED)
    assert_level("1,000 contexts on each", before, resident(), (size_t)CONTEXTS / 2 * 4096 / 2);
}

/* Ops are queued without allocations. */
static void test_ops(void **state) {
  (void)state;
  if (getenv("QUERN_TEST_SHIM") == NULL) skip();
  enum { N = 8, IN = 9, OUT = 5, WARM = 1000, OPS = 100000, A_WAIT = 500 };
  quern_context *context;
  quern_buffer *buffer;
  assert_ok(quern_context_create("auto", &context));
  assert_ok(quern_buffer_create(context, 4096 * sizeof(float), &buffer));
  assert_ok(quern_fill(context, 0.01f, quern_vector(buffer, 0, 4096)));
  const quern_tensor x = quern_matrix(buffer, 0, N, IN), w = quern_matrix(buffer, 100, IN, OUT),
                     b = quern_vector(buffer, 200, OUT), y = quern_matrix(buffer, 300, N, OUT),
                     dx = quern_matrix(buffer, 400, N, IN), sum = quern_vector(buffer, 500, 1);
  const quern_activation relu = quern_activation_of(QUERN_ACTIVATION_RELU);
  const quern_optimizer sgd = quern_optimizer_of(QUERN_OPTIMIZER_SGD, 1e-6);
  size_t before = 0, bytes = 0;
  for (size_t queued = 0; queued < WARM + OPS; queued += 5) {
    if (queued == WARM) {
      before = resident();
      bytes = test_allocated();
    }
    assert_ok(quern_dense_forward(context, x, w, b, relu, y));
    assert_ok(quern_dense_backward_data(context, y, w, relu, x, false, dx));
    assert_ok(quern_dense_backward_update(context, x, y, &sgd, 1, w, quern_no_state(), b,
                                          quern_no_state()));
    assert_ok(quern_sum(context, b, sum));
    assert_ok(quern_fill(context, 0.5f, quern_vector(buffer, 600, 64)));
    if (queued % A_WAIT == 0) assert_ok(quern_context_finish(context));
  }
  assert_ok(quern_context_finish(context));
  assert_int_equal(test_allocated(), bytes);
  /* A hundred bytes per op would be 10 MB. */
  if (!SANITIZED) assert_level("100,000 ops", before, resident(), (size_t)2 << 20);
  quern_buffer_free(buffer);
  quern_context_free(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_contexts), QUERN_TEST(test_ops)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
