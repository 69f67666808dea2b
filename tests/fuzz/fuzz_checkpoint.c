/* Checkpoints, read by a trainer of two inputs and two classes, which must not change if a
 * checkpoint is refused; and inspected. */
#include "checkpoint_trainer.h"
#include "fuzz.h"

#include <string.h>

static quern_network *network;
static quern_trainer *trainer;

typedef struct parameters {
  float weights[FUZZ_INPUTS * FUZZ_CLASSES], bias[FUZZ_CLASSES];
} parameters;

static parameters learned(void) {
  parameters now = {.weights = {0.0f}};
  fuzz_expect(quern_trainer_download(trainer, network) == QUERN_OK &&
                  quern_network_get_layer(network, 0, now.weights, now.bias) == QUERN_OK,
              "checkpoint: the trainer does not say what it has learned");
  return now;
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size) {
  /* One for all inputs, because creating it costs more than reading. */
  if (trainer == NULL)
    fuzz_expect(fuzz_trainer_create(&network, &trainer), "checkpoint: no trainer");
  fuzz_file file = fuzz_file_create(bytes, size);
  const parameters before = learned();
  if (quern_trainer_resume(trainer, file.path) != QUERN_OK) {
    fuzz_expect(quern_last_error()[0] != '\0', "checkpoint: a failure without a message");
    const parameters after = learned();
    fuzz_expect(memcmp(&before, &after, sizeof before) == 0,
                "checkpoint: a refused one changed the trainer");
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
