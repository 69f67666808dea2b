/* The version of these headers and of the loaded library. */
#ifndef QUERN_VERSION_H
#define QUERN_VERSION_H

#include <quern/export.h>

#ifdef __cplusplus
extern "C" {
#endif

#define QUERN_VERSION_MAJOR 0
#define QUERN_VERSION_MINOR 1
#define QUERN_VERSION_PATCH 0
#define QUERN_VERSION       "0.1.0"

/* Returns QUERN_VERSION of the library in use. Static. */
QUERN_API const char *quern_version(void);

#ifdef __cplusplus
}
#endif
#endif
