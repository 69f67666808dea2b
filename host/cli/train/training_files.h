/* The files that a training writes, tried before anything is read or trained. */
#ifndef QUERN_CLI_TRAIN_TRAINING_FILES_H
#define QUERN_CLI_TRAIN_TRAINING_FILES_H

#include "settings.h"

/* Fails with a line where a target cannot be written, would overwrite what the training reads, or
 * is that of another option too. A checkpoint may take the place of the one that is resumed. */
cli_exit cli_training_check_files(const train_settings *settings);

#endif
