/* Finds numbers that are not finite: the first step, and the lowest layer in it. */
#include "../base/error.h"
#include "trainer.h"
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

enum { PLACE_SIZE = 128 };

/* A number that is not finite, and its place. */
typedef struct finding {
  bool found;
  size_t depth; /* height in the network */
  float value;
  char place[PLACE_SIZE];
} finding;

/* For printing: removes the sign of a NaN. */
static double printable(float value) {
  return isnan(value) ? (double)NAN : (double)value;
}

static size_t first_bad(const float *values, size_t count) {
  size_t i = 0;
  while (i < count && isfinite(values[i])) i++;
  return i;
}

static void name_layer(const quern__shape *shape, size_t layer, const char *what, finding *where) {
  const quern_layer *self = &shape->layers[layer].layer;
  where->depth = layer + 1;
  snprintf(where->place, sizeof where->place, "%s layer %zu of %zu (%zu units, %s)", what,
           layer + 1, shape->layer_count, self->units,
           quern_activation_name(self->activation.kind));
}

static void name_part(const quern__shape *shape, size_t layer, quern__part part, finding *where) {
  char what[32];
  snprintf(what, sizeof what, "the %s of", quern__part_name(part));
  name_layer(shape, layer, what, where);
}

static quern_status search_tensor(quern_tensor tensor, finding *where) {
  const size_t count = tensor.rows * tensor.columns;
  float *values = malloc(count * sizeof *values);
  if (values == NULL) return quern__fail_memory("train", count * sizeof *values);
  const quern_status status = quern_buffer_read(tensor.buffer, tensor.offset * sizeof *values,
                                                count * sizeof *values, values, QUERN_WAIT);
  const size_t bad = status == QUERN_OK ? first_bad(values, count) : count;
  where->found = bad < count;
  if (where->found) where->value = values[bad];
  free(values);
  return status;
}

static quern_status search_parts(const quern_plan *plan, size_t l, finding *where) {
  for (size_t p = 0; p < QUERN__PARTS && !where->found; p++) {
    const quern__part part = (quern__part)p;
    if (quern__layer_part(&plan->shape.layers[l], part).count == 0) continue;
    name_part(&plan->shape, l, part, where);
    QUERN__FORWARD(search_tensor(quern__plan_part(plan, plan->parameters, l, part), where));
  }
  return QUERN_OK;
}

/* Runs one layer forward from *x and searches it, unless something was found. *x becomes the input
 * of the next layer. */
static quern_status search_layer(quern_plan *plan, size_t l, quern_tensor *x, finding *where) {
  const quern_tensor output = quern__plan_output(plan, l, x->rows);
  const bool searches = !where->found;
  quern_tensor layer_input;
  if (searches) QUERN__FORWARD(search_parts(plan, l, where));
  if (!where->found) name_layer(&plan->shape, l, "the output of", where);
  QUERN__FORWARD(quern__plan_forward_layer(plan, l, *x, QUERN__PASS_REHEARSAL, &layer_input));
  if (!where->found) QUERN__FORWARD(search_tensor(output, where));
  *x = layer_input;
  return QUERN_OK;
}

/* Runs the trainer's next step forward, op by op, until something is found; or to its end, if other
 * ranks wait for this one. */
static quern_status search_step(quern_trainer *trainer, finding *where) {
  quern_plan *plan = trainer->plan;
  const size_t first = quern__trainer_samples_of(trainer, trainer->step);
  const size_t all = quern__trainer_samples_of(trainer, trainer->step + 1) - first;
  size_t begin, n;
  quern__collective_part(trainer->options.collective, trainer->options.shares, all, &begin, &n);
  plan->first_row = begin;
  plan->step_samples = all;
  if (n == 0) /* other ranks have the samples */
    return quern__plan_normalize_no_samples(plan, QUERN__PASS_REHEARSAL);
  quern_tensor x;
  QUERN__FORWARD(
      quern__data_source_gather(&trainer->train, first + begin, n, &trainer->batch, &x, NULL));
  QUERN__FORWARD(search_tensor(x, where));
  snprintf(where->place, sizeof where->place, "the samples");
  for (size_t l = 0; l < plan->shape.layer_count && (!where->found || plan->collective != NULL);
       l++)
    QUERN__FORWARD(search_layer(plan, l, &x, where));
  return QUERN_OK;
}

/* Selects, on all ranks, the finding lowest in the network, by the first rank that has it. */
static quern_status select_lowest_finding(const quern_collective *collective, finding *where) {
  if (collective == NULL) return QUERN_OK;
  finding *all = calloc(collective->ranks, sizeof *all);
  if (all == NULL) return quern__fail_memory("train", collective->ranks * sizeof *all);
  const quern_status status = quern__collective_gather(collective, where, sizeof *where, all);
  size_t first = 0;
  for (size_t r = 1; r < collective->ranks; r++)
    if (all[r].found && (!all[first].found || all[r].depth < all[first].depth)) first = r;
  *where = all[first];
  free(all);
  return status;
}

#define ADVICE                                                                                     \
  "try a learning rate below %g, clipping the gradients' norm, or inputs of about 1 "              \
  "(--standardize)"

/* Moves back to before step `bad` of the epoch and finds its first number that is not finite. */
static quern_status fail_step(quern_trainer *trainer, size_t bad, float loss) {
  QUERN__FORWARD(quern__training_state_restore(&trainer->state, trainer->plan));
  trainer->step = trainer->kept_step;
  QUERN__FORWARD(quern__trainer_queue(trainer, bad - trainer->kept_step));
  finding where = {.found = false};
  QUERN__FORWARD(search_step(trainer, &where));
  QUERN__FORWARD(select_lowest_finding(trainer->options.collective, &where));
  if (!where.found) { /* the outputs are finite, but their loss is not */
    snprintf(where.place, sizeof where.place, "the loss itself");
    where.value = loss;
  }
  return quern__fail(
      QUERN_ERROR_NOT_FINITE,
      "train: the loss is %g in step %zu of %zu of epoch %zu; it begins in %s, with %g; " ADVICE,
      printable(loss), bad + 1, quern__trainer_steps_per_epoch(trainer), trainer->epoch + 1,
      where.place, printable(where.value), trainer->options.optimizer.learning_rate);
}

quern_status quern__trainer_losses(quern_trainer *trainer, float **losses) {
  *losses = NULL;
  const size_t count = quern__trainer_samples_of(trainer, trainer->step);
  if (count == 0) return QUERN_OK;
  float *values = malloc(count * sizeof *values);
  if (values == NULL) return quern__fail_memory("train", count * sizeof *values);
  quern_status status;
  QUERN__TRY(
      quern_buffer_read(trainer->tally.losses, 0, count * sizeof *values, values, QUERN_WAIT));
  QUERN__TRY(quern__ranks_merge_losses(trainer, values, count));
  const size_t bad = first_bad(values, count);
  if (bad < count) QUERN__TRY(fail_step(trainer, bad / trainer->options.batch, values[bad]));
  *losses = values;
  return QUERN_OK;
cleanup:
  free(values);
  return status;
}

quern_status quern__trainer_check_parameters(const quern_trainer *trainer,
                                             const float *parameters) {
  const quern__shape *shape = &trainer->plan->shape;
  const size_t bad = first_bad(parameters, shape->flat_count);
  if (bad == shape->flat_count) return QUERN_OK;
  finding where = {.place = ""};
  for (size_t l = 0; l < shape->layer_count; l++)
    for (size_t p = 0; p < QUERN__PARTS; p++) {
      const quern__extent extent = quern__layer_part(&shape->layers[l], (quern__part)p);
      if (bad >= extent.first && bad < extent.first + extent.count)
        name_part(shape, l, (quern__part)p, &where);
    }
  return quern__fail(QUERN_ERROR_NOT_FINITE,
                     "train: %s became %g in the last step, number %" PRIu64 "; " ADVICE,
                     where.place, printable(parameters[bad]), trainer->plan->optimizer_steps,
                     trainer->options.optimizer.learning_rate);
}
