#include "nearest.h"

#include <ctype.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static size_t least(size_t a, size_t b) {
  return a < b ? a : b;
}

static int lower(const char *text, size_t position) {
  return tolower((unsigned char)text[position]);
}

size_t cli_edit_distance(const char *a, const char *b) {
  const size_t rows = strlen(a), columns = strlen(b);
  /* Three rows of the table of distances between the first i letters of a and the first j of b. */
  size_t *table = calloc(columns + 1, 3 * sizeof *table);
  if (table == NULL) return SIZE_MAX;
  size_t *before = table, *above = table + columns + 1, *here = table + 2 * (columns + 1);
  for (size_t j = 0; j <= columns; j++) here[j] = j;
  for (size_t i = 1; i <= rows; i++) {
    size_t *next = before;
    before = above;
    above = here;
    here = next;
    here[0] = i;
    for (size_t j = 1; j <= columns; j++) {
      const bool same = lower(a, i - 1) == lower(b, j - 1);
      here[j] = least(least(above[j], here[j - 1]) + 1, above[j - 1] + (same ? 0 : 1));
      if (i > 1 && j > 1 && lower(a, i - 1) == lower(b, j - 2) &&
          lower(a, i - 2) == lower(b, j - 1))
        here[j] = least(here[j], before[j - 2] + 1);
    }
  }
  const size_t distance = here[columns];
  free(table);
  return distance;
}

cli_nearest cli_nearest_to(const char *word) {
  /* One letter of a short word may be wrong, a third of a long one. A word longer than any name is
   * not a slip. */
  enum { SHORT = 4, LONGEST = 64 };
  const size_t length = strlen(word), third = length < 6 ? 2 : length / 3;
  return (cli_nearest){word, NULL, length < 2 || length > LONGEST ? 0 : length < SHORT ? 1 : third};
}

void cli_nearest_offer(cli_nearest *nearest, const char *candidate) {
  const size_t distance =
      nearest->distance > 0 ? cli_edit_distance(nearest->word, candidate) : SIZE_MAX;
  if (distance > nearest->distance || (nearest->found != NULL && distance == nearest->distance))
    return;
  nearest->found = candidate;
  nearest->distance = distance;
}

cli_hint cli_nearest_hint(const cli_nearest *nearest, const char *before) {
  cli_hint hint = {""};
  if (nearest->found != NULL)
    snprintf(hint.text, sizeof hint.text, " (did you mean \"%s%s\"?)", before, nearest->found);
  return hint;
}

cli_hint cli_hint_of(const char *word, const char *const *candidates) {
  cli_nearest nearest = cli_nearest_to(word);
  for (; *candidates != NULL; candidates++) cli_nearest_offer(&nearest, *candidates);
  return cli_nearest_hint(&nearest, "");
}
