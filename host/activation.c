/* Activations and losses by name. */
#include "names.h"

#include <quern/activation.h>

static const char *const activation_names[] = {
#define NAME(name, text) text,
    QUERN_ACTIVATIONS(NAME)
#undef NAME
};

static const char *const loss_names[] = {
#define NAME(name, text) text,
    QUERN_LOSSES(NAME)
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
  if (!quern__name_find(activation_names, QUERN__COUNT(activation_names), name, &index)) return false;
  *kind = (quern_activation_kind)index;
  return true;
}

bool quern_loss_find(const char *name, quern_loss *loss) {
  size_t index;
  if (!quern__name_find(loss_names, QUERN__COUNT(loss_names), name, &index)) return false;
  *loss = (quern_loss)index;
  return true;
}
