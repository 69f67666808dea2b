/* Compiler warnings for ignored results. A quern_status is never ignored: see QUERN_CHECK_STATUS in
 * quern/status.h. */
#ifndef QUERN_HOST_BASE_CHECKED_H
#define QUERN_HOST_BASE_CHECKED_H

/* For functions that report failure by something other than a quern_status. */
#if defined(__GNUC__)
#define QUERN__CHECKED __attribute__((warn_unused_result))
#else
#define QUERN__CHECKED
#endif

#endif
