/* What someone may have meant. */
#ifndef QUERN_CLI_TEXT_NEAREST_H
#define QUERN_CLI_TEXT_NEAREST_H

#include <stddef.h>

/* A search for the word nearest to one that was not understood. Candidates are offered one after
 * the other and must live as long as the search. Start with cli_nearest_to. */
typedef struct cli_nearest {
  const char *word;
  /* the nearest so far, where one is near enough to have been meant; else NULL */
  const char *found;
  size_t distance; /* what is more than this is not near enough */
} cli_nearest;

cli_nearest cli_nearest_to(const char *word);
void cli_nearest_offer(cli_nearest *nearest, const char *candidate);

/* The least number of letters put in, left out, replaced or swapped with their neighbor that makes
 * one word of the other, no letter touched twice (the "optimal string alignment" distance; L.
 * Boytsov, "Indexing methods for approximate dictionary searching", 2011). Upper and lower case are
 * the same. SIZE_MAX where memory is out. */
size_t cli_edit_distance(const char *a, const char *b);

/* ` (did you mean "--epochs"?)`, with `before` in front of the word; "" where nothing is near. */
typedef struct cli_hint {
  char text[256];
} cli_hint;
cli_hint cli_nearest_hint(const cli_nearest *nearest, const char *before);

/* The same for one of a list that ends with NULL. */
cli_hint cli_hint_of(const char *word, const char *const *candidates);

#endif
