/* Numbers for texts: the categories of a table's column. */
#ifndef QUERN_HOST_DATA_WORDS_H
#define QUERN_HOST_DATA_WORDS_H

#include <quern/status.h>
#include <stddef.h>

typedef struct quern__words {
  char **items; /* in the order of insertion; each points into a node of the tree */
  size_t count, capacity;
  void *tree; /* of <search.h> */
} quern__words;

/* Returns the number of a text of `length` bytes, none of them 0. Adds the text if it is new. */
quern_status quern__words_number(quern__words *words, const char *text, size_t length,
                                 size_t *number);

/* Sorts the items by bytes. (*new_numbers)[n] is the new number of text n; the caller frees the
 * list. No text can be added afterward. */
quern_status quern__words_sort(quern__words *words, size_t **new_numbers);

/* Returns the index of a text in a sorted list; `count` if it is not there. */
size_t quern__words_find(char *const *sorted, size_t count, const char *text, size_t length);

void quern__words_free(quern__words *words);

#endif
