/* Reads and checks data set options. */
#include "../base/error.h"
#include "data.h"
#include <string.h>

static quern_status check_choice(const char *what, int value, int count) {
  if (value >= 0 && value < count) return QUERN_OK;
  return quern__fail(QUERN_ERROR_ARGUMENT,
                     "data set options: unknown %s choice %d, expected 0 to %d", what, value,
                     count - 1);
}

/* Refuses delimiters that can occur in numbers, and quotes. */
static quern_status check_delimiter(char delimiter) {
  const bool good =
      delimiter == '\0' || delimiter == '\t' ||
      (delimiter >= ' ' && delimiter <= '~' && strchr("\"+-.'", delimiter) == NULL &&
       !(delimiter >= '0' && delimiter <= '9') && !(delimiter >= 'A' && delimiter <= 'Z') &&
       !(delimiter >= 'a' && delimiter <= 'z'));
  if (good && delimiter != ' ') return QUERN_OK;
  return quern__fail(QUERN_ERROR_ARGUMENT,
                     "data set options: character %d as delimiter, expected one such as a comma, a "
                     "semicolon or a tab",
                     (int)delimiter);
}

quern_status quern__dataset_options_read(const quern_dataset_options *given,
                                         quern_dataset_options *options) {
  *options = quern_dataset_options_default();
  if (given != NULL) {
    if (given->size < offsetof(quern_dataset_options, target) || given->size > sizeof *options) {
      return quern__fail(QUERN_ERROR_ARGUMENT,
                         "data set options: size is %zu, expected at most %zu; start from "
                         "quern_dataset_options_default()",
                         given->size, sizeof *options);
    }
    memcpy(options, given, given->size);
  }
  QUERN__FORWARD(check_choice("header", (int)options->header, QUERN_HEADER_ONE + 1));
  QUERN__FORWARD(check_choice("label", (int)options->label, QUERN_LABEL_FIRST + 1));
  QUERN__FORWARD(check_choice("task", (int)options->task, QUERN_TASK_REGRESSION + 1));
  QUERN__FORWARD(check_choice("missing", (int)options->missing, QUERN_MISSING_ZERO + 1));
  QUERN__FORWARD(check_choice("text", (int)options->text, QUERN_TEXT_ONE_HOT + 1));
  if (options->inputs != NULL && options->exclude != NULL) {
    return quern__fail(
        QUERN_ERROR_ARGUMENT,
        "data set options: both inputs and columns to exclude, expected one of them");
  }
  if (options->decimal != '\0' && options->decimal != '.' && options->decimal != ',') {
    return quern__fail(
        QUERN_ERROR_ARGUMENT,
        "data set options: character %d as decimal mark, expected a point or a comma",
        (int)options->decimal);
  }
  if (options->decimal == ',' && options->delimiter == ',') {
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "data set options: a comma is both the delimiter and the decimal mark");
  }
  return check_delimiter(options->delimiter);
}
