#include "digits.h"

#include <errno.h>
#include <stdlib.h>

bool cli_parse_whole(const char *text, uint64_t most, uint64_t *value, const char **end) {
  if (*text < '0' || *text > '9') return false;
  char *after;
  errno = 0;
  const unsigned long long number = strtoull(text, &after, 10);
  *end = after;
  *value = number;
  return errno == 0 && number <= most;
}
