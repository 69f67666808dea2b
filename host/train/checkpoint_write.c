/* Writing a checkpoint. */
#include "../file.h"
#include "../model/metadata.h"
#include "checkpoint.h"
#include "identity.h"
#include <inttypes.h>
#include <quern/version.h>
#include <stdlib.h>
#include <string.h>

/* What is being written. */
typedef struct saving {
  quern_trainer *trainer;
  float *losses; /* of the samples so far; NULL where there are none */
  size_t samples;
} saving;

static quern_status fill(void *user, size_t index, float *values) {
  const saving *save = user;
  const quern__learned *learned = &save->trainer->learned;
  if (index == learned->count) {
    memcpy(values, save->losses, save->samples * sizeof *values);
    return QUERN_OK;
  }
  const quern__learned_tensor *tensor = &learned->tensors[index];
  QUERN__FORWARD(quern_buffer_read(tensor->buffer, 0, tensor->count * sizeof *values, values, QUERN_WAIT));
  return index == 0 ? quern__trainer_check_parameters(save->trainer, values) : QUERN_OK;
}

static quern_status write_file(const saving *save, const quern__identity *identity, const char *path) {
  const quern_trainer *trainer = save->trainer;
  const size_t learned = trainer->learned.count;
  enum { OTHERS = 5, DIGITS = 24 };
  char epoch[DIGITS], step[DIGITS], updates[DIGITS];
  snprintf(epoch, sizeof epoch, "%zu", trainer->epoch);
  snprintf(step, sizeof step, "%zu", trainer->step);
  snprintf(updates, sizeof updates, "%" PRIu64, trainer->learned.updates);
  quern__metadata_pair metadata[OTHERS + QUERN__IDENTITY_COUNT] = {
      {QUERN__KEY_CHECKPOINT, QUERN__CHECKPOINT_FORMAT},
      {QUERN__KEY_VERSION, QUERN_VERSION},
      {QUERN__KEY_EPOCH, epoch},
      {QUERN__KEY_STEP, step},
      {QUERN__KEY_UPDATES, updates}};
  quern__identity_pairs(identity, metadata + OTHERS);

  quern__tensor_plan *tensors = calloc(learned + 1, sizeof *tensors);
  if (tensors == NULL) return quern__fail_memory(path, (learned + 1) * sizeof *tensors);
  for (size_t i = 0; i < learned; i++)
    tensors[i] =
        (quern__tensor_plan){trainer->learned.tensors[i].name, 1, {trainer->learned.tensors[i].count}};
  tensors[learned] = (quern__tensor_plan){QUERN__CHECKPOINT_LOSSES, 1, {save->samples}};
  const size_t count = learned + (save->samples > 0 ? 1 : 0);
  const quern_status status = quern__safetensors_write(path, metadata, OTHERS + QUERN__IDENTITY_COUNT,
                                                       tensors, count, fill, (void *)(uintptr_t)save);
  free(tensors);
  return status;
}

quern_status quern_trainer_save(quern_trainer *trainer, const char *path) {
  if (trainer == NULL || path == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "trainer save: the trainer or the path is NULL");
  quern_status status;
  quern__identity identity;
  saving save = {.trainer = trainer};
  QUERN__TRY(quern__identity_create(trainer, &identity));
  QUERN__TRY(quern__trainer_losses(trainer, &save.losses));
  save.samples = quern__trainer_samples_of(trainer, trainer->step);
  if (!trainer->tidied) quern__file_remove_abandoned(path);
  trainer->tidied = true;
  status = write_file(&save, &identity, path);
cleanup:
  free(save.losses);
  quern__identity_free(&identity);
  return status;
}
