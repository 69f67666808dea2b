/* Names of values that count from 0. */
#ifndef QUERN_HOST_BASE_NAMES_H
#define QUERN_HOST_BASE_NAMES_H

#include "checked.h"
#include <stdbool.h>
#include <stddef.h>

#define QUERN__COUNT(array) (sizeof(array) / sizeof *(array))

/* NULL for an index that is none. */
const char *quern__name_of(const char *const *names, size_t count, size_t index);

/* False for a name that is none, or NULL. */
QUERN__CHECKED bool quern__name_find(const char *const *names, size_t count, const char *name,
                                     size_t *index);

#endif
