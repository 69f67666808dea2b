/* A clock. */
#ifndef QUERN_CLI_BASE_CLOCK_H
#define QUERN_CLI_BASE_CLOCK_H

/* Seconds of a clock that never goes back. */
double cli_seconds(void);

#endif
