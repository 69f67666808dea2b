/* Training options that the numbers of tests rely on, whatever the library's defaults are. */
#ifndef QUERN_TESTS_SUPPORT_PLAIN_OPTIONS_H
#define QUERN_TESTS_SUPPORT_PLAIN_OPTIONS_H

#include <quern/train.h>

/* 10 epochs of batches of 32, SGD with a constant rate of 0.1, seed 0. */
static inline quern_train_options plain_train_options(void) {
  quern_train_options options = quern_train_options_default();
  options.epochs = 10;
  options.batch = 32;
  options.seed = 0;
  options.optimizer = quern_optimizer_of(QUERN_OPTIMIZER_SGD, 0.1);
  options.schedule = quern_schedule_of(QUERN_SCHEDULE_CONSTANT);
  return options;
}

#endif
