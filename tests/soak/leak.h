/* Leaks on purpose, to see that the soak finds them. */
#ifndef QUERN_TESTS_SOAK_LEAK_H
#define QUERN_TESTS_SOAK_LEAK_H

#include <stdbool.h>

/* Leaves one behind: "heap" (a kilobyte), "resident" (a page that malloc does not know of),
 * "descriptor", "thread" or "object" (an OpenCL buffer and what it hangs on). False for any other
 * word, or where it could not. */
bool soak_leak(const char *what);

#endif
