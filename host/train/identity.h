/* The identity of a training: all settings that determine its bits, besides its position. A
 * checkpoint belongs to trainings with the same identity. */
#ifndef QUERN_HOST_TRAIN_IDENTITY_H
#define QUERN_HOST_TRAIN_IDENTITY_H

#include "../base/text.h"
#include "../format/safetensors/safetensors.h"
#include "trainer.h"

/* X(field, name): print_<field> in identity.c prints it, a file has it as "quern.<field>", and
 * `name` is for error messages. */
#define QUERN__IDENTITY(X)                                                                         \
  X(network, "network")                                                                            \
  X(activations, "activations")                                                                    \
  X(normalization, "normalization")                                                                \
  X(dropout, "dropout")                                                                            \
  X(loss, "loss")                                                                                  \
  X(frozen, "frozen parameters")                                                                   \
  X(data, "training data")                                                                         \
  X(batch, "batch")                                                                                \
  X(generator, "generator")                                                                        \
  X(seed, "seed")                                                                                  \
  X(optimizer, "optimizer")                                                                        \
  X(learning_rate, "learning rate")                                                                \
  X(weight_decay, "weight decay")                                                                  \
  X(schedule, "schedule")                                                                          \
  X(clip_norm, "largest norm of the gradients")                                                    \
  X(patience, "patience")                                                                          \
  X(label_smoothing, "label smoothing")                                                            \
  X(class_weights, "class weights")

enum {
#define QUERN__IDENTITY_VALUE(field, name) QUERN__IDENTITY_##field,
  QUERN__IDENTITY(QUERN__IDENTITY_VALUE)
#undef QUERN__IDENTITY_VALUE
      QUERN__IDENTITY_COUNT
};

typedef struct quern__identity {
  char *values[QUERN__IDENTITY_COUNT]; /* owned */
} quern__identity;

/* Waits. The first call reads the training data from the device for its checksum. The caller frees
 * *identity, even after a failure. */
quern_status quern__identity_create(quern_trainer *trainer, quern__identity *identity);
void quern__identity_free(quern__identity *identity);

/* Fills QUERN__IDENTITY_COUNT pairs with keys and values, which belong to the identity. */
void quern__identity_pairs(const quern__identity *identity, quern__metadata_pair *pairs);

/* Returns the name of a field for error messages. */
const char *quern__identity_name(size_t index);

/* QUERN_ERROR_FORMAT, with the field and both values: the file's metadata differs. */
quern_status quern__identity_check(const quern__identity *identity, const quern__safetensors *file);

#endif
