/* Schedules: their values, compared with PyTorch's recursions if it has them; names, defaults and
 * errors. */
#include "test.h"

#include <math.h>
#include <quern/quern.h>

static const quern_optimizer sgd = {
    QUERN_OPTIMIZER_MOMENTUM, true, 0.4, 0.0, 0.9, 0.0, 0.0, 0.0, 0.0};

static double rate(const quern_schedule *schedule, uint64_t step) {
  return quern_schedule_at(schedule, &sgd, step).learning_rate;
}

#define assert_close(got, want) assert_close_at((got), (want), __LINE__)
static void assert_close_at(double got, double want, int line) {
  if (!(fabs(got - want) <= 1e-12)) fail_msg("line %d: %.17g, expected %.17g", line, got, want);
}

static void test_constant(void **state) {
  (void)state;
  const quern_schedule schedule = quern_schedule_of(QUERN_SCHEDULE_CONSTANT);
  assert_true(rate(&schedule, 0) == 0.4 && rate(&schedule, UINT64_MAX) == 0.4);
}

/* torch.optim.lr_scheduler.StepLR: every period-th call multiplies by gamma. */
static void test_step(void **state) {
  (void)state;
  quern_schedule schedule = quern_schedule_of(QUERN_SCHEDULE_STEP);
  schedule.period = 7;
  double expected = 0.4;
  for (uint64_t t = 0; t < 50; t++) {
    if (t > 0 && t % 7 == 0) expected *= 0.1;
    assert_close(rate(&schedule, t), expected);
  }
}

/* CosineAnnealingLR's recursion. */
static void test_cosine(void **state) {
  (void)state;
  const double pi = acos(-1.0);
  quern_schedule schedule = quern_schedule_of(QUERN_SCHEDULE_COSINE);
  schedule.steps = 30;
  schedule.minimum = 0.01;
  double expected = 0.4;
  for (uint64_t t = 0; t <= 30; t++) {
    if (t > 0)
      expected = (1 + cos(pi * (double)t / 30)) / (1 + cos(pi * (double)(t - 1) / 30)) *
                     (expected - 0.01) +
                 0.01;
    assert_close(rate(&schedule, t), expected);
  }
  assert_close(rate(&schedule, 15), 0.205);
}

/* The turning points of OneCycleLR, between which it is monotonous. */
static void test_one_cycle(void **state) {
  (void)state;
  quern_schedule schedule = quern_schedule_of(QUERN_SCHEDULE_ONE_CYCLE);
  schedule.steps = 100;
  assert_close(rate(&schedule, 0), 0.4 / 25);
  assert_close(rate(&schedule, 29), 0.4);
  assert_close(rate(&schedule, 99), 0.4 / 25 / 1e4);
  assert_close(rate(&schedule, 200), 0.4 / 25 / 1e4);
  for (uint64_t t = 1; t < 100; t++)
    assert_true(t <= 29 ? rate(&schedule, t) > rate(&schedule, t - 1)
                        : rate(&schedule, t) < rate(&schedule, t - 1));
  quern_optimizer current = quern_schedule_at(&schedule, &sgd, 0);
  assert_close(current.momentum, 0.95);
  current = quern_schedule_at(&schedule, &sgd, 29);
  assert_close(current.momentum, 0.85);
  current = quern_schedule_at(&schedule, &sgd, 99);
  assert_close(current.momentum, 0.95);

  const quern_optimizer adam = quern_optimizer_of(QUERN_OPTIMIZER_ADAM, 0.4),
                        plain = quern_optimizer_of(QUERN_OPTIMIZER_SGD, 0.4);
  current = quern_schedule_at(&schedule, &adam, 29);
  assert_close(current.beta1, 0.85);
  assert_true(current.momentum == adam.momentum && current.beta2 == adam.beta2);
  current = quern_schedule_at(&schedule, &plain, 29);
  assert_true(current.momentum == plain.momentum); /* it has none to cycle */
  schedule.steps = 1;                              /* no way to go: it is at its end */
  assert_true(isfinite(rate(&schedule, 0)));
}

/* LinearLR, and then SequentialLR begins the other anew. */
static void test_warmup(void **state) {
  (void)state;
  for (quern_schedule_kind kind = QUERN_SCHEDULE_CONSTANT; kind <= QUERN_SCHEDULE_ONE_CYCLE;
       kind++) {
    quern_schedule plain = quern_schedule_of(kind), warm = plain;
    plain.steps = warm.steps = 20;
    plain.period = warm.period = 3;
    warm.warmup = 5;
    double expected = 0.4 / 3;
    for (uint64_t t = 0; t < 5; t++) {
      /* LinearLR's recursion: lr (1 + (end - start) / (total start + (t - 1) (end - start))). */
      if (t > 0) expected *= 1 + (2.0 / 3) / (5 * (1.0 / 3) + (double)(t - 1) * (2.0 / 3));
      assert_close(rate(&warm, t), expected);
      assert_true(quern_schedule_at(&warm, &sgd, t).momentum == sgd.momentum);
    }
    for (uint64_t t = 0; t < 20; t++) assert_true(rate(&warm, 5 + t) == rate(&plain, t));
  }
}

/* PyTorch's defaults. */
static void test_defaults(void **state) {
  (void)state;
  const quern_optimizer adamw = quern_optimizer_of(QUERN_OPTIMIZER_ADAMW, 1e-3),
                        rmsprop = quern_optimizer_of(QUERN_OPTIMIZER_RMSPROP, 1e-2),
                        adam = quern_optimizer_of(QUERN_OPTIMIZER_ADAM, 1e-3);
  assert_true(adam.beta1 == 0.9 && adam.beta2 == 0.999 && adam.epsilon == 1e-8 &&
              adam.weight_decay == 0.0);
  assert_true(adamw.weight_decay == 0.01 && adamw.decay_bias);
  assert_true(rmsprop.alpha == 0.99 && rmsprop.momentum == 0.0 && rmsprop.epsilon == 1e-8);
  assert_true(!quern_optimizer_keeps_momentum(&rmsprop) && quern_optimizer_keeps_square(&rmsprop));
  for (quern_optimizer_kind kind = QUERN_OPTIMIZER_SGD; kind <= QUERN_OPTIMIZER_RMSPROP; kind++) {
    quern_optimizer_kind found = QUERN_OPTIMIZER_SGD;
    const quern_optimizer optimizer = quern_optimizer_of(kind, 0.1);
    assert_true(quern_optimizer_find(quern_optimizer_name(kind), &found) && found == kind);
    assert_ok(quern_optimizer_check(&optimizer));
  }
  for (quern_schedule_kind kind = QUERN_SCHEDULE_CONSTANT; kind <= QUERN_SCHEDULE_ONE_CYCLE;
       kind++) {
    quern_schedule_kind found = QUERN_SCHEDULE_CONSTANT;
    const quern_schedule schedule = quern_schedule_of(kind);
    assert_true(quern_schedule_find(quern_schedule_name(kind), &found) && found == kind);
    assert_ok(quern_schedule_check(&schedule));
  }
  quern_optimizer_kind kind = QUERN_OPTIMIZER_ADAM;
  quern_schedule_kind schedule = QUERN_SCHEDULE_STEP;
  assert_false(quern_optimizer_find("adamax", &kind) || quern_schedule_find(NULL, &schedule));
  assert_true(kind == QUERN_OPTIMIZER_ADAM && schedule == QUERN_SCHEDULE_STEP);
  assert_null(quern_optimizer_name((quern_optimizer_kind)99));
  assert_null(quern_schedule_name((quern_schedule_kind)99));
}

static void test_refusals(void **state) {
  (void)state;
  static const struct {
    quern_optimizer optimizer;
    const char *field, *value;
  } optimizers[] = {
      {{QUERN_OPTIMIZER_SGD, true, NAN, 0, 0, 0, 0, 0, 0}, "learning rate", "nan"},
      {{QUERN_OPTIMIZER_SGD, true, -1, 0, 0, 0, 0, 0, 0}, "learning rate", "-1"},
      {{QUERN_OPTIMIZER_ADAMW, true, 1, INFINITY, 0, 0, 0, 0, 0}, "weight decay", "inf"},
      {{QUERN_OPTIMIZER_NESTEROV, true, 1, 0, -0.5, 0, 0, 0, 0}, "momentum", "-0.5"},
      {{QUERN_OPTIMIZER_ADAM, true, 1, 0, 0, 1, 0.9, 0, 0}, "beta1", "1,"},
      {{QUERN_OPTIMIZER_ADAM, true, 1, 0, 0, 0.9, 1.5, 0, 0}, "beta2", "1.5"},
      {{QUERN_OPTIMIZER_ADAM, true, 1, 0, 0, 0.9, 0.9, 0, -1}, "epsilon", "-1"},
      {{QUERN_OPTIMIZER_RMSPROP, true, 1, 0, 0, 0, 0, 1.1, 0}, "alpha", "1.1"},
      {{(quern_optimizer_kind)17, true, 1, 0, 0, 0, 0, 0, 0}, "17", "unknown kind"}};
  for (size_t i = 0; i < sizeof optimizers / sizeof *optimizers; i++)
    assert_fails(quern_optimizer_check(&optimizers[i].optimizer), QUERN_ERROR_ARGUMENT,
                 optimizers[i].field, optimizers[i].value);
  assert_fails(quern_optimizer_check(NULL), QUERN_ERROR_ARGUMENT, "NULL");

  quern_schedule schedule = quern_schedule_of(QUERN_SCHEDULE_STEP);
  schedule.gamma = -0.1;
  assert_fails(quern_schedule_check(&schedule), QUERN_ERROR_ARGUMENT, "gamma", "-0.1");
  schedule = quern_schedule_of(QUERN_SCHEDULE_COSINE);
  schedule.minimum = NAN;
  assert_fails(quern_schedule_check(&schedule), QUERN_ERROR_ARGUMENT, "minimum", "nan");
  schedule = quern_schedule_of(QUERN_SCHEDULE_ONE_CYCLE);
  schedule.peak = 1.5;
  assert_fails(quern_schedule_check(&schedule), QUERN_ERROR_ARGUMENT, "peak", "1.5");
  schedule = quern_schedule_of(QUERN_SCHEDULE_ONE_CYCLE);
  schedule.end = 0;
  assert_fails(quern_schedule_check(&schedule), QUERN_ERROR_ARGUMENT, "end", "above 0");
  schedule = quern_schedule_of(QUERN_SCHEDULE_ONE_CYCLE);
  schedule.most_momentum = 1;
  assert_fails(quern_schedule_check(&schedule), QUERN_ERROR_ARGUMENT, "most momentum",
               "less than 1");
  schedule = quern_schedule_of(QUERN_SCHEDULE_CONSTANT);
  schedule.warmup = 3;
  schedule.warmup_factor = 2;
  assert_fails(quern_schedule_check(&schedule), QUERN_ERROR_ARGUMENT, "warm-up factor", "0 to 1");
  schedule = quern_schedule_of((quern_schedule_kind)9);
  assert_fails(quern_schedule_check(&schedule), QUERN_ERROR_ARGUMENT, "9", "unknown kind");
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_constant), QUERN_TEST(test_step),
                                     QUERN_TEST(test_cosine),   QUERN_TEST(test_one_cycle),
                                     QUERN_TEST(test_warmup),   QUERN_TEST(test_defaults),
                                     QUERN_TEST(test_refusals)};
  return cmocka_run_group_tests_name("train/schedule", tests, NULL, NULL);
}
