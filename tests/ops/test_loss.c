/* The losses on a device, compared with the reference. */
#include "op_check.h"
#include "verify/ops/loss.h"
#include <math.h>

static void test_softmax_cross_entropy(void **state) {
  (void)state;
  test_sweep("softmax cross-entropy");
}

static void test_elementwise_cross_entropy(void **state) {
  (void)state;
  test_sweep("elementwise cross-entropy");
}

static void test_binary_cross_entropy(void **state) {
  (void)state;
  test_sweep("binary cross-entropy");
}

static void test_mean_squared_error(void **state) {
  (void)state;
  test_sweep("mean squared error");
}

static void test_mean_absolute_error(void **state) {
  (void)state;
  test_sweep("mean absolute error");
}

static void test_huber_loss(void **state) {
  (void)state;
  test_sweep("Huber loss");
}

static void test_weighted_cross_entropy(void **state) {
  (void)state;
  test_sweep("weighted cross-entropy");
}

static void test_label_weights(void **state) {
  (void)state;
  test_sweep("label weights");
}

/* One sample of two equal logits: the formulas of ops.h by hand.
 *
 *   loss                             dZ_0
 *   log 2                            1/2 - 1
 *   2 log 2                          D_* - O R = -1/2 - 1/2 (1 - 1)… = -1
 *   log 2                            (1/2 - 1) / 2
 *   ((0 - 1)² + 0) / 2               2/2 (0 - 1)
 *   |0 - 1| / 2                      -1/2
 *   3/4 (1 - 3/8) / 2                -3/4 / 2 */
static void test_known_values(void **state) {
  (void)state;
  static const struct {
    const quern__loss_kind *kind;
    double loss, dz;
  } known[] = {{&quern__loss_categorical, 0.69314718056, -0.5},
               {&quern__loss_elementwise, 1.38629436112, -1.0},
               {&quern__loss_binary, 0.69314718056, -0.25},
               {&quern__loss_squared, 0.5, -1.0},
               {&quern__loss_absolute, 0.5, -0.5},
               {&quern__loss_huber, 0.234375, -0.375}};
  test_rig rig;
  test_rig_open(&rig, 700);
  quern_context *contexts[] = {rig.reference, rig.device};
  for (size_t c = 0; c < 2; c++)
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
      /* z, y, a zero as the label, and room for the loss and the gradient. */
      static const float values[] = {0.0f, 0.0f, 1.0f, 0.0f, 0.0f, NAN, NAN, NAN};
      const bool labeled = known[i].kind->labeled;
      float got[3];
      quern_buffer *buffer;
      assert_ok(quern_buffer_create(contexts[c], sizeof values, &buffer));
      assert_ok(quern_buffer_write(buffer, 0, sizeof values, values, QUERN_WAIT));
      const quern_tensor target = labeled ? quern_vector(buffer, 4, 1) : quern_vector(buffer, 2, 2);
      assert_ok(known[i].kind->call(contexts[c], quern_vector(buffer, 0, 2), target, 1.0f,
                                    quern_vector(buffer, 5, 1), quern_vector(buffer, 6, 2)));
      assert_ok(quern_buffer_read(buffer, 5 * sizeof *got, sizeof got, got, QUERN_WAIT));
      quern_buffer_free(buffer);
      const float expected[] = {(float)known[i].loss, (float)known[i].dz};
      test_assert_close("known loss", known[i].kind->name, got, expected, 2, 2,
                        (quern__bound){.terms = 4});
    }
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_softmax_cross_entropy),
                                     QUERN_TEST(test_elementwise_cross_entropy),
                                     QUERN_TEST(test_binary_cross_entropy),
                                     QUERN_TEST(test_mean_squared_error),
                                     QUERN_TEST(test_mean_absolute_error),
                                     QUERN_TEST(test_huber_loss),
                                     QUERN_TEST(test_weighted_cross_entropy),
                                     QUERN_TEST(test_label_weights),
                                     QUERN_TEST(test_known_values)};
  return cmocka_run_group_tests_name("ops/loss", tests, NULL, NULL);
}
