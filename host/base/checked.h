/* What is not to be dropped. A quern_status never is: see QUERN_CHECK_STATUS in quern/status.h. */
#ifndef QUERN_HOST_BASE_CHECKED_H
#define QUERN_HOST_BASE_CHECKED_H

/* Of a function that says in another way whether it failed. */
#if defined(__GNUC__)
#define QUERN__CHECKED __attribute__((warn_unused_result))
#else
#define QUERN__CHECKED
#endif

#endif
