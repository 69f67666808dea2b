/* Fill and random numbers on a device: the same bits as the reference. */
#include "functions/philox.h"
#include "op_check.h"
#include <math.h>

static void test_fill(void **state) {
  (void)state;
  test_sweep("fill");
}

static void test_random_uniform(void **state) {
  (void)state;
  test_sweep("random uniform");
}

/* The device's numbers are those of ops.h, computed here from the generator. */
static void test_uniform_by_definition(void **state) {
  (void)state;
  enum { COUNT = 23 };
  const uint64_t seed = 0x0123456789ABCDEFu;
  const uint32_t stream = 9;
  const float low = -0.7f, high = 0.9f;
  float got[COUNT];
  test_rig rig;
  test_rig_open(&rig, 100);
  quern_buffer *buffer;
  assert_ok(quern_buffer_create(rig.device, sizeof got, &buffer));
  assert_ok(
      quern_random_uniform(rig.device, seed, stream, low, high, quern_vector(buffer, 0, COUNT)));
  assert_ok(quern_buffer_read(buffer, 0, sizeof got, got, QUERN_WAIT));
  quern_buffer_free(buffer);
  for (uint32_t i = 0; i < COUNT; i++) {
    uint32_t words[4];
    quern__philox((const uint32_t[]){i / 4, 0, stream, 0},
                  (const uint32_t[]){0x89ABCDEFu, 0x01234567u}, words);
    const float expected = fmaf((float)(words[i % 4] >> 8), (high - low) * 0x1p-24f, low);
    assert_memory_equal(&got[i], &expected, sizeof expected);
    assert_true(got[i] >= low && got[i] < high);
  }
  test_rig_close(&rig);
}

static void test_initializer_bounds(void **state) {
  (void)state;
  assert_true(fabsf(quern_initializer_bound(QUERN_INITIALIZER_HE, 784, 128) - 0.0874817774f) <
              1e-8f);
  assert_true(fabsf(quern_initializer_bound(QUERN_INITIALIZER_XAVIER, 784, 128) - 0.0811107105f) <
              1e-8f);
  assert_true(fabsf(quern_initializer_bound(QUERN_INITIALIZER_UNIFORM, 784, 128) - 0.0357142857f) <
              1e-8f);
  assert_true(quern_initializer_bound(QUERN_INITIALIZER_DEFAULT, 784, 128) == 0.0f);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_fill), QUERN_TEST(test_random_uniform),
                                     QUERN_TEST(test_uniform_by_definition),
                                     QUERN_TEST(test_initializer_bounds)};
  return cmocka_run_group_tests_name("ops/initial", tests, NULL, NULL);
}
