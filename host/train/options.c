/* Reads and checks the options of training. */
#include "../base/error.h"
#include "../base/size.h"
#include "trainer.h"
#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <string.h>

static quern_status check_real(const char *name, float value) {
  if (isfinite(value) && value >= 0.0f) return QUERN_OK;
  return quern__fail(QUERN_ERROR_ARGUMENT,
                     "train: a %s of %g, expected a finite number, not negative", name,
                     (double)value);
}

quern_status quern__train_options_read(const quern_train_options *caller,
                                       quern_train_options *options) {
  *options = quern_train_options_default();
  if (caller != NULL) {
    if (caller->size < sizeof caller->size || caller->size > sizeof *options)
      return quern__fail(QUERN_ERROR_ARGUMENT,
                         "train: options of %zu bytes, expected at most %zu: start from "
                         "quern_train_options_default()",
                         caller->size, sizeof *options);
    memcpy(options, caller, caller->size);
  }
  if (options->epochs == 0)
    return quern__fail(QUERN_ERROR_ARGUMENT, "train: 0 epochs, expected at least 1");
  if (options->batch == 0)
    return quern__fail(QUERN_ERROR_ARGUMENT, "train: a batch of 0 samples, expected at least 1");
  QUERN__FORWARD(quern__collective_check(options->collective));
  if (options->shares != NULL && options->collective == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "train: shares without a collective, expected a collective or no shares");
  if (options->collective != NULL)
    QUERN__FORWARD(quern__shares_check(options->shares, options->collective->ranks));
  QUERN__FORWARD(quern_optimizer_check(&options->optimizer));
  QUERN__FORWARD(quern_schedule_check(&options->schedule));
  QUERN__FORWARD(check_real("largest norm of the gradients", options->clip_norm));
  if (options->label_smoothing >= 0.0f && options->label_smoothing <= 1.0f) return QUERN_OK;
  return quern__fail(QUERN_ERROR_ARGUMENT, "train: a label smoothing of %g, expected 0 to 1",
                     (double)options->label_smoothing);
}

size_t quern__train_steps_per_epoch(const quern_train_options *options, size_t rows) {
  return quern__divide_up(rows, options->batch);
}

/* Rates are used as floats. The largest rate of a schedule is the optimizer's own, or that of the
 * first or last step. */
quern_status quern__train_check_rates(const quern_train_options *options, size_t rows) {
  const quern_schedule *schedule = &options->schedule;
  const uint64_t steps = quern__train_steps_per_epoch(options, rows), epochs = options->epochs;
  const uint64_t all = epochs > UINT64_MAX / steps ? UINT64_MAX : epochs * steps;
  const uint64_t ends[] = {schedule->warmup < all ? schedule->warmup : 0, all - 1};
  for (size_t i = 0; i < 2; i++) {
    const quern_optimizer optimizer = quern_schedule_at(schedule, &options->optimizer, ends[i]);
    if (optimizer.learning_rate <= (double)FLT_MAX) continue;
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "train: the schedule's learning rate is %g in step %" PRIu64 " of %" PRIu64
                       ", expected at most %g",
                       optimizer.learning_rate, ends[i] + 1, all, (double)FLT_MAX);
  }
  return QUERN_OK;
}

void quern__train_schedule(quern_train_options *options, size_t rows) {
  quern_schedule *schedule = &options->schedule;
  if (schedule->steps > 0) return;
  const uint64_t steps = quern__train_steps_per_epoch(options, rows), epochs = options->epochs;
  const uint64_t all = epochs > UINT64_MAX / steps ? UINT64_MAX : epochs * steps;
  schedule->steps = all > schedule->warmup ? all - schedule->warmup : 1;
}
