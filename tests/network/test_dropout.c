/* Networks with dropout: a step's gradients are those of the loss under its mask, evaluation drops
 * nothing, and a repeated step has the same mask. */
#include "step_gradients.h"

static quern_layer dropping(size_t units, quern_activation_kind kind, float p) {
  quern_layer layer = quern_dense(units, kind);
  layer.dropout = p;
  return layer;
}

static void open_dropping(place *where, const char *device, float p) {
  open_place(where, device, dropping(HIDDEN, QUERN_ACTIVATION_RELU, p),
             dropping(MORE, QUERN_ACTIVATION_RELU, p / 2));
}

/* Activations whose derivatives read h, and z. */
static void test_gradients(void **state) {
  (void)state;
  static const quern_activation_kind kinds[] = {QUERN_ACTIVATION_TANH, QUERN_ACTIVATION_SIGMOID,
                                                QUERN_ACTIVATION_SILU};
  for (size_t k = 0; k < sizeof kinds / sizeof *kinds; k++)
    check_gradients(dropping(HIDDEN, kinds[k], 0.5f), dropping(MORE, kinds[k], 0.25f));
}

/* A plan evaluates exactly as a network without dropout, before a step and after one. */
static void test_evaluation_drops_nothing(void **state) {
  (void)state;
  for (size_t d = 0; d < 2; d++) {
    double losses[2], stepped[2];
    for (size_t with = 0; with < 2; with++) {
      place where;
      open_dropping(&where, devices[d], with == 1 ? 0.5f : 0.0f);
      quern_plan *plan = plan_after(&where, 5, 1);
      stepped[with] = mean_loss(&where);
      assert_ok(quern_plan_evaluate(plan, where.x, where.labels, where.losses, where.correct));
      losses[with] = mean_loss(&where);
      quern_plan_free(plan);
      close_place(&where);
    }
    assert_true(losses[0] == losses[1]);
    assert_true(stepped[0] == losses[0] && stepped[1] != losses[1]);
  }
}

/* Each step and each seed has its own mask. A plan with the same seed repeats it, with any amount
 * of memory, and another optimizer does not restart the masks. */
static void test_masks_of_steps(void **state) {
  (void)state;
  place where;
  open_dropping(&where, "auto", 0.5f);
  double losses[4];
  quern_plan *plan = plan_after(&where, 5, 1);
  losses[0] = mean_loss(&where);
  const quern_optimizer still = quern_optimizer_of(QUERN_OPTIMIZER_MOMENTUM, 0.0),
                        other = quern_optimizer_of(QUERN_OPTIMIZER_SGD, 0.0);
  assert_ok(quern_plan_set_optimizer(plan, &still));
  assert_ok(quern_plan_step(plan, where.x, where.labels, where.losses));
  losses[1] = mean_loss(&where);
  assert_ok(quern_plan_set_optimizer(plan, &other));
  assert_ok(quern_plan_step(plan, where.x, where.labels, where.losses));
  losses[2] = mean_loss(&where);
  quern_plan_free(plan);
  quern_plan_free(plan_after(&where, 6, 1));
  losses[3] = mean_loss(&where);
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < i; j++) assert_true(losses[i] != losses[j]);
  quern_plan_free(plan_after(&where, 5, 3));
  assert_true(mean_loss(&where) == losses[2]);
  assert_fails(quern_plan_set_dropout_seed(NULL, 1), QUERN_ERROR_ARGUMENT, "plan dropout seed",
               "NULL");
  close_place(&where);
}

static void test_what_is_refused(void **state) {
  (void)state;
  static const float wrong[] = {-0.1f, 1.0f, NAN};
  quern_layer layers[] = {quern_dense(3, QUERN_ACTIVATION_RELU),
                          quern_dense(2, QUERN_ACTIVATION_IDENTITY)};
  quern_network *network;
  for (size_t i = 0; i < 3; i++) {
    layers[0].dropout = wrong[i];
    assert_fails(quern_network_create(2, layers, 2, QUERN_LOSS_CATEGORICAL, &network),
                 QUERN_ERROR_ARGUMENT, "layer 0", "dropout", "less than 1");
  }
  layers[0].dropout = 0.0f;
  layers[1].dropout = 0.5f;
  assert_fails(quern_network_create(2, layers, 2, QUERN_LOSS_CATEGORICAL, &network),
               QUERN_ERROR_ARGUMENT, "last layer", "0.5");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      QUERN_TEST(test_gradients), QUERN_TEST(test_evaluation_drops_nothing),
      QUERN_TEST(test_masks_of_steps), QUERN_TEST(test_what_is_refused)};
  return cmocka_run_group_tests_name("network/dropout", tests, NULL, NULL);
}
