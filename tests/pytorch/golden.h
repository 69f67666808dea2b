/* PyTorch's numbers, in a JSON file that a script of this folder made. */
#ifndef QUERN_TESTS_PYTORCH_GOLDEN_H
#define QUERN_TESTS_PYTORCH_GOLDEN_H

#include "test.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

static cJSON *golden;

/* Reads a text file, which the caller frees; NULL if it cannot be read. */
static inline char *read_text(const char *path) {
  FILE *file = fopen(path, "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) return NULL;
  const size_t size = (size_t)ftell(file);
  char *text = calloc(size + 1, 1);
  rewind(file);
  if (text != NULL && fread(text, 1, size, file) != size) text[0] = '\0';
  fclose(file);
  return text;
}

static inline int read_golden(const char *path) {
  char *text = read_text(path);
  if (text != NULL) golden = cJSON_Parse(text);
  free(text);
  return golden != NULL ? 0 : -1;
}

static inline int free_golden(void **state) {
  (void)state;
  cJSON_Delete(golden);
  return 0;
}

static inline const cJSON *member(const cJSON *object, const char *name) {
  const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
  if (found == NULL) fail_msg("the numbers have no \"%s\"", name);
  return found;
}

#endif
