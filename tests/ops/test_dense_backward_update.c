/* Dense backward weights fused with a step of every optimizer, compared with the reference if the
 * device supports it; otherwise the call must fail. */
#include "op_check.h"

#include "functions/optimizer.h"
#include <string.h>

static void test_dense_backward_update(void **state) {
  (void)state;
  test_sweep("dense backward update");
}

static void test_refusal(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 0);
  quern_buffer *memory;
  assert_ok(quern_buffer_create(rig.device, 16 * sizeof(float), &memory));
  assert_ok(quern_fill(rig.device, 0.5f, quern_vector(memory, 0, 16)));
  const quern_optimizer momentum = quern_optimizer_of(QUERN_OPTIMIZER_MOMENTUM, 0.1);
  const quern_optimizer_state none = {quern_none(), quern_none()};
  const quern_status status = quern_dense_backward_update(
      rig.device, quern_vector(memory, 0, 1), quern_vector(memory, 1, 1), &momentum, 1,
      quern_vector(memory, 2, 1), (quern_optimizer_state){quern_vector(memory, 3, 1), quern_none()},
      quern_none(), none);
  if (quern__has_dense_backward_update(rig.device, &momentum)) {
    assert_ok(status);
  } else {
    assert_int_equal(status, QUERN_ERROR_UNSUPPORTED);
    assert_non_null(strstr(quern_last_error(), "dense backward update: "));
  }
  assert_ok(quern_context_finish(rig.device));
  quern_buffer_free(memory);
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_dense_backward_update),
                                     QUERN_TEST(test_refusal)};
  return cmocka_run_group_tests_name("ops/dense_backward_update", tests, NULL, NULL);
}
