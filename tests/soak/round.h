/* One round of the soak: every object of the API, created, used and freed. */
#ifndef QUERN_TESTS_SOAK_ROUND_H
#define QUERN_TESTS_SOAK_ROUND_H

#include <quern/quern.h>
#include <stddef.h>

/* The number of different rounds, which then repeat. */
enum { SOAK_KINDS = 24 };

/* Runs round `round` on `device` (see quern_context_create), with files in `folder`. After a
 * failure, quern_last_error has the error, and *what the activity. */
quern_status soak_round(const char *device, const char *folder, size_t round, const char **what);

#endif
