/* Activations, losses and normalizations as text, with their parameters. */
#include "activation.h"

#include "../base/names.h"
#include "../base/text.h"
#include <math.h>
#include <quern/activation.h>
#include <quern/loss.h>
#include <quern/normalization.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const activation_names[] = {
#define NAME(name, text) text,
    QUERN_ACTIVATIONS(NAME)
#undef NAME
};

enum { H, Z, NONE, SLOPE, ROUNDED, EXACT };
static const quern__activation_info activation_infos[] = {
#define ROW(name, reads, slope, initializer, onnx, whole, steepest, forward, scale, flushed,       \
            backward)                                                                              \
  [QUERN_ACTIVATION_##name] = {(reads) == Z, (slope) == SLOPE, QUERN_INITIALIZER_##initializer,    \
                               onnx,         (whole) == EXACT, steepest,                           \
                               forward,      (scale) == Z,     flushed,                            \
                               backward},
    QUERN__ACTIVATIONS(ROW)
#undef ROW
};
_Static_assert(QUERN__COUNT(activation_infos) == QUERN__COUNT(activation_names),
               "QUERN__ACTIVATIONS must have a row for each of QUERN_ACTIVATIONS");

const quern__activation_info *quern__activation_info_of(quern_activation_kind kind) {
  return &activation_infos[kind];
}

static const char *const loss_names[] = {
#define NAME(name, text) text,
    QUERN_LOSSES(NAME)
#undef NAME
};

static const char *const normalization_names[] = {
#define NAME(name, text) text,
    QUERN_NORMALIZATIONS(NAME)
#undef NAME
};

const char *quern_activation_name(quern_activation_kind kind) {
  return quern__name_of(activation_names, QUERN__COUNT(activation_names), (size_t)kind);
}

const char *quern_loss_name(quern_loss loss) {
  return quern__name_of(loss_names, QUERN__COUNT(loss_names), (size_t)loss);
}

bool quern_activation_find(const char *name, quern_activation_kind *kind) {
  size_t index;
  if (!quern__name_find(activation_names, QUERN__COUNT(activation_names), name, &index))
    return false;
  *kind = (quern_activation_kind)index;
  return true;
}

bool quern_loss_find(const char *name, quern_loss *loss) {
  size_t index;
  if (!quern__name_find(loss_names, QUERN__COUNT(loss_names), name, &index)) return false;
  *loss = (quern_loss)index;
  return true;
}

bool quern_activation_reads_z(quern_activation_kind kind) {
  return quern_activation_name(kind) != NULL && quern__activation_info_of(kind)->reads_z;
}

bool quern_loss_is_regression(quern_loss loss) {
  return loss == QUERN_LOSS_SQUARED || loss == QUERN_LOSS_ABSOLUTE || loss == QUERN_LOSS_HUBER;
}

/* Writes "name", or "name:parameter" if the parameter is not `usual`. Returns the text's length. */
static size_t format_name(const char *name, bool has_parameter, float parameter, float usual,
                          char *result, size_t size) {
  const bool reported = name != NULL && has_parameter && parameter != usual;
  const int length = snprintf(result, size, "%s%s%s", name != NULL ? name : "", reported ? ":" : "",
                              reported ? quern__digits_of_float(parameter).text : "");
  return (size_t)length;
}

/* Parses the number after the colon, in the C locale. It must start with a digit. */
static bool parse_parameter(const char *text, float *parameter) {
  locale_t numbers;
  char *end;
  if (*text < '0' || *text > '9' || quern__c_locale(&numbers) != QUERN_OK) return false;
  const float value = strtof_l(text, &end, numbers);
  freelocale(numbers);
  if (*end != '\0' || !isfinite(value)) return false;
  *parameter = value;
  return true;
}

/* Finds the name before the colon. *parameter points after the colon; NULL without one. */
static bool find_before_colon(const char *const *names, size_t count, const char *text,
                              size_t *index, const char **parameter) {
  const char *colon = text != NULL ? strchr(text, ':') : NULL;
  *parameter = colon != NULL ? colon + 1 : NULL;
  if (colon == NULL) return quern__name_find(names, count, text, index);
  for (size_t i = 0; i < count; i++) {
    if (strlen(names[i]) != (size_t)(colon - text) ||
        strncmp(names[i], text, (size_t)(colon - text)) != 0)
      continue;
    *index = i;
    return true;
  }
  return false;
}

static bool takes_slope(quern_activation_kind kind) {
  return quern_activation_name(kind) != NULL && quern__activation_info_of(kind)->has_slope;
}

bool quern__activation_slope_is_good(quern_activation activation) {
  return !takes_slope(activation.kind) || (isfinite(activation.slope) && activation.slope >= 0.0f);
}

size_t quern_activation_format(quern_activation activation, char *text, size_t size) {
  const float slope = fabsf(activation.slope); /* only a zero can have a sign */
  return format_name(quern_activation_name(activation.kind), takes_slope(activation.kind), slope,
                     quern_activation_of(activation.kind).slope, text, size);
}

bool quern_activation_parse(const char *text, quern_activation *activation) {
  size_t index;
  const char *parameter;
  if (!find_before_colon(activation_names, QUERN__COUNT(activation_names), text, &index,
                         &parameter))
    return false;
  quern_activation found = quern_activation_of((quern_activation_kind)index);
  if (parameter != NULL && !(takes_slope(found.kind) && parse_parameter(parameter, &found.slope)))
    return false;
  *activation = found;
  return true;
}

size_t quern_loss_format(quern_loss loss, float delta, char *text, size_t size) {
  return format_name(quern_loss_name(loss), loss == QUERN_LOSS_HUBER, delta, QUERN_HUBER_DELTA,
                     text, size);
}

bool quern_loss_parse(const char *text, quern_loss *loss, float *delta) {
  size_t index;
  const char *parameter;
  if (!find_before_colon(loss_names, QUERN__COUNT(loss_names), text, &index, &parameter))
    return false;
  float found = QUERN_HUBER_DELTA;
  if (parameter != NULL && !((quern_loss)index == QUERN_LOSS_HUBER &&
                             parse_parameter(parameter, &found) && found > 0.0f))
    return false;
  *loss = (quern_loss)index;
  *delta = found;
  return true;
}

const char *quern_normalization_name(quern_normalization_kind kind) {
  return quern__name_of(normalization_names, QUERN__COUNT(normalization_names), (size_t)kind);
}

size_t quern_normalization_format(quern_normalization normalization, char *text, size_t size) {
  return format_name(quern_normalization_name(normalization.kind),
                     normalization.kind != QUERN_NORMALIZATION_NONE, normalization.epsilon,
                     QUERN_NORMALIZATION_EPSILON, text, size);
}

bool quern_normalization_parse(const char *text, quern_normalization *normalization) {
  size_t index;
  const char *parameter;
  if (!find_before_colon(normalization_names, QUERN__COUNT(normalization_names), text, &index,
                         &parameter))
    return false;
  quern_normalization found = quern_normalization_of((quern_normalization_kind)index);
  if (parameter != NULL &&
      !(found.kind != QUERN_NORMALIZATION_NONE && parse_parameter(parameter, &found.epsilon)))
    return false;
  *normalization = found;
  return true;
}
