/* The ranks of a launcher: mpirun starts the command several times, and `quern train` trains one
 * network on all of them. Without a launcher there is one rank, and every call here does nothing.
 */
#ifndef QUERN_CLI_PARALLEL_RANKS_H
#define QUERN_CLI_PARALLEL_RANKS_H

#include "../base/fail.h"

#include <quern/collective.h>
#include <quern/context.h>
#include <stdio.h>

/* Joins the ranks before a command runs; returns whether it runs on this rank. A command that knows
 * no ranks (`joins` is false) runs on rank 0 only, and *result is the others' exit code. On failure
 * *result is its exit code. From then on only rank 0 has a stdout, and failures of other ranks are
 * held back until cli_ranks_agree. */
bool cli_ranks_begin(bool joins, cli_exit *result);

/* Creates the collective, in which a rank that waits longer than `timeout` seconds for another
 * fails; 0: it waits forever. All ranks call it. */
cli_exit cli_ranks_connect(double timeout);

/* Returns the collective for quern_train_options; NULL for one rank. */
const quern_collective *cli_ranks_collective(void);

/* True if there is a launcher, even of one rank. */
bool cli_ranks_are_launched(void);

size_t cli_ranks_count(void);

/* This rank's number on its host. */
size_t cli_ranks_local(void);

/* True if this is rank 0, which alone prints, logs and saves. */
bool cli_ranks_is_first(void);

/* Returns the common result: that of the first rank that failed, whose line is printed. All ranks
 * call it. */
cli_exit cli_ranks_agree(cli_exit result);

/* Returns the largest number of all ranks; `mine` if they no longer answer. */
int cli_ranks_most(int mine);

/* Opens the device of a rank: the ranks of a host take the devices of `text`, or the best ones if
 * it names none, in turn. Prints which each has. Fails if two have the same device or, for CPU
 * devices, the same cores, unless `shares`. All ranks call it. */
cli_exit cli_ranks_open_device(const char *text, bool shares, FILE *out, quern_context **context);

/* Leaves the ranks; ends all of them if they no longer answer. */
cli_exit cli_ranks_end(cli_exit result);

#endif
