/* A clock. */
#ifndef QUERN_HOST_BASE_CLOCK_H
#define QUERN_HOST_BASE_CLOCK_H

/* Seconds of a clock that only goes forward. */
double quern__seconds(void);

#endif
