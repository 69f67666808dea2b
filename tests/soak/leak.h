/* Deliberate leaks, to check that the soak detects them. */
#ifndef QUERN_TESTS_SOAK_LEAK_H
#define QUERN_TESTS_SOAK_LEAK_H

#include <stdbool.h>

/* Leaks one of "heap" (a kilobyte), "resident" (a page outside malloc), "descriptor", "thread" or
 * "object" (an OpenCL buffer and its context). False for any other word, and if it fails. */
bool soak_leak(const char *what);

#endif
