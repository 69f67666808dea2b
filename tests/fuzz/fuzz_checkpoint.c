/* Checkpoints, read by a trainer of two inputs and two classes, which stays as it was where one is refused; and looked
 * into. */
#include "fuzz.h"

#include <quern/quern.h>
#include <string.h>

static quern_network *network;
static quern_trainer *trainer;

enum { INPUTS = 2, CLASSES = 2, ROWS = 5 };

/* One for all inputs: making it costs more than reading. */
static void make_trainer(void) {
  static const float values[ROWS * INPUTS] = {0.1f, 0.2f, 0.3f, 0.4f, 0.5f, 0.6f, 0.7f, 0.8f, 0.9f, 1.0f};
  static const int32_t labels[ROWS] = {0, 1, 0, 1, 1};
  const quern_layer layer = quern_dense(CLASSES, QUERN_IDENTITY);
  quern_train_options options = QUERN_TRAIN_OPTIONS_INIT;
  options.batch = 2;
  quern_context *context;
  quern_dataset *data;
  fuzz_expect(quern_context_create("reference", &context) == QUERN_OK &&
                  quern_dataset_from_floats(values, labels, ROWS, INPUTS, &data) == QUERN_OK &&
                  quern_network_create(INPUTS, &layer, 1, QUERN_CATEGORICAL, &network) == QUERN_OK &&
                  quern_network_initialize(network, QUERN_INIT_DEFAULT, 1) == QUERN_OK &&
                  quern_trainer_create(context, network, data, NULL, &options, &trainer) == QUERN_OK,
              "checkpoint: no trainer");
  quern_dataset_free(data);
  quern_context_free(context);
}

typedef struct parameters {
  float weights[INPUTS * CLASSES], bias[CLASSES];
} parameters;

static parameters learned(void) {
  parameters now;
  fuzz_expect(quern_trainer_download(trainer, network) == QUERN_OK &&
                  quern_network_get_layer(network, 0, now.weights, now.bias) == QUERN_OK,
              "checkpoint: the trainer does not say what it has learned");
  return now;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  if (trainer == NULL) make_trainer();
  fuzz_file file = fuzz_file_create(bytes, size);
  const parameters before = learned();
  if (quern_trainer_resume(trainer, file.path) != QUERN_OK) {
    fuzz_expect(quern_last_error()[0] != '\0', "checkpoint: a failure without a message");
    const parameters after = learned();
    fuzz_expect(memcmp(&before, &after, sizeof before) == 0, "checkpoint: a refused one changed the trainer");
  } else {
    quern_epoch epoch;
    fuzz_expect(quern_trainer_steps(trainer, 1, &epoch) != QUERN_ERROR_ARGUMENT,
                "checkpoint: one that was taken cannot be gone on from");
  }
  quern_inspection *inspection = NULL;
  if (quern_inspect(file.path, &inspection) != QUERN_OK)
    fuzz_expect(quern_last_error()[0] != '\0', "inspect: a failure without a message");
  quern_inspection_free(inspection);
  fuzz_file_close(&file);
  return 0;
}
