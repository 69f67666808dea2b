/* Activations by name, with their slope. */
#include "activation.h"

#include "../base/names.h"
#include "named.h"
#include <math.h>

static const char *const names[] = {
#define NAME(name, text) text,
    QUERN_ACTIVATIONS(NAME)
#undef NAME
};

enum { H, Z, NONE, SLOPE, ROUNDED, EXACT };
static const quern__activation_info infos[] = {
#define ROW(name, reads, slope, initializer, onnx, whole, steepest, forward, scale, flushed,       \
            backward)                                                                              \
  [QUERN_ACTIVATION_##name] = {(reads) == Z, (slope) == SLOPE, QUERN_INITIALIZER_##initializer,    \
                               onnx,         (whole) == EXACT, steepest,                           \
                               forward,      (scale) == Z,     flushed,                            \
                               backward},
    QUERN__ACTIVATIONS(ROW)
#undef ROW
};
_Static_assert(QUERN__COUNT(infos) == QUERN__COUNT(names),
               "QUERN__ACTIVATIONS must have a row for each of QUERN_ACTIVATIONS");

const quern__activation_info *quern__activation_info_of(quern_activation_kind kind) {
  return &infos[kind];
}

const char *quern_activation_name(quern_activation_kind kind) {
  return quern__name_of(names, QUERN__COUNT(names), (size_t)kind);
}

bool quern_activation_find(const char *name, quern_activation_kind *kind) {
  size_t index;
  if (!quern__name_find(names, QUERN__COUNT(names), name, &index)) return false;
  *kind = (quern_activation_kind)index;
  return true;
}

bool quern_activation_reads_z(quern_activation_kind kind) {
  return quern_activation_name(kind) != NULL && quern__activation_info_of(kind)->reads_z;
}

static bool takes_slope(quern_activation_kind kind) {
  return quern_activation_name(kind) != NULL && quern__activation_info_of(kind)->has_slope;
}

bool quern__activation_slope_is_good(quern_activation activation) {
  return !takes_slope(activation.kind) || (isfinite(activation.slope) && activation.slope >= 0.0f);
}

size_t quern_activation_format(quern_activation activation, char *text, size_t size) {
  const float slope = fabsf(activation.slope); /* only a zero can have a sign */
  return quern__named_format(quern_activation_name(activation.kind), takes_slope(activation.kind),
                             slope, quern_activation_of(activation.kind).slope, text, size);
}

bool quern_activation_parse(const char *text, quern_activation *activation) {
  size_t index;
  const char *parameter;
  if (!quern__named_find(names, QUERN__COUNT(names), text, &index, &parameter)) return false;
  quern_activation found = quern_activation_of((quern_activation_kind)index);
  if (parameter != NULL &&
      !(takes_slope(found.kind) && quern__named_parameter(parameter, &found.slope)))
    return false;
  *activation = found;
  return true;
}
