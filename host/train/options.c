/* Options of training, read and checked. */
#include "../error.h"
#include "trainer.h"
#include <math.h>
#include <string.h>

static quern_status check_real(const char *name, float value) {
  if (isfinite(value) && value >= 0.0f) return QUERN_OK;
  return quern__fail(QUERN_ERROR_ARGUMENT, "train: a %s of %g, expected a finite number, not negative", name,
                     (double)value);
}

quern_status quern__train_options_read(const quern_train_options *given, quern_train_options *options) {
  *options = (quern_train_options)QUERN_TRAIN_OPTIONS_INIT;
  if (given != NULL) {
    if (given->size < sizeof given->size || given->size > sizeof *options)
      return quern__fail(
          QUERN_ERROR_ARGUMENT,
          "train: options of %zu bytes, expected at most %zu: start from QUERN_TRAIN_OPTIONS_INIT",
          given->size, sizeof *options);
    memcpy(options, given, given->size);
  }
  if (options->epochs == 0) return quern__fail(QUERN_ERROR_ARGUMENT, "train: 0 epochs, expected at least 1");
  if (options->batch == 0)
    return quern__fail(QUERN_ERROR_ARGUMENT, "train: a batch of 0 samples, expected at least 1");
  QUERN__FORWARD(check_real("learning rate", options->sgd.learning_rate));
  QUERN__FORWARD(check_real("weight decay", options->sgd.weight_decay));
  QUERN__FORWARD(check_real("largest norm of the gradients", options->clip_norm));
  if (options->label_smoothing >= 0.0f && options->label_smoothing <= 1.0f) return QUERN_OK;
  return quern__fail(QUERN_ERROR_ARGUMENT, "train: a label smoothing of %g, expected 0 to 1",
                     (double)options->label_smoothing);
}
