/* Tables of names, indexed from 0. */
#ifndef QUERN_HOST_BASE_NAMES_H
#define QUERN_HOST_BASE_NAMES_H

#include "checked.h"
#include <stdbool.h>
#include <stddef.h>

#define QUERN__COUNT(array) (sizeof(array) / sizeof *(array))

/* Returns NULL for an index past the end. */
const char *quern__name_of(const char *const *names, size_t count, size_t index);

/* Finds a name's index; false if the name is NULL or unknown. */
QUERN__CHECKED bool quern__name_find(const char *const *names, size_t count, const char *name,
                                     size_t *index);

#endif
