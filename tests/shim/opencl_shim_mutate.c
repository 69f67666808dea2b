/* Replaces one text in the source of kernels. */
#include "opencl_shim_mutate.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define SHIM __attribute__((visibility("default")))

static const char *wanted, *instead;
static size_t mutants, most_places;

SHIM void quern_shim_mutate(const char *from, const char *to) {
  wanted = from;
  instead = to;
  mutants = most_places = 0;
}

SHIM size_t quern_shim_mutants(size_t *places) {
  *places = most_places;
  return mutants;
}

static char *join(size_t count, const char **strings, const size_t *lengths) {
  char *text = NULL;
  size_t size = 0;
  FILE *stream = open_memstream(&text, &size);
  if (stream == NULL) return NULL;
  for (size_t i = 0; i < count; i++) {
    const size_t length = lengths != NULL && lengths[i] > 0 ? lengths[i] : strlen(strings[i]);
    fwrite(strings[i], 1, length, stream);
  }
  if (fclose(stream) == 0) return text;
  free(text);
  return NULL;
}

char *quern_shim_mutated(size_t count, const char **strings, const size_t *lengths) {
  if (wanted == NULL) return NULL;
  char *text = join(count, strings, lengths), *changed = NULL;
  if (text == NULL) return NULL;
  char *cursor = strstr(text, wanted);
  size_t places = 0;
  for (const char *next = cursor; next != NULL; next = strstr(next + 1, wanted)) places++;
  if (cursor != NULL) {
    *cursor = '\0';
    if (asprintf(&changed, "%s%s%s", text, instead, cursor + strlen(wanted)) < 0) changed = NULL;
  }
  free(text);
  if (changed == NULL) return NULL;
  mutants++;
  if (places > most_places) most_places = places;
  return changed;
}
