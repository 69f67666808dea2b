/* Suggestions for misspelled words. */
#ifndef QUERN_CLI_TEXT_NEAREST_H
#define QUERN_CLI_TEXT_NEAREST_H

#include <stddef.h>

/* A search for the word nearest to an unknown one. Candidates must live as long as the search.
 * Start with cli_nearest_to. */
typedef struct cli_nearest {
  const char *word;
  /* the nearest so far; NULL if none is near enough */
  const char *found;
  size_t distance; /* the largest that is near enough */
} cli_nearest;

cli_nearest cli_nearest_to(const char *word);
void cli_nearest_offer(cli_nearest *nearest, const char *candidate);

/* Returns the least number of letters to insert, delete, replace or swap with their neighbor that
 * turns one word into the other, no letter touched twice (the "optimal string alignment" distance;
 * L. Boytsov, "Indexing methods for approximate dictionary searching", 2011). Case is ignored.
 * SIZE_MAX if memory is out. */
size_t cli_edit_distance(const char *a, const char *b);

/* Returns ` (did you mean "--epochs"?)`, with `before` in front of the word; "" if none is near. */
typedef struct cli_hint {
  char text[256];
} cli_hint;
cli_hint cli_nearest_hint(const cli_nearest *nearest, const char *before);

/* The same for a list that ends with NULL. */
cli_hint cli_hint_of(const char *word, const char *const *candidates);

#endif
