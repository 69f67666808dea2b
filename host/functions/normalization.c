/* Normalizations by name, with their epsilon. */
#include <quern/normalization.h>

#include "../base/names.h"
#include "named.h"

static const char *const names[] = {
#define NAME(name, text) text,
    QUERN_NORMALIZATIONS(NAME)
#undef NAME
};

const char *quern_normalization_name(quern_normalization_kind kind) {
  return quern__name_of(names, QUERN__COUNT(names), (size_t)kind);
}

size_t quern_normalization_format(quern_normalization normalization, char *text, size_t size) {
  return quern__named_format(quern_normalization_name(normalization.kind),
                             normalization.kind != QUERN_NORMALIZATION_NONE, normalization.epsilon,
                             QUERN_NORMALIZATION_EPSILON, text, size);
}

bool quern_normalization_parse(const char *text, quern_normalization *normalization) {
  size_t index;
  const char *parameter;
  if (!quern__named_find(names, QUERN__COUNT(names), text, &index, &parameter)) return false;
  quern_normalization found = quern_normalization_of((quern_normalization_kind)index);
  if (parameter != NULL && !(found.kind != QUERN_NORMALIZATION_NONE &&
                             quern__named_parameter(parameter, &found.epsilon)))
    return false;
  *normalization = found;
  return true;
}
