/* The contract of every engine's collective, called on each of at most 4 ranks; QUERN_ERROR_DATA if
 * it is broken. */
#ifndef QUERN_TESTS_COLLECTIVE_CHECK_H
#define QUERN_TESTS_COLLECTIVE_CHECK_H

#include <quern/collective.h>

/* Three reductions at once, of lengths that ranks do not divide, whose sums depend on the order:
 * they must be exact, rounded once. */
quern_status test_collective_reduces(const quern_collective *c);

/* The same in the engine's own memory, and complete before they are waited for; if the table has
 * neither, nothing is checked. */
quern_status test_collective_memory(const quern_collective *c);

/* All-gathers, broadcasts from every rank, and barriers, many times. */
quern_status test_collective_exchanges(const quern_collective *c);

#endif
