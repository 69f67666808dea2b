/* Activations and losses by name. */
#include <quern/activation.h>
#include <string.h>

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

static const char *name_of(const char *const *names, size_t count, size_t index) {
  return index < count ? names[index] : NULL;
}

static bool find(const char *const *names, size_t count, const char *name, size_t *index) {
  for (size_t i = 0; name != NULL && i < count; i++) {
    if (strcmp(names[i], name) == 0) {
      *index = i;
      return true;
    }
  }
  return false;
}

#define COUNT(array) (sizeof(array) / sizeof *(array))

const char *quern_activation_name(quern_activation_kind kind) {
  return name_of(activation_names, COUNT(activation_names), (size_t)kind);
}

const char *quern_loss_name(quern_loss loss) {
  return name_of(loss_names, COUNT(loss_names), (size_t)loss);
}

bool quern_activation_find(const char *name, quern_activation_kind *kind) {
  size_t index;
  if (!find(activation_names, COUNT(activation_names), name, &index)) return false;
  *kind = (quern_activation_kind)index;
  return true;
}

bool quern_loss_find(const char *name, quern_loss *loss) {
  size_t index;
  if (!find(loss_names, COUNT(loss_names), name, &index)) return false;
  *loss = (quern_loss)index;
  return true;
}
