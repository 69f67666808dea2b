/* Numbers texts by a list and a search tree. */
#include "words.h"

#include "../base/error.h"
#include "../base/size.h"
#include <search.h>
#include <stdlib.h>
#include <string.h>

/* A node of the tree. */
typedef struct word {
  size_t number;
  char text[];
} word;

static word *word_of(char *item) {
  return (word *)(void *)(item - offsetof(word, text));
}

static int compare_words(const void *a, const void *b) {
  return strcmp(((const word *)a)->text, ((const word *)b)->text);
}

static quern_status make_word(const char *text, size_t length, word **result) {
  *result = malloc(sizeof **result + length + 1);
  if (*result == NULL) return quern__fail_memory("a text", length);
  memcpy((*result)->text, text, length);
  (*result)->text[length] = '\0';
  return QUERN_OK;
}

static quern_status reserve_item(quern__words *words) {
  if (words->count < words->capacity) return QUERN_OK;
  const size_t capacity = words->capacity == 0 ? 16 : words->capacity * 2;
  size_t bytes;
  if (!quern__multiply(capacity, sizeof *words->items, &bytes))
    return quern__fail_memory("a list of texts", SIZE_MAX);
  char **grown = realloc(words->items, bytes);
  if (grown == NULL) return quern__fail_memory("a list of texts", bytes);
  words->items = grown;
  words->capacity = capacity;
  return QUERN_OK;
}

quern_status quern__words_number(quern__words *words, const char *text, size_t length,
                                 size_t *number) {
  word *result;
  QUERN__FORWARD(reserve_item(words));
  QUERN__FORWARD(make_word(text, length, &result));
  result->number = words->count;
  word *const *node = tsearch(result, &words->tree, compare_words);
  if (node == NULL) {
    free(result);
    return quern__fail_memory("a text", length);
  }
  *number = (*node)->number;
  if (*node == result)
    words->items[words->count++] = result->text;
  else
    free(result);
  return QUERN_OK;
}

static int compare_items(const void *a, const void *b) {
  return strcmp(*(char *const *)a, *(char *const *)b);
}

quern_status quern__words_sort(quern__words *words, size_t **new_numbers) {
  /* No overflow, since the items fit in memory. */
  *new_numbers = malloc((words->count + 1) * sizeof **new_numbers);
  if (*new_numbers == NULL)
    return quern__fail_memory("a list of texts", words->count * sizeof **new_numbers);
  if (words->count > 0) qsort(words->items, words->count, sizeof *words->items, compare_items);
  for (size_t i = 0; i < words->count; i++) (*new_numbers)[word_of(words->items[i])->number] = i;
  return QUERN_OK;
}

size_t quern__words_find(char *const *sorted, size_t count, const char *text, size_t length) {
  size_t low = 0, high = count;
  while (low < high) {
    const size_t middle = low + (high - low) / 2;
    int order = strncmp(sorted[middle], text, length);
    if (order == 0 && sorted[middle][length] != '\0') order = 1;
    if (order == 0) return middle;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return count;
}

void quern__words_free(quern__words *words) {
  for (size_t i = 0; i < words->count; i++) {
    word *item = word_of(words->items[i]);
    tdelete(item, &words->tree, compare_words);
    free(item);
  }
  free(words->items);
  *words = (quern__words){NULL, 0, 0, NULL};
}
