/* One round of the soak: everything that a program makes of quern, made, used and dropped. */
#ifndef QUERN_TESTS_SOAK_ROUND_H
#define QUERN_TESTS_SOAK_ROUND_H

#include <quern/quern.h>
#include <stddef.h>

/* How many rounds differ from each other; then they come again. */
enum { SOAK_KINDS = 24 };

/* Round number `round` on `device` (see quern_context_create), with files in `folder`. A failure is
 * told by quern_last_error, and what it was doing by *what. */
quern_status soak_round(const char *device, const char *folder, size_t round, const char **what);

#endif
