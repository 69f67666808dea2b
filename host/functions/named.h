/* Names with a parameter behind a colon, such as "leaky-relu:0.2": of activations, losses and
 * normalizations. */
#ifndef QUERN_HOST_FUNCTIONS_NAMED_H
#define QUERN_HOST_FUNCTIONS_NAMED_H

#include <stdbool.h>
#include <stddef.h>

/* Writes "name", or "name:parameter" if it takes one that is not `usual`. Like snprintf. A name of
 * NULL gives "". */
size_t quern__named_format(const char *name, bool takes, float parameter, float usual, char *result,
                           size_t size);

/* Finds the name before the colon, and where the parameter begins: NULL if there is no colon. */
bool quern__named_find(const char *const *names, size_t count, const char *text, size_t *index,
                       const char **parameter);

/* Reads what is behind the colon: a finite number in the C locale that begins with a digit. */
bool quern__named_parameter(const char *text, float *parameter);

#endif
