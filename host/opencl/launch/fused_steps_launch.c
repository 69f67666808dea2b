/* Launches of whole training steps: kernels/fused/fused_steps.cl. */
#include "../../base/size.h"
#include "fused_steps.h"

#include <string.h>

static quern_span moved(quern_span span, size_t elements) {
  if (span.memory != NULL) span.offset += elements;
  return span;
}

/* STEPS_SAMPLES of kernels/fused/fused_steps.cl: the samples from `first` on. Without an order the
 * caller's tensors are the batch. */
#define SAMPLES(op, first)                                                                         \
  INT((op)->element == QUERN_ELEMENT_UINT8), UINT((op)->source_rows), SPAN((op)->source),          \
      SPAN((op)->labels), SPAN(moved((op)->indices, (first))), FLOAT((op)->scale),                 \
      FLOAT((op)->offset), SPAN(((op)->indices.memory != NULL) ? (op)->x : (op)->source),          \
      SPAN(((op)->indices.memory != NULL) ? (op)->batch_labels : (op)->labels)

/* What fused_steps_rows and fused_steps_serial begin with: the network, and a batch of n samples
 * from `first` on. */
#define BATCH(steps, op, first, n)                                                                 \
  UINT((n)), UINT((steps)->count), UINT((steps)->lowest), MEMORY((steps)->layers),                 \
      SAMPLES((op), (first))

#define STATE(op) SPAN((op)->parameters), SPAN((op)->momentum), SPAN((op)->square)

#define RESULTS(op, first) SPAN((op)->outputs), SPAN((op)->dz), SPAN(moved((op)->losses, (first)))

static quern_status launch_rows(quern__cl *cl, const quern__cl_fused_steps *steps,
                                const quern_steps_op *op, size_t first, size_t n) {
  const size_t least = quern__cl_fused_steps_least(cl);
  size_t blocks = quern__divide_up(quern__divide_up(n, cl->compute_units), least);
  if (blocks >= 4)
    blocks = quern__divide_up(blocks, 2); /* where there are enough, two each even out their ends */
  const quern__range range = {
      .dimensions = 1, .global = {quern__divide_up(n, blocks * least)}, .local = {1}};
  return quern__cl_launch(cl, QUERN__KERNEL_fused_steps_rows, range,
                          ARGS(BATCH(steps, op, first, n), SPAN(op->parameters), RESULTS(op, first),
                               FAULTS(cl), UINT(blocks * least)));
}

static quern_status launch_weights(quern__cl *cl, const quern__cl_fused_steps *steps,
                                   const quern_steps_op *op, size_t n,
                                   const quern_optimizer_step *update) {
  const quern__range range = {.dimensions = 1, .global = {steps->items}, .local = {1}};
  return quern__cl_launch(cl, QUERN__KERNEL_fused_steps_weights, range,
                          ARGS(UINT(n), UINT(steps->count), UINT(steps->lowest),
                               MEMORY(steps->layers),
                               SPAN(op->indices.memory != NULL ? op->x : op->source),
                               SPAN(op->outputs), SPAN(op->dz), OPTIMIZER_STEP(update), STATE(op)));
}

/* Steps, of at most `most`, that one launch can take from step `at` on: all with the same numbers,
 * or with those on the device; *rows is then where they begin, else none. */
static size_t alike(const quern_steps_op *op, size_t position, size_t most, quern_span *rows) {
  size_t count = 1;
  while (count < most &&
         memcmp(&op->updates[position], &op->updates[position + count], sizeof *op->updates) == 0)
    count++;
  *rows = count < most ? moved(op->update_rows, position) : (quern_span){NULL, 0};
  return rows->memory != NULL ? most : count;
}

/* `count` whole steps of n samples from `first` on, in one launch. */
static quern_status launch_serial(quern__cl *cl, const quern__cl_fused_steps *steps,
                                  const quern_steps_op *op, size_t first, size_t count, size_t n,
                                  const quern_optimizer_step *update, quern_span rows) {
  return quern__cl_launch(cl, QUERN__KERNEL_fused_steps_serial,
                          (quern__range){.dimensions = 1, .global = {1}, .local = {1}},
                          ARGS(BATCH(steps, op, first, n), STATE(op), RESULTS(op, first),
                               FAULTS(cl), UINT(count), OPTIMIZER_STEP(update), SPAN(rows)));
}

static size_t next_batch(const quern__cl_fused_steps *steps, const quern_steps_op *op,
                         size_t first) {
  const size_t left = op->n - first;
  return left < steps->batch ? left : steps->batch;
}

/* From H1 of the n samples before `first`, through their update, to H1 of those from it on. */
static quern_status launch_columns(quern__cl *cl, const quern__cl_fused_steps *steps,
                                   const quern_steps_op *op, size_t first, size_t n,
                                   const quern_optimizer_step *update, bool odd) {
  const quern__range range = {.dimensions = 1, .global = {steps->sharers}, .local = {1}};
  return quern__cl_launch(
      cl, QUERN__KERNEL_fused_steps_columns, range,
      ARGS(UINT(n), UINT(steps->count), UINT(next_batch(steps, op, first)), MEMORY(steps->layers),
           SAMPLES(op, first), STATE(op), RESULTS(op, first - n), FAULTS(cl),
           OPTIMIZER_STEP(update), UINT(steps->share), UINT(odd), UINT(steps->batch),
           ULONG(steps->above_parameters), ULONG(steps->above_outputs), MEMORY(steps->places)));
}

/* A launch more than there are steps: the first only goes forward, the last only back. */
static quern_status run_columns(quern__cl *cl, const quern__cl_fused_steps *steps,
                                const quern_steps_op *op) {
  bool odd = false;
  size_t first = 0, n = 0, step = 0;
  do {
    first += n;
    /* The first has none: it is passed what it does not read. */
    const quern_optimizer_step *update = &op->updates[step > 0 ? step - 1 : 0];
    QUERN__FORWARD(launch_columns(cl, steps, op, first, n, update, odd));
    step++;
    n = next_batch(steps, op, first);
    odd = !odd;
  } while (n > 0);
  return QUERN_OK;
}

quern_status quern__cl_fused_steps_run(void *state, void *object, const quern_steps_op *op) {
  quern__cl *cl = state;
  const quern__cl_fused_steps *steps = object;
  size_t count = 1;
  /* By what is asked for, never by how many steps happen to be left: the forms add up in different
   * orders. */
  const bool alone = op->indices.memory == NULL;
  if (steps->form == QUERN__STEPS_COLUMNS && !(steps->alone_in_blocks && alone))
    return run_columns(cl, steps, op);
  for (size_t first = 0, step = 0; first < op->n; step += count) {
    const size_t left = op->n - first, n = next_batch(steps, op, first);
    const quern_optimizer_step *update = &op->updates[step];
    if (steps->form == QUERN__STEPS_SERIAL) {
      quern_span rows;
      count = alike(op, step, left / n < steps->serial ? left / n : steps->serial, &rows);
      QUERN__FORWARD(launch_serial(cl, steps, op, first, count, n, update, rows));
    } else {
      QUERN__FORWARD(launch_rows(cl, steps, op, first, n));
      QUERN__FORWARD(launch_weights(cl, steps, op, n, update));
    }
    first += count * n;
  }
  return QUERN_OK;
}
