/* Launches of whole training steps: kernels/fused/. */
#include "../../base/size.h"
#include "fused_steps.h"

#include <string.h>

static quern_span moved(quern_span span, size_t elements) {
  if (span.memory != NULL) span.offset += elements;
  return span;
}

/* STEPS_NETWORK of kernels/fused/fused_steps.cl, in step `number` of the op. */
#define NETWORK(steps, op, number)                                                                 \
  UINT((steps)->count), UINT((steps)->lowest), MEMORY((steps)->layers), MEMORY((steps)->normals),  \
      INT((steps)->loss), FLOAT((steps)->delta), FLOAT((op)->smoothing),                           \
      SPAN((op)->class_weights), ULONG((op)->seed), ULONG((op)->step + (number))

/* A tensor of a batch: `gathered`, or without an order the caller's own. */
static quern_span in_batch(const quern_steps_op *op, quern_span gathered, quern_span own) {
  return op->indices.memory != NULL ? gathered : own;
}

/* Targets of a batch: gathered, the caller's own, or one-hot rows of labels. */
static quern_span targets_in_batch(const quern_steps_op *op) {
  return op->targets.memory != NULL ? in_batch(op, op->batch_targets, op->targets)
                                    : op->batch_targets;
}

/* STEPS_SAMPLES: the samples from `first` on. */
#define SAMPLES(op, first)                                                                         \
  INT((op)->element == QUERN_ELEMENT_UINT8), UINT((op)->source_rows), SPAN((op)->source),          \
      SPAN((op)->labels), SPAN((op)->targets), SPAN(moved((op)->indices, (first))),                \
      FLOAT((op)->scale), FLOAT((op)->offset), SPAN(in_batch((op), (op)->x, (op)->source)),        \
      SPAN(in_batch((op), (op)->batch_labels, (op)->labels)), SPAN(targets_in_batch(op))

/* What fused_steps_rows and fused_steps_serial begin with: a batch of n samples from `first` on, in
 * step `number` of the op. */
#define BATCH(steps, op, number, first, n)                                                         \
  UINT((n)), NETWORK((steps), (op), (number)), SAMPLES((op), (first))

#define STATE(op) SPAN((op)->parameters), SPAN((op)->momentum), SPAN((op)->square)

#define RESULTS(op, first) SPAN((op)->outputs), SPAN((op)->dz), SPAN(moved((op)->losses, (first)))

static quern_status launch_rows(quern__cl *cl, const quern__cl_fused_steps *steps,
                                const quern_steps_op *op, size_t number, size_t first, size_t n) {
  const size_t least = quern__cl_fused_steps_least(cl);
  size_t blocks = quern__divide_up(quern__divide_up(n, cl->compute_units), least);
  if (blocks >= 4)
    blocks = quern__divide_up(blocks, 2); /* where there are enough, two each even out their ends */
  const quern__range range = {
      .dimensions = 1, .global = {quern__divide_up(n, blocks * least)}, .local = {1}};
  return quern__cl_launch(cl, QUERN__KERNEL_fused_steps_rows, range,
                          ARGS(BATCH(steps, op, number, first, n), SPAN(op->parameters),
                               RESULTS(op, first), FAULTS(cl), UINT(blocks * least)));
}

static quern_status launch_weights(quern__cl *cl, const quern__cl_fused_steps *steps,
                                   const quern_steps_op *op, size_t n,
                                   const quern_optimizer_step *update) {
  const quern__range range = {.dimensions = 1, .global = {steps->items}, .local = {1}};
  return quern__cl_launch(cl, QUERN__KERNEL_fused_steps_weights, range,
                          ARGS(UINT(n), UINT(steps->count), UINT(steps->lowest),
                               MEMORY(steps->layers), MEMORY(steps->normals),
                               SPAN(in_batch(op, op->x, op->source)), SPAN(op->outputs),
                               SPAN(op->dz), OPTIMIZER_STEP(update), STATE(op)));
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

/* `count` whole steps of n samples each from `first` on, the first being step `number` of the op,
 * in one launch. */
static quern_status launch_serial(quern__cl *cl, const quern__cl_fused_steps *steps,
                                  const quern_steps_op *op, size_t number, size_t first,
                                  size_t count, size_t n, quern_span rows) {
  if (steps->form == QUERN__STEPS_NETWORK)
    return quern__cl_network_steps_launch(cl, steps, op, number, first, count, n, rows);
  return quern__cl_launch(cl, QUERN__KERNEL_fused_steps_serial,
                          (quern__range){.dimensions = 1, .global = {1}, .local = {1}},
                          ARGS(BATCH(steps, op, number, first, n), STATE(op), RESULTS(op, first),
                               FAULTS(cl), UINT(count), OPTIMIZER_STEP(&op->updates[number]),
                               SPAN(rows)));
}

static size_t next_batch(const quern__cl_fused_steps *steps, const quern_steps_op *op,
                         size_t first) {
  const size_t left = op->n - first;
  return left < steps->batch ? left : steps->batch;
}

/* From H1 of the n samples before `first`, through their update, to H1 of those from it on, which
 * are step `number` of the op. The first launch has no update: it is passed what it does not
 * read. */
static quern_status launch_columns(quern__cl *cl, const quern__cl_fused_steps *steps,
                                   const quern_steps_op *op, size_t number, size_t first,
                                   size_t n) {
  const quern__range range = {.dimensions = 1, .global = {steps->sharers}, .local = {1}};
  const quern_optimizer_step *update = &op->updates[number > 0 ? number - 1 : 0];
  return quern__cl_launch(
      cl, QUERN__KERNEL_fused_steps_columns, range,
      ARGS(UINT(n), NETWORK(steps, op, number), UINT(next_batch(steps, op, first)),
           SAMPLES(op, first), STATE(op), RESULTS(op, first - n), FAULTS(cl),
           OPTIMIZER_STEP(update), UINT(steps->share), UINT(number % 2), UINT(steps->batch),
           ULONG(steps->target_floats), ULONG(steps->above_parameters), ULONG(steps->above_outputs),
           ULONG(steps->normal_floats), MEMORY(steps->places)));
}

/* A launch more than there are steps: the first only goes forward, the last only back. */
static quern_status run_columns(quern__cl *cl, const quern__cl_fused_steps *steps,
                                const quern_steps_op *op) {
  size_t first = 0, n = 0, number = 0;
  do {
    first += n;
    QUERN__FORWARD(launch_columns(cl, steps, op, number, first, n));
    number++;
    n = next_batch(steps, op, first);
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
    if (steps->form == QUERN__STEPS_SERIAL || steps->form == QUERN__STEPS_NETWORK) {
      quern_span rows;
      count = alike(op, step, left / n < steps->serial ? left / n : steps->serial, &rows);
      QUERN__FORWARD(launch_serial(cl, steps, op, step, first, count, n, rows));
    } else {
      QUERN__FORWARD(launch_rows(cl, steps, op, step, first, n));
      QUERN__FORWARD(launch_weights(cl, steps, op, n, &op->updates[step]));
    }
    first += count * n;
  }
  return QUERN_OK;
}
