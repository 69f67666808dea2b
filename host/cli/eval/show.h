/* Images in the terminal. */
#ifndef QUERN_CLI_EVAL_SHOW_H
#define QUERN_CLI_EVAL_SHOW_H

#include "../data/names.h"

#include <quern/quern.h>
#include <stdio.h>

/* Draws the first `count` images of `data` (all, where it has fewer), with `pixels` being the same
 * data unprepared, side by side as far as the terminal is wide, each over what the network says it
 * is and what it is. A color terminal gets half blocks in shades of gray, anything else plain
 * characters. Without names, classes go by their numbers. */
cli_exit cli_show(FILE *out, quern_context *context, const quern_network *network,
                  const quern_dataset *data, const quern_dataset *pixels, size_t count,
                  const cli_names *names);

#endif
