/* Argmax, counting and sums on a device, compared with the reference. */
#include "op_check.h"
#include <math.h>

static void test_argmax(void **state) {
  (void)state;
  test_sweep("argmax");
}

static void test_count_correct(void **state) {
  (void)state;
  test_sweep("count correct");
}

static void test_sum(void **state) {
  (void)state;
  test_sweep("sum");
}

/* Ties, infinities and NaN, with the expected class. */
static void test_argmax_known(void **state) {
  (void)state;
  static const float z[][4] = {{1, 2, 3, 4},
                               {4, 4, 4, 4},
                               {-INFINITY, -INFINITY, -INFINITY, -INFINITY},
                               {0, INFINITY, INFINITY, 0},
                               {NAN, 1, 2, 3},
                               {1, 2, 3, NAN},
                               {-3e38f, -2e38f, -3e38f, -3e38f},
                               {-0.0f, 0.0f, -1, 0.0f},
                               {INFINITY, NAN, 0, 0}};
  static const int32_t classes[] = {3, 0, 0, 1, -1, -1, 1, 0, -1};
  enum { ROWS = sizeof z / sizeof *z };
  test_rig rig;
  test_rig_open(&rig, 300);
  quern_context *contexts[] = {rig.reference, rig.device};
  for (size_t c = 0; c < 2; c++) {
    quern_buffer *buffer;
    int32_t got[ROWS];
    assert_ok(quern_buffer_create(contexts[c], sizeof z + sizeof got, &buffer));
    assert_ok(quern_buffer_write(buffer, 0, sizeof z, z, QUERN_WAIT));
    assert_ok(quern_argmax(contexts[c], quern_matrix(buffer, 0, ROWS, 4),
                           quern_vector(buffer, ROWS * 4, ROWS)));
    assert_ok(quern_buffer_read(buffer, sizeof z, sizeof got, got, QUERN_WAIT));
    quern_buffer_free(buffer);
    assert_memory_equal(got, classes, sizeof classes);
  }
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_argmax), QUERN_TEST(test_count_correct),
                                     QUERN_TEST(test_sum), QUERN_TEST(test_argmax_known)};
  return cmocka_run_group_tests_name("ops/measure", tests, NULL, NULL);
}
