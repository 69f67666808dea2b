/* The table of the commands. */
#include "command/cli.h"

const cli_command *const cli_commands[] = {&cli_devices, &cli_train,   &cli_eval,    &cli_predict,
                                           &cli_inspect, &cli_convert, &cli_plot,    &cli_bench,
                                           &cli_tune,    &cli_verify,  &cli_example, NULL};
