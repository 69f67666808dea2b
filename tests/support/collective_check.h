/* What every engine's collective must do, called on each rank of at most 4; QUERN_ERROR_DATA where
 * it does another thing. */
#ifndef QUERN_TESTS_COLLECTIVE_CHECK_H
#define QUERN_TESTS_COLLECTIVE_CHECK_H

#include <quern/collective.h>

/* Three reductions under way at once, of sizes that ranks do not divide, whose sums depend on their
 * order: the exact ones, rounded once. */
quern_status test_collective_reduces(const quern_collective *c);

/* The same in memory of the engine's own, and found out to be over before it is waited for; where
 * the table has neither, nothing is checked. */
quern_status test_collective_memory(const quern_collective *c);

/* All-gathers, broadcasts from every rank, and barriers, many times. */
quern_status test_collective_exchanges(const quern_collective *c);

#endif
