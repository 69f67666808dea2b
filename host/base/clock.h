#ifndef QUERN_HOST_BASE_CLOCK_H
#define QUERN_HOST_BASE_CLOCK_H

/* Returns the seconds of a monotonic clock. */
double quern__seconds(void);

#endif
