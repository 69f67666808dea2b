/* Schedules: names, checks, and the optimizer's settings at a step. */
#include "../base/error.h"
#include "../base/names.h"

#include <math.h>
#include <quern/optimizer.h>

static const char *const schedule_names[] = {
#define NAME(name, text) text,
    QUERN_SCHEDULES(NAME)
#undef NAME
};

const char *quern_schedule_name(quern_schedule_kind kind) {
  return quern__name_of(schedule_names, QUERN__COUNT(schedule_names), (size_t)kind);
}

bool quern_schedule_find(const char *name, quern_schedule_kind *kind) {
  size_t index;
  if (!quern__name_find(schedule_names, QUERN__COUNT(schedule_names), name, &index)) return false;
  *kind = (quern_schedule_kind)index;
  return true;
}

quern_schedule quern_schedule_of(quern_schedule_kind kind) {
  return (quern_schedule){.kind = kind,
                          .warmup_factor = 1.0 / 3.0,
                          .gamma = 0.1,
                          .peak = 0.3,
                          .start = 25.0,
                          .end = 1e4,
                          .most_momentum = 0.95,
                          .least_momentum = 0.85};
}

quern_schedule quern_schedule_default(void) {
  return quern_schedule_of(QUERN_SCHEDULE_ONE_CYCLE);
}

static quern_status check_schedule(const char *field, double value, bool good,
                                   const char *expected) {
  if (good) return QUERN_OK;
  return quern__fail(QUERN_ERROR_ARGUMENT, "schedule: a %s of %g, expected %s", field, value,
                     expected);
}

static bool is_real(double value) {
  return isfinite(value) && value >= 0.0;
}

quern_status quern_schedule_check(const quern_schedule *schedule) {
  if (schedule == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "schedule: it is NULL");
  const char *const real = "a finite number, not negative", *const share = "0 to 1";
  const double warmup = schedule->warmup_factor, peak = schedule->peak;
  if (schedule->warmup > 0)
    QUERN__FORWARD(
        check_schedule("warm-up factor", warmup, is_real(warmup) && warmup <= 1.0, share));
  switch (schedule->kind) {
  case QUERN_SCHEDULE_CONSTANT:
    return QUERN_OK;
  case QUERN_SCHEDULE_STEP:
    return check_schedule("gamma", schedule->gamma, is_real(schedule->gamma), real);
  case QUERN_SCHEDULE_COSINE:
    return check_schedule("minimum", schedule->minimum, is_real(schedule->minimum), real);
  case QUERN_SCHEDULE_ONE_CYCLE: {
    const double most = schedule->most_momentum, least = schedule->least_momentum;
    QUERN__FORWARD(check_schedule("peak", peak, is_real(peak) && peak <= 1.0, share));
    QUERN__FORWARD(check_schedule("start", schedule->start,
                                  is_real(schedule->start) && schedule->start > 0.0,
                                  "a finite number above 0"));
    QUERN__FORWARD(check_schedule("end", schedule->end,
                                  is_real(schedule->end) && schedule->end > 0.0,
                                  "a finite number above 0"));
    QUERN__FORWARD(check_schedule("most momentum", most, is_real(most) && most < 1.0,
                                  "0 or more and less than 1"));
    return check_schedule("least momentum", least, is_real(least) && least < 1.0,
                          "0 or more and less than 1");
  }
  }
  return quern__fail(QUERN_ERROR_ARGUMENT, "schedule: unknown kind %d", (int)schedule->kind);
}

#define PI 3.14159265358979323846

/* Interpolates along half a cosine, from `from` at share 0 to `to` at share 1. */
static double anneal(double from, double to, double share) {
  return to + (from - to) / 2.0 * (1.0 + cos(PI * share));
}

static double smaller(double a, double b) {
  return a < b ? a : b;
}

static void one_cycle(const quern_schedule *schedule, double step, quern_optimizer *optimizer) {
  const double most = optimizer->learning_rate, first = most / schedule->start,
               last = first / schedule->end;
  const double end = (double)schedule->steps - 1.0,
               top = schedule->peak * (double)schedule->steps - 1.0;
  const bool rises = step <= top;
  /* A phase of 0 steps is at its end. */
  const double length = rises ? top : end - top, elapsed = rises ? step : step - top;
  const double share = length > 0.0 ? smaller(elapsed / length, 1.0) : 1.0;
  optimizer->learning_rate = rises ? anneal(first, most, share) : anneal(most, last, share);
  const double momentum = rises ? anneal(schedule->most_momentum, schedule->least_momentum, share)
                                : anneal(schedule->least_momentum, schedule->most_momentum, share);
  if (!quern_optimizer_keeps_momentum(optimizer)) return;
  if (optimizer->kind == QUERN_OPTIMIZER_ADAM || optimizer->kind == QUERN_OPTIMIZER_ADAMW)
    optimizer->beta1 = momentum;
  else
    optimizer->momentum = momentum;
}

quern_optimizer quern_schedule_at(const quern_schedule *schedule, const quern_optimizer *optimizer,
                                  uint64_t step) {
  quern_optimizer current = *optimizer;
  if (step < schedule->warmup) {
    const double from = schedule->warmup_factor;
    current.learning_rate *= from + (1.0 - from) * (double)step / (double)schedule->warmup;
    return current;
  }
  step -= schedule->warmup;
  switch (schedule->kind) {
  case QUERN_SCHEDULE_CONSTANT:
    break;
  case QUERN_SCHEDULE_STEP:
    if (schedule->period > 0)
      current.learning_rate *= pow(schedule->gamma, (double)(step / schedule->period));
    break;
  case QUERN_SCHEDULE_COSINE:
    if (schedule->steps > 0)
      current.learning_rate =
          anneal(current.learning_rate, schedule->minimum, (double)step / (double)schedule->steps);
    break;
  case QUERN_SCHEDULE_ONE_CYCLE:
    one_cycle(schedule, (double)step, &current);
    break;
  }
  return current;
}
