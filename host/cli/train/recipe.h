/* The optimizer, schedule and batch size of `quern train`, from its options. */
#ifndef QUERN_CLI_TRAIN_RECIPE_H
#define QUERN_CLI_TRAIN_RECIPE_H

#include "settings.h"
#include <quern/optimizer.h>

/* Refuses options that the chosen optimizer, schedule or network does not read. */
cli_exit cli_recipe_check(const cli_command *command, const train_settings *settings);

quern_optimizer cli_recipe_optimizer(const train_settings *settings);

/* For epochs of `steps_per_epoch` steps. quern_train_options_resolve sets what the options leave
 * open. */
quern_schedule cli_recipe_schedule(const train_settings *settings, size_t steps_per_epoch);

#endif
