/* Fill and random numbers on a device: the same bits as the reference, and the generator's
 * published values. */
#include "functions/philox.h"
#include "op_check.h"
#include <math.h>

static void test_fill(void **state) {
  (void)state;
  test_sweep("fill");
}

static void test_uniform(void **state) {
  (void)state;
  test_sweep("random uniform");
}

/* The known answers that Random123 publishes for Philox4x32-10. */
static void test_philox_known_answers(void **state) {
  (void)state;
  static const struct {
    uint32_t counter[4], key[2], out[4];
  } known[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xffffffff, 0xffffffff},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
    uint32_t out[4];
    quern__philox(known[i].counter, known[i].key, out);
    assert_memory_equal(out, known[i].out, sizeof out);
  }
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
  const struct CMUnitTest tests[] = {
      QUERN_TEST(test_fill), QUERN_TEST(test_uniform), QUERN_TEST(test_philox_known_answers),
      QUERN_TEST(test_uniform_by_definition), QUERN_TEST(test_initializer_bounds)};
  return cmocka_run_group_tests_name("ops/initial", tests, NULL, NULL);
}
