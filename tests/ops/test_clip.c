/* Clipping by a norm on a device, compared with the reference: sums of squares in parts, and the
 * scaling. */
#include "op_check.h"

static void test_sum_squares(void **state) {
  (void)state;
  test_sweep("sum of squares");
}

static void test_clip_norm(void **state) {
  (void)state;
  test_sweep("clip norm");
}

/* Values within the norm keep every bit. */
static void test_within(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 200);
  quern_context *contexts[] = {rig.reference, rig.device};
  for (size_t c = 0; c < 2; c++) {
    const float before[] = {25.0f, 3.0f, -0.0f, -4.0f, 1e-30f};
    float after[5];
    quern_buffer *buffer;
    assert_ok(quern_buffer_create(contexts[c], sizeof before, &buffer));
    assert_ok(quern_buffer_write(buffer, 0, sizeof before, before, QUERN_WAIT));
    assert_ok(
        quern_clip_norm(contexts[c], 5.1f, quern_vector(buffer, 0, 1), quern_vector(buffer, 1, 4)));
    assert_ok(quern_buffer_read(buffer, 0, sizeof after, after, QUERN_WAIT));
    assert_memory_equal(after, before, sizeof before);
    quern_buffer_free(buffer);
  }
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_sum_squares), QUERN_TEST(test_clip_norm),
                                     QUERN_TEST(test_within)};
  return cmocka_run_group_tests_name("ops/clip", tests, NULL, NULL);
}
