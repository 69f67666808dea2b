/* The trainer of the checkpoints in corpus/checkpoint: two inputs and two classes. */
#ifndef QUERN_TESTS_FUZZ_CHECKPOINT_TRAINER_H
#define QUERN_TESTS_FUZZ_CHECKPOINT_TRAINER_H

#include "../support/plain_options.h"

#include <quern/quern.h>

enum { FUZZ_INPUTS = 2, FUZZ_CLASSES = 2, FUZZ_ROWS = 5 };

/* The caller frees both. On the reference, so that all machines agree. */
static inline bool fuzz_trainer_create(quern_network **network, quern_trainer **trainer) {
  static const float values[FUZZ_ROWS * FUZZ_INPUTS] = {0.1f, 0.2f, 0.3f, 0.4f, 0.5f,
                                                        0.6f, 0.7f, 0.8f, 0.9f, 1.0f};
  static const int32_t labels[FUZZ_ROWS] = {0, 1, 0, 1, 1};
  const quern_layer layer = quern_dense(FUZZ_CLASSES, QUERN_ACTIVATION_IDENTITY);
  quern_train_options options = plain_train_options();
  options.batch = 2;
  quern_context *context = NULL;
  quern_dataset *data = NULL;
  const bool created =
      quern_context_create("reference", &context) == QUERN_OK &&
      quern_dataset_from_floats(values, labels, FUZZ_ROWS, FUZZ_INPUTS, &data) == QUERN_OK &&
      quern_network_create(FUZZ_INPUTS, &layer, 1, QUERN_LOSS_CATEGORICAL, network) == QUERN_OK &&
      quern_network_initialize(*network, QUERN_INITIALIZER_DEFAULT, 1) == QUERN_OK &&
      quern_trainer_create(context, *network, data, NULL, &options, trainer) == QUERN_OK;
  quern_dataset_free(data);
  quern_context_free(context);
  return created;
}

#endif
