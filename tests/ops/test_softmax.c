/* Softmax on a device, compared with the reference. */
#include "op_check.h"
#include <float.h>
#include <math.h>

static void test_softmax(void **state) {
  (void)state;
  test_sweep("softmax");
}

/* Logits of any size, with the expected outputs. */
static void test_extreme_logits(void **state) {
  (void)state;
  static const float z[][3] = {{3e38f, -3e38f, 0.0f},    {3e38f, 3e38f, -3e38f},
                               {-3e38f, -3e38f, -3e38f}, {1e4f, 1e4f, 1e4f},
                               {-1e4f, 0.0f, -1e4f},     {0.0f, NAN, 0.0f}};
  static const float o[][3] = {{1.0f, 0.0f, 0.0f},
                               {0.5f, 0.5f, 0.0f},
                               {1.0f / 3, 1.0f / 3, 1.0f / 3},
                               {1.0f / 3, 1.0f / 3, 1.0f / 3},
                               {0.0f, 1.0f, 0.0f},
                               {NAN, NAN, NAN}};
  enum { ROWS = sizeof z / sizeof *z, COUNT = sizeof z / sizeof(float) };
  test_rig rig;
  test_rig_open(&rig, 100);
  quern_context *contexts[] = {rig.reference, rig.device};
  for (size_t c = 0; c < 2; c++) {
    quern_buffer *buffer;
    float got[COUNT];
    assert_ok(quern_buffer_create(contexts[c], sizeof z, &buffer));
    assert_ok(quern_buffer_write(buffer, 0, sizeof z, z, QUERN_WAIT));
    assert_ok(quern_softmax(contexts[c], quern_matrix(buffer, 0, ROWS, 3),
                            quern_matrix(buffer, 0, ROWS, 3)));
    assert_ok(quern_buffer_read(buffer, 0, sizeof got, got, QUERN_WAIT));
    quern_buffer_free(buffer);
    const quern__bound bound = {.terms = 13, .absolute = 2.0 * FLT_MIN, .nans = 3};
    test_assert_close("softmax of extreme logits", c == 0 ? "reference" : "device", got, &o[0][0],
                      COUNT, 3, bound);
  }
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_softmax), QUERN_TEST(test_extreme_logits)};
  return cmocka_run_group_tests_name("ops/softmax", tests, NULL, NULL);
}
