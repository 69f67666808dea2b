/* Names with a parameter behind a colon. */
#include "named.h"

#include "../base/names.h"
#include "../base/text.h"
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

size_t quern__named_format(const char *name, bool takes, float parameter, float usual, char *result,
                           size_t size) {
  const bool reported = name != NULL && takes && parameter != usual;
  const int length = snprintf(result, size, "%s%s%s", name != NULL ? name : "", reported ? ":" : "",
                              reported ? quern__digits_of_float(parameter).text : "");
  return (size_t)length;
}

bool quern__named_parameter(const char *text, float *parameter) {
  locale_t numbers;
  char *end;
  if (*text < '0' || *text > '9' || quern__c_locale(&numbers) != QUERN_OK) return false;
  const float value = strtof_l(text, &end, numbers);
  freelocale(numbers);
  if (*end != '\0' || !isfinite(value)) return false;
  *parameter = value;
  return true;
}

bool quern__named_find(const char *const *names, size_t count, const char *text, size_t *index,
                       const char **parameter) {
  const char *colon = text != NULL ? strchr(text, ':') : NULL;
  *parameter = colon != NULL ? colon + 1 : NULL;
  if (colon == NULL) return quern__name_find(names, count, text, index);
  for (size_t i = 0; i < count; i++) {
    if (strlen(names[i]) != (size_t)(colon - text) ||
        strncmp(names[i], text, (size_t)(colon - text)) != 0)
      continue;
    *index = i;
    return true;
  }
  return false;
}
