/* Losses by name, with the delta of the Huber loss. */
#include <quern/loss.h>

#include "../base/names.h"
#include "named.h"

static const char *const names[] = {
#define NAME(name, text) text,
    QUERN_LOSSES(NAME)
#undef NAME
};

const char *quern_loss_name(quern_loss loss) {
  return quern__name_of(names, QUERN__COUNT(names), (size_t)loss);
}

bool quern_loss_find(const char *name, quern_loss *loss) {
  size_t index;
  if (!quern__name_find(names, QUERN__COUNT(names), name, &index)) return false;
  *loss = (quern_loss)index;
  return true;
}

bool quern_loss_is_regression(quern_loss loss) {
  return loss == QUERN_LOSS_SQUARED || loss == QUERN_LOSS_ABSOLUTE || loss == QUERN_LOSS_HUBER;
}

size_t quern_loss_format(quern_loss loss, float delta, char *text, size_t size) {
  return quern__named_format(quern_loss_name(loss), loss == QUERN_LOSS_HUBER, delta,
                             QUERN_HUBER_DELTA, text, size);
}

bool quern_loss_parse(const char *text, quern_loss *loss, float *delta) {
  size_t index;
  const char *parameter;
  if (!quern__named_find(names, QUERN__COUNT(names), text, &index, &parameter)) return false;
  float found = QUERN_HUBER_DELTA;
  if (parameter != NULL && !((quern_loss)index == QUERN_LOSS_HUBER &&
                             quern__named_parameter(parameter, &found) && found > 0.0f))
    return false;
  *loss = (quern_loss)index;
  *delta = found;
  return true;
}
