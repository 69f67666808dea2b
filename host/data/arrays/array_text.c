/* Texts of arrays as classes. */
#include "../../base/error.h"
#include "../../base/size.h"
#include "../../base/utf8.h"
#include "../classes.h"
#include "../words.h"
#include "array.h"
#include <stdlib.h>
#include <string.h>

/* Appends a code point in UTF-8, and returns its bytes; 0 if it is none. */
static size_t encode(uint32_t code, char *to) {
  if (code < 0x80) {
    to[0] = (char)code;
    return 1;
  }
  if (code > 0x10ffff || (code >= 0xd800 && code < 0xe000)) return 0;
  const size_t more = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  static const unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};
  to[0] = (char)(first[more] | code >> 6 * more);
  for (size_t i = 1; i <= more; i++) to[i] = (char)(0x80 | (code >> 6 * (more - i) & 0x3f));
  return more + 1;
}

/* Writes an element in UTF-8 into `text`, of array->bytes bytes and one more. Returns its length,
 * or SIZE_MAX if it is not text. Zeros fill up a shorter text. */
static size_t text_of(const quern__array *array, size_t index, char *text) {
  const unsigned char *bytes = array->data + index * array->bytes;
  size_t length = 0;
  if (array->number == QUERN__LATIN) {
    memcpy(text, bytes, array->bytes);
    length = strnlen(text, array->bytes);
  }
  for (size_t i = 0; array->number == QUERN__UNICODE && i < array->bytes; i += 4) {
    const uint32_t code = (uint32_t)bytes[i] | (uint32_t)bytes[i + 1] << 8 |
                          (uint32_t)bytes[i + 2] << 16 | (uint32_t)bytes[i + 3] << 24;
    if (code == 0) break;
    const size_t added = encode(code, text + length);
    if (added == 0) return SIZE_MAX;
    length += added;
  }
  return quern__is_text(text, length) ? length : SIZE_MAX;
}

static quern_status fail_text(const quern__array *array, size_t index, const char *expected) {
  return quern__fail(QUERN_ERROR_DATA, "%s: row %zu, from 0: expected %s", array->name, index,
                     expected);
}

/* Numbers the texts: by the schema's classes, or as they come. */
static quern_status number_texts(const quern__array *array, const quern__schema_column *known,
                                 quern__words *words, double *labels, char *text) {
  const size_t count = quern__array_count(array);
  for (size_t i = 0; i < count; i++) {
    const size_t length = text_of(array, i, text);
    size_t number;
    if (length == 0 || length == SIZE_MAX) return fail_text(array, i, "the name of a class");
    if (known == NULL) {
      QUERN__FORWARD(quern__words_number(words, text, length, &number));
    } else {
      number = quern__words_find(known->categories, known->category_count, text, length);
      if (number == known->category_count)
        return fail_text(array, i, "one of the classes that the model was trained on");
    }
    labels[i] = (double)number;
  }
  return QUERN_OK;
}

/* Sorts the texts, renumbers the labels, and makes the texts the schema's classes. */
static quern_status list_classes(quern__words *words, double *labels, quern_dataset *result) {
  size_t *new_numbers;
  QUERN__FORWARD(quern__words_sort(words, &new_numbers));
  for (size_t row = 0; row < result->rows; row++)
    labels[row] = (double)new_numbers[(size_t)labels[row]];
  free(new_numbers);
  const quern__schema_column list = {.categories = words->items, .category_count = words->count};
  return quern__schema_set_classes(result->schema, &list, words->count);
}

quern_status quern__array_text_labels(const quern__array *array, quern_dataset *result,
                                      const quern_dataset_options *options) {
  const bool by_schema = options->schema != NULL && options->schema->task == QUERN_TASK_CLASSES;
  const quern__schema_column *known = by_schema ? quern__classes_list(options->schema) : NULL;
  if (by_schema && (known == NULL || known->values != NULL))
    return fail_text(array, 0, quern__classes_expected(options->schema).text);
  quern__words words = {0};
  size_t bytes = 0;
  quern_status status = QUERN_OK;
  double *labels = NULL;
  char *text = malloc(array->bytes + 1);
  if (quern__multiply(result->rows, sizeof *labels, &bytes)) labels = malloc(bytes);
  if (labels == NULL || text == NULL) {
    status = quern__fail_memory(array->name, bytes);
    goto cleanup;
  }
  QUERN__TRY(number_texts(array, known, &words, labels, text));
  if (known == NULL) {
    QUERN__TRY(quern__classes_check_count(result, words.count, options));
    QUERN__TRY(list_classes(&words, labels, result));
  } else {
    QUERN__TRY(quern__schema_set_classes(result->schema, known, known->category_count));
  }
  status = quern__dataset_take_classes(result, labels);
cleanup:
  quern__words_free(&words);
  free(labels);
  free(text);
  return status;
}
