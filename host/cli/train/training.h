/* One training run, from opening the data to the last line. */
#ifndef QUERN_CLI_TRAIN_TRAINING_H
#define QUERN_CLI_TRAIN_TRAINING_H

#include "settings.h"

cli_exit cli_run_training(const train_settings *settings);

#endif
