/* Checks the files that a training writes, before anything is read. */
#ifndef QUERN_CLI_TRAIN_TRAINING_FILES_H
#define QUERN_CLI_TRAIN_TRAINING_FILES_H

#include "settings.h"

/* Fails if a target cannot be written, would overwrite an input, or is also that of another option.
 * A checkpoint may replace the one that is resumed. */
cli_exit cli_training_check_files(const train_settings *settings);

#endif
