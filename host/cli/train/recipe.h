/* How `quern train` learns: what its options make of an optimizer and a schedule. */
#ifndef QUERN_CLI_TRAIN_RECIPE_H
#define QUERN_CLI_TRAIN_RECIPE_H

#include "settings.h"
#include <quern/optimizer.h>

/* Refuses a number that the chosen optimizer or schedule does not read. */
cli_exit cli_recipe_check(const cli_command *command, const train_settings *settings);

quern_optimizer cli_recipe_optimizer(const train_settings *settings);

/* For epochs of so many steps. What the options leave open is left to
 * quern_train_options_resolve. */
quern_schedule cli_recipe_schedule(const train_settings *settings, size_t steps_an_epoch);

#endif
