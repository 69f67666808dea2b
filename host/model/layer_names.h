/* What the names of a file's tensors say. */
#ifndef QUERN_HOST_MODEL_LAYER_NAMES_H
#define QUERN_HOST_MODEL_LAYER_NAMES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* True if a part of a tensor's name before its last dot contains "loss" or "criterion". */
bool quern__name_is_of_loss(const char *tensor);

/* True if the last part of a module's name is that of a normalization: "norm2", "bn", "ln_f". */
bool quern__name_is_of_normalization(const char *name, size_t length);

/* True if two names differ at most in their numbers, as those of one Sequential do. */
bool quern__names_differ_in_numbers(const char *a, size_t a_length, const char *b, size_t b_length);

/* True if two names of modules are positions in the same Sequential: "0" and "1", "net.2" and
 * "net.3". *distance is the second position minus the first. */
bool quern__name_distance(const char *a, size_t a_length, const char *b, size_t b_length,
                          uint64_t *distance);

/* Returns -1 if the name's last part says that the layer is the first ("input"), 1 if the last
 * ("output", "head"), else 0. */
int quern__name_place(const char *name, size_t length);

#endif
