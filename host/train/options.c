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

void quern_train_options_set_default(quern_train_options *options, size_t size) {
  if (options == NULL || size < sizeof options->size) return;
  const quern_train_options initial = {.size = size,
                                       .epochs = 20,
                                       .seed = 1,
                                       .optimizer = quern_optimizer_default(),
                                       .schedule = quern_schedule_default()};
  memset(options, 0, size);
  memcpy(options, &initial, size < sizeof initial ? size : sizeof initial);
}

static quern_status check_size(const quern_train_options *options) {
  if (options->size >= sizeof options->size && options->size <= sizeof *options) return QUERN_OK;
  return quern__fail(QUERN_ERROR_ARGUMENT,
                     "train: options of %zu bytes, expected at most %zu: start from "
                     "quern_train_options_default()",
                     options->size, sizeof *options);
}

/* Small data sets need many steps more than large batches: iris would have two of 64 samples per
 * epoch, and learn little of them. */
static size_t usual_batch(size_t rows) {
  enum { USUAL = 64, LEAST_STEPS = 20 };
  const size_t batch = rows / LEAST_STEPS;
  return batch < 1 ? 1 : batch < USUAL ? batch : USUAL;
}

size_t quern__train_steps_per_epoch(const quern_train_options *options, size_t rows) {
  return quern__divide_up(rows, options->batch);
}

/* At most UINT64_MAX. */
static uint64_t steps_of(const quern_train_options *options, size_t rows, uint64_t epochs) {
  const uint64_t each = quern__train_steps_per_epoch(options, rows);
  return epochs > UINT64_MAX / each ? UINT64_MAX : epochs * each;
}

uint64_t quern__train_all_steps(const quern_train_options *options, size_t rows) {
  return steps_of(options, rows, options->epochs);
}

static void resolve(quern_train_options *options, size_t rows) {
  enum { PERIOD_EPOCHS = 10 };
  quern_schedule *schedule = &options->schedule;
  if (options->batch == 0) options->batch = usual_batch(rows);
  if (schedule->period == 0) schedule->period = steps_of(options, rows, PERIOD_EPOCHS);
  if (schedule->steps > 0) return;
  const uint64_t all = steps_of(options, rows, options->epochs);
  schedule->steps = all > schedule->warmup ? all - schedule->warmup : 1;
}

quern_status quern_train_options_resolve(quern_train_options *options, size_t rows) {
  if (options == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "train options: the pointer is NULL");
  QUERN__FORWARD(check_size(options));
  if (rows == 0)
    return quern__fail(QUERN_ERROR_ARGUMENT, "train options: 0 samples, expected at least 1");
  quern_train_options whole = quern_train_options_default();
  const size_t size = options->size;
  memcpy(&whole, options, size);
  resolve(&whole, rows);
  memcpy(options, &whole, size);
  return QUERN_OK;
}

quern_status quern__train_options_read(const quern_train_options *given, size_t rows,
                                       quern_train_options *options) {
  *options = quern_train_options_default();
  if (given != NULL) {
    QUERN__FORWARD(check_size(given));
    memcpy(options, given, given->size);
  }
  if (options->epochs == 0)
    return quern__fail(QUERN_ERROR_ARGUMENT, "train: 0 epochs, expected at least 1");
  QUERN__FORWARD(quern__collective_check(options->collective));
  if (options->shares != NULL && options->collective == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "train: shares without a collective, expected a collective or no shares");
  if (options->collective != NULL)
    QUERN__FORWARD(quern__shares_check(options->shares, options->collective->ranks));
  QUERN__FORWARD(quern_optimizer_check(&options->optimizer));
  QUERN__FORWARD(quern_schedule_check(&options->schedule));
  QUERN__FORWARD(check_real("largest norm of the gradients", options->clip_norm));
  if (!(options->label_smoothing >= 0.0f && options->label_smoothing <= 1.0f))
    return quern__fail(QUERN_ERROR_ARGUMENT, "train: a label smoothing of %g, expected 0 to 1",
                       (double)options->label_smoothing);
  resolve(options, rows);
  return QUERN_OK;
}

/* Rates are used as floats. The largest rate of a schedule is the optimizer's own, or that of the
 * first or last step. */
quern_status quern__train_check_rates(const quern_train_options *options, size_t rows) {
  const quern_schedule *schedule = &options->schedule;
  const uint64_t all = steps_of(options, rows, options->epochs);
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
