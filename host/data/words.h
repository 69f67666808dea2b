/* Texts by number: the categories of a column of a table. */
#ifndef QUERN_HOST_DATA_WORDS_H
#define QUERN_HOST_DATA_WORDS_H

#include <quern/status.h>
#include <stddef.h>

typedef struct quern__words {
  char **items; /* in the order in which they came; each lies in a node of the tree */
  size_t count, capacity;
  void *tree; /* of <search.h> */
} quern__words;

/* The number of a text of `length` bytes, none of them 0, which is kept where it is new. */
quern_status quern__words_number(quern__words *words, const char *text, size_t length,
                                 size_t *number);

/* Puts the items into the order of their bytes. (*now)[n] is the number that n has become; the
 * caller frees it. No text can be added after it. */
quern_status quern__words_sort(quern__words *words, size_t **now);

/* The place of a text in a sorted list; `count` where it is not there. */
size_t quern__words_find(char *const *sorted, size_t count, const char *text, size_t length);

void quern__words_free(quern__words *words);

#endif
