/* Images drawn in the terminal. */
#ifndef QUERN_CLI_EVAL_SHOW_H
#define QUERN_CLI_EVAL_SHOW_H

#include "../data/names.h"

#include <quern/quern.h>
#include <stdio.h>

/* Draws the first `count` images of `data` (all, if there are fewer) side by side in the width of
 * the terminal, each above its predicted and its true class. `pixels` is the same data unprepared.
 * A color terminal gets half blocks in shades of gray, any other output plain characters. Without
 * names, classes have numbers. */
cli_exit cli_show(FILE *out, quern_context *context, const quern_network *network,
                  const quern_dataset *data, const quern_dataset *pixels, size_t count,
                  const cli_names *names);

#endif
