/* Writes a checkpoint. */
#include "../base/file.h"
#include "../base/text.h"
#include "../format/checkpoint_keys.h"
#include "../model/metadata.h"
#include "../parallel/shares.h"
#include "identity.h"
#include <inttypes.h>
#include <quern/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A tensor of the file, from device or host memory. */
typedef struct part {
  const char *name;
  size_t count;
  quern_buffer *buffer; /* NULL: use `values` */
  const float *values;
} part;

typedef struct saving {
  const quern_trainer *trainer;
  part *parts; /* the parameters first */
} saving;

static quern_status fill_tensor(void *user, size_t index, float *values) {
  const saving *save = user;
  const part *from = &save->parts[index];
  if (from->buffer == NULL) {
    memcpy(values, from->values, from->count * sizeof *values);
    return QUERN_OK;
  }
  QUERN__FORWARD(
      quern_buffer_read(from->buffer, 0, from->count * sizeof *values, values, QUERN_WAIT));
  return index == 0 ? quern__trainer_check_parameters(save->trainer, values) : QUERN_OK;
}

/* Lists the tensors of the file: the training state and up to MAX_EXTRA more. `losses` are those of
 * the epoch so far, or NULL. Returns their number. */
enum { MAX_EXTRA = 2 };
static size_t list_parts(const quern_trainer *trainer, const float *losses, part *parts) {
  const quern__training_state *state = &trainer->state;
  size_t count = 0;
  for (; count < state->count; count++)
    parts[count] = (part){state->tensors[count].name, state->tensors[count].count,
                          state->tensors[count].buffer, NULL};
  if (trainer->best.epoch > 0)
    parts[count++] = (part){QUERN__CHECKPOINT_BEST, trainer->plan->shape.flat_count,
                            trainer->best.parameters, NULL};
  const size_t samples = quern__trainer_samples_of(trainer, trainer->step);
  if (samples > 0) parts[count++] = (part){QUERN__CHECKPOINT_LOSSES, samples, NULL, losses};
  return count;
}

static quern_status write_parts(const saving *save, size_t count, const quern__identity *identity,
                                const char *path) {
  const quern_trainer *trainer = save->trainer;
  enum { OTHERS = 7, DIGITS = 32 };
  char epoch[DIGITS], step[DIGITS], updates[DIGITS], best_epoch[DIGITS];
  snprintf(epoch, sizeof epoch, "%zu", trainer->epoch);
  snprintf(step, sizeof step, "%zu", trainer->step);
  snprintf(updates, sizeof updates, "%" PRIu64, trainer->plan->optimizer_steps);
  snprintf(best_epoch, sizeof best_epoch, "%zu", trainer->best.epoch);
  quern_status status;
  quern__text text = {0};
  char *best_loss = NULL, *shares = NULL;
  quern__tensor_plan *tensors = calloc(count, sizeof *tensors);
  if (tensors == NULL) return quern__fail_memory(path, count * sizeof *tensors);
  for (size_t i = 0; i < count; i++)
    tensors[i] = (quern__tensor_plan){
        .name = save->parts[i].name, .rank = 1, .shape = {save->parts[i].count}};
  quern__text_double(&text, trainer->best.loss);
  QUERN__TRY(quern__text_close(&text, &best_loss));
  QUERN__TRY(quern__shares_print(&trainer->options, &shares));
  quern__metadata_pair metadata[OTHERS + QUERN__IDENTITY_COUNT + 1] = {
      {QUERN__KEY_CHECKPOINT, QUERN__CHECKPOINT_FORMAT},
      {QUERN__KEY_VERSION, QUERN_VERSION},
      {QUERN__KEY_EPOCH, epoch},
      {QUERN__KEY_STEP, step},
      {QUERN__KEY_UPDATES, updates},
      {QUERN__KEY_BEST_EPOCH, best_epoch},
      {QUERN__KEY_BEST_LOSS, best_loss}};
  quern__identity_pairs(identity, metadata + OTHERS);
  size_t pairs = OTHERS + QUERN__IDENTITY_COUNT;
  if (shares != NULL) metadata[pairs++] = (quern__metadata_pair){QUERN__KEY_SHARES, shares};
  status = quern__safetensors_write(path, metadata, pairs, tensors, count, fill_tensor,
                                    (void *)(uintptr_t)save);
cleanup:
  free(tensors);
  free(best_loss);
  free(shares);
  return status;
}

static quern_status write_file(const quern_trainer *trainer, const float *losses,
                               const quern__identity *identity, const char *path) {
  const size_t most = trainer->state.count + MAX_EXTRA;
  part *parts = calloc(most, sizeof *parts);
  if (parts == NULL) return quern__fail_memory(path, most * sizeof *parts);
  const size_t count = list_parts(trainer, losses, parts);
  const quern_status status = write_parts(&(const saving){trainer, parts}, count, identity, path);
  free(parts);
  return status;
}

quern_status quern_trainer_save(quern_trainer *trainer, const char *path) {
  if (trainer == NULL || path == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "trainer save: the trainer or the path is NULL");
  QUERN__FORWARD(quern__trainer_check_idle("trainer save", trainer));
  quern_status status;
  quern__identity identity = {{NULL}};
  float *losses = NULL;
  const quern_collective *collective = trainer->options.collective;
  QUERN__TRY(quern__collective_status(collective, quern__identity_create(trainer, &identity)));
  QUERN__TRY(quern__ranks_fail(trainer, quern__trainer_losses(trainer, &losses)));
  if (collective == NULL || collective->rank == 0) {
    if (!trainer->cleaned) quern__file_remove_abandoned(path);
    trainer->cleaned = true;
    status = write_file(trainer, losses, &identity, path);
  }
  status = quern__collective_status(collective, status);
cleanup:
  free(losses);
  quern__identity_free(&identity);
  return status;
}
