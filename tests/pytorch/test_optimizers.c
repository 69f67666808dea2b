/* Ten steps of every optimizer and every schedule, compared with PyTorch's (make_optimizers.py), on
 * both backends, with fused updates and with kept gradients. The tolerances are in the file of
 * numbers. Prints the table of docs/parity.md, which must be the same. */
#include "ten_steps.h"

static double setting(const cJSON *test, const char *name) {
  return member(test, name)->valuedouble;
}

static quern_optimizer optimizer_of(const cJSON *test) {
  quern_optimizer_kind kind;
  assert_true(quern_optimizer_find(member(test, "optimizer")->valuestring, &kind));
  quern_optimizer optimizer = quern_optimizer_of(kind, setting(test, "rate"));
  optimizer.weight_decay = setting(test, "decay");
  optimizer.decay_bias = cJSON_IsTrue(member(test, "decay_bias"));
  optimizer.momentum = setting(test, "momentum");
  optimizer.beta1 = setting(test, "beta1");
  optimizer.beta2 = setting(test, "beta2");
  optimizer.alpha = setting(test, "alpha");
  optimizer.epsilon = setting(test, "epsilon");
  return optimizer;
}

static quern_schedule schedule_of(const cJSON *test) {
  quern_schedule_kind kind;
  assert_true(quern_schedule_find(member(test, "schedule")->valuestring, &kind));
  quern_schedule schedule = quern_schedule_of(kind);
  schedule.warmup = (uint64_t)setting(test, "warmup");
  schedule.period = (uint64_t)setting(test, "period");
  schedule.gamma = setting(test, "gamma");
  schedule.minimum = setting(test, "minimum");
  schedule.steps = STEPS - schedule.warmup;
  return schedule;
}

static void prepare(quern_plan *plan, const cJSON *test, size_t step) {
  const quern_optimizer optimizer = optimizer_of(test);
  const quern_schedule schedule = schedule_of(test);
  const quern_optimizer current = quern_schedule_at(&schedule, &optimizer, step);
  assert_ok(quern_plan_set_optimizer(plan, &current));
}

static void test_ten_steps(void **state) {
  (void)state;
  check_cases(prepare);
}

/* The rates and the momentum that torch's scheduler set; its recursion accumulates rounding errors
 * of doubles. */
static void test_rates(void **state) {
  (void)state;
  for (const cJSON *test = member(golden, "cases")->child; test != NULL; test = test->next) {
    const quern_optimizer optimizer = optimizer_of(test);
    const quern_schedule schedule = schedule_of(test);
    const cJSON *rate = member(test, "rates")->child, *momentum = member(test, "momenta")->child;
    for (size_t step = 0; step < STEPS; step++, rate = rate->next, momentum = momentum->next) {
      const quern_optimizer current = quern_schedule_at(&schedule, &optimizer, step);
      const bool has_beta =
          current.kind == QUERN_OPTIMIZER_ADAM || current.kind == QUERN_OPTIMIZER_ADAMW;
      const double expected = momentum->valuedouble,
                   got = has_beta ? current.beta1 : current.momentum;
      if (!(fabs(current.learning_rate - rate->valuedouble) <= 1e-14) ||
          !(fabs(got - expected) <= 1e-14 || !quern_optimizer_keeps_momentum(&current)))
        fail_msg("%s, step %zu: rate %.17g, PyTorch has %.17g; momentum %.17g, PyTorch has %.17g",
                 member(test, "title")->valuestring, step, current.learning_rate, rate->valuedouble,
                 got, expected);
    }
  }
}

/* Every optimizer and every schedule has a case. */
static void test_all_are_there(void **state) {
  (void)state;
  bool optimizers[QUERN_OPTIMIZER_RMSPROP + 1] = {false},
                                            schedules[QUERN_SCHEDULE_ONE_CYCLE + 1] = {false},
                                            warmup = false;
  for (const cJSON *test = member(golden, "cases")->child; test != NULL; test = test->next) {
    const quern_schedule schedule = schedule_of(test);
    optimizers[optimizer_of(test).kind] = true;
    schedules[schedule.kind] = true;
    warmup = warmup || schedule.warmup > 0;
  }
  for (size_t k = 0; quern_optimizer_name((quern_optimizer_kind)k) != NULL; k++)
    assert_true(optimizers[k]);
  for (size_t k = 0; quern_schedule_name((quern_schedule_kind)k) != NULL; k++)
    assert_true(schedules[k]);
  assert_true(warmup);
}

static int setup(void **state) {
  (void)state;
  return read_golden(QUERN_TEST_DATA "/../pytorch/optimizers.json");
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_all_are_there), QUERN_TEST(test_rates),
                                     QUERN_TEST(test_ten_steps)};
  return cmocka_run_group_tests(tests, setup, free_golden);
}
