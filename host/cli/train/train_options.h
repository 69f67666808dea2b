/* The options of `quern train`, by group. */
#ifndef QUERN_CLI_TRAIN_TRAIN_OPTIONS_H
#define QUERN_CLI_TRAIN_TRAIN_OPTIONS_H

#include "settings.h"

/* Each ends with CLI_OPTION_END. */
extern const cli_option cli_train_data_options[], cli_train_model_options[],
    cli_train_training_options[], cli_train_regularization_options[], cli_train_device_options[],
    cli_train_file_options[], cli_train_output_options[];

#endif
