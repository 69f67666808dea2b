/* Reads a checkpoint. Everything is checked before the trainer changes. */
#include "../format/checkpoint_keys.h"
#include "../model/metadata.h"
#include "identity.h"
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* The position in the training that the file states. */
typedef struct position {
  uint64_t epoch, step, updates, best_epoch;
  double best_loss;
} position;

typedef struct range {
  const char *name;
  quern_buffer *buffer;
  size_t count;
  float *values; /* owned */
} range;

static quern_status check_format(const quern__safetensors *file) {
  const char *format = quern__safetensors_metadata(file, QUERN__KEY_CHECKPOINT);
  if (format == NULL)
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: not a checkpoint: its metadata has no \"" QUERN__KEY_CHECKPOINT "\"",
                       file->path);
  if (strcmp(format, QUERN__CHECKPOINT_FORMAT) != 0)
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: a checkpoint of format \"%.200s\", expected \"" QUERN__CHECKPOINT_FORMAT
                       "\"",
                       file->path, format);
  return QUERN_OK;
}

static quern_status read_number(const quern__safetensors *file, const char *key, uint64_t *number) {
  const char *text = quern__safetensors_metadata(file, key);
  const char *end;
  if (text == NULL || !quern__parse_whole(text, UINT64_MAX, number, &end) || *end != '\0')
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: metadata \"%s\": \"%.200s\", expected a whole number", file->path, key,
                       text != NULL ? text : "");
  return QUERN_OK;
}

/* Reads the best epoch, which is at most the last one, and 0 without a patience. */
static quern_status read_best(const quern__safetensors *file, const quern_trainer *trainer,
                              position *pos) {
  QUERN__FORWARD(read_number(file, QUERN__KEY_BEST_EPOCH, &pos->best_epoch));
  const uint64_t most = trainer->options.patience > 0 ? pos->epoch : 0;
  if (pos->best_epoch > most)
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: metadata \"" QUERN__KEY_BEST_EPOCH "\": %" PRIu64
                       ", expected at most %" PRIu64,
                       file->path, pos->best_epoch, most);
  const char *text = quern__safetensors_metadata(file, QUERN__KEY_BEST_LOSS);
  locale_t numbers;
  QUERN__FORWARD(quern__c_locale(&numbers));
  char *end = NULL;
  if (text != NULL && *text != '\0') pos->best_loss = strtod_l(text, &end, numbers);
  freelocale(numbers);
  if (end == NULL || *end != '\0' || !isfinite(pos->best_loss))
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: metadata \"" QUERN__KEY_BEST_LOSS
                       "\": \"%.200s\", expected a finite number",
                       file->path, text != NULL ? text : "");
  return QUERN_OK;
}

static quern_status read_position(const quern__safetensors *file, const quern_trainer *trainer,
                                  position *pos) {
  QUERN__FORWARD(read_number(file, QUERN__KEY_EPOCH, &pos->epoch));
  QUERN__FORWARD(read_number(file, QUERN__KEY_STEP, &pos->step));
  QUERN__FORWARD(read_number(file, QUERN__KEY_UPDATES, &pos->updates));
  const uint64_t steps = quern__trainer_steps_per_epoch(trainer);
  if (pos->step >= steps)
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: metadata \"" QUERN__KEY_STEP "\": %" PRIu64
                       ", expected a step of an epoch with %" PRIu64 " steps",
                       file->path, pos->step, steps);
  if (pos->epoch > (UINT64_MAX - pos->step) / steps ||
      pos->updates != pos->epoch * steps + pos->step)
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: metadata \"" QUERN__KEY_UPDATES "\": %" PRIu64
                       ", expected the steps of %" PRIu64 " epochs of %" PRIu64 " and %" PRIu64
                       " more",
                       file->path, pos->updates, pos->epoch, steps, pos->step);
  const uint64_t epochs = trainer->options.epochs;
  if (pos->epoch > epochs || (pos->epoch == epochs && pos->step > 0))
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "%s: has reached epoch %" PRIu64 ", but training ends after epoch %" PRIu64,
                       file->path, pos->epoch + 1, epochs);
  return read_best(file, trainer, pos);
}

static quern_status read_range(const quern__safetensors *file, range *into) {
  const quern__tensor_entry *entry = NULL;
  for (size_t i = 0; i < file->count; i++)
    if (strcmp(file->entries[i].name, into->name) == 0) entry = &file->entries[i];
  if (entry == NULL)
    return quern__fail(QUERN_ERROR_FORMAT, "%s: tensor \"%s\" is missing", file->path, into->name);
  if (strcmp(entry->dtype, "F32") != 0 || entry->rank != 1 || entry->shape[0] != into->count)
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: tensor \"%s\": expected %zu numbers of F32 in one dimension",
                       file->path, into->name, into->count);
  into->values = malloc(entry->bytes);
  if (into->values == NULL) return quern__fail_memory(file->path, entry->bytes);
  QUERN__FORWARD(quern__safetensors_read(file, entry, into->values));
  for (size_t i = 0; i < into->count; i++)
    if (!isfinite(into->values[i]))
      return quern__fail(QUERN_ERROR_FORMAT,
                         "%s: tensor \"%s\": number %zu is %g, expected a finite number",
                         file->path, into->name, i, (double)into->values[i]);
  return QUERN_OK;
}

static quern_status read_ranges(const quern__safetensors *file, range *ranges, size_t count) {
  for (size_t i = 0; i < count; i++) QUERN__FORWARD(read_range(file, &ranges[i]));
  if (file->count != count)
    return quern__fail(QUERN_ERROR_FORMAT, "%s: has %zu tensors, expected %zu", file->path,
                       file->count, count);
  return QUERN_OK;
}

static quern_status apply_checkpoint(quern_trainer *trainer, const range *ranges, size_t count,
                                     const position *pos) {
  for (size_t i = 0; i < count; i++)
    QUERN__FORWARD(quern_buffer_write(ranges[i].buffer, 0, ranges[i].count * sizeof(float),
                                      ranges[i].values, QUERN_WAIT));
  trainer->epoch = (size_t)pos->epoch;
  trainer->step = (size_t)pos->step;
  trainer->plan->optimizer_steps = pos->updates;
  trainer->plan->steps_taken = pos->updates;
  trainer->best.epoch = (size_t)pos->best_epoch;
  trainer->best.loss = pos->best_loss;
  trainer->begun = false;
  return QUERN_OK;
}

static quern_status resume(quern_trainer *trainer, const char *path) {
  quern_status status;
  quern__identity identity = {{NULL}};
  quern__safetensors file;
  position pos;
  const quern__training_state *state = &trainer->state;
  range *ranges = NULL;
  size_t count = 0;
  QUERN__TRY(quern__safetensors_open(path, &file));
  QUERN__TRY(check_format(&file));
  QUERN__TRY(quern__identity_create(trainer, &identity));
  QUERN__TRY(quern__identity_check(&identity, &file));
  QUERN__TRY(read_position(&file, trainer, &pos));
  enum { MAX_EXTRA = 2 };
  ranges = calloc(state->count + MAX_EXTRA, sizeof *ranges);
  if (ranges == NULL) {
    status = quern__fail_memory(path, (state->count + MAX_EXTRA) * sizeof *ranges);
    goto cleanup;
  }
  for (; count < state->count; count++)
    ranges[count] = (range){state->tensors[count].name, state->tensors[count].buffer,
                            state->tensors[count].count, NULL};
  if (pos.best_epoch > 0)
    ranges[count++] = (range){QUERN__CHECKPOINT_BEST, trainer->best.parameters,
                              trainer->plan->shape.flat_count, NULL};
  if (pos.step > 0)
    ranges[count++] = (range){QUERN__CHECKPOINT_LOSSES, trainer->tally.losses,
                              quern__trainer_samples_of(trainer, (size_t)pos.step), NULL};
  QUERN__TRY(read_ranges(&file, ranges, count));
  status = apply_checkpoint(trainer, ranges, count, &pos);
cleanup:
  for (size_t i = 0; i < count; i++) free(ranges[i].values);
  free(ranges);
  quern__identity_free(&identity);
  quern__safetensors_close(&file);
  return status;
}

quern_status quern_trainer_resume(quern_trainer *trainer, const char *path) {
  if (trainer == NULL || path == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "trainer resume: the trainer or the path is NULL");
  QUERN__FORWARD(quern__trainer_check_idle("trainer resume", trainer));
  const quern_collective *collective = trainer->options.collective;
  const bool reads = collective == NULL || collective->rank == 0;
  return quern__ranks_resume(trainer, reads ? resume(trainer, path) : QUERN_OK);
}
