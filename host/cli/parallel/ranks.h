/* The ranks of a launcher: mpirun starts the command several times, and `quern train` then trains
 * one network on all of them. Where no launcher did, there is one rank, and every call here does
 * nothing. */
#ifndef QUERN_CLI_PARALLEL_RANKS_H
#define QUERN_CLI_PARALLEL_RANKS_H

#include "../base/fail.h"

#include <quern/collective.h>
#include <quern/context.h>
#include <stdio.h>

/* Before the command runs: whether it runs here at all. Of commands that know no ranks (`joins` is
 * false) all but rank 0 have nothing to do, and *result says so; the others join the ranks, or
 * *result is the failure. From then on rank 0 alone has a stdout, and what cli_fail has to say on
 * another rank waits for cli_ranks_agree. */
bool cli_ranks_begin(bool joins, cli_exit *result);

/* Makes the collective, in which a rank that waits so many seconds for another fails; 0: it waits
 * for ever. Every rank's. */
cli_exit cli_ranks_connect(double timeout);

/* What quern_train_options.collective is to be; NULL where there is one rank. */
const quern_collective *cli_ranks_collective(void);

/* Whether there is a launcher, also of one rank. */
bool cli_ranks_are_launched(void);

size_t cli_ranks_count(void);

/* Which rank of this host it is. */
size_t cli_ranks_local(void);

/* Whether this is rank 0, which alone prints, logs and saves. */
bool cli_ranks_is_first(void);

/* The result of all: that of the first rank that failed, whose line is printed; every rank calls.
 */
cli_exit cli_ranks_agree(cli_exit result);

/* The largest of all ranks' numbers; `mine` where they no longer answer. */
int cli_ranks_most(int mine);

/* cli_open_device where there are several ranks: where `text` leaves the device open, the ranks of
 * a host take its best ones in turn, and those of a list, or of "all", likewise. Says which each
 * has, and fails where two have the same device, or, of CPU devices, the same cores, unless
 * `shares`. Every rank's. */
cli_exit cli_ranks_open_device(const char *text, bool shares, FILE *out, quern_context **context);

/* At the end: takes leave of the others; where they no longer answer, ends all of them. */
cli_exit cli_ranks_end(cli_exit result);

#endif
