/* Launches of whole training steps: kernels/steps.cl. */
#include "../size.h"
#include "steps.h"

#include <string.h>

static quern_span moved(quern_span span, size_t elements) {
  if (span.memory != NULL) span.offset += elements;
  return span;
}

/* STEPS_SAMPLES of kernels/steps.cl: the samples from `first` on. Without an order the caller's tensors are the batch. */
static void push_samples(quern__arguments *arguments, const quern_steps_op *op, size_t first) {
  const bool gathers = op->indices.memory != NULL;
  quern__push_int(arguments, op->element == QUERN_UINT8);
  quern__push_uint(arguments, op->source_rows);
  quern__push_span(arguments, op->source);
  quern__push_span(arguments, op->labels);
  quern__push_span(arguments, moved(op->indices, first));
  quern__push_float(arguments, op->scale);
  quern__push_float(arguments, op->offset);
  quern__push_span(arguments, gathers ? op->x : op->source);
  quern__push_span(arguments, gathers ? op->batch_labels : op->labels);
}

/* What steps_rows and steps_serial begin with: the network, and a batch of n samples from `first` on. */
static void push_batch(quern__arguments *arguments, const quern__cl_steps *steps, const quern_steps_op *op,
                       size_t first, size_t n) {
  quern__push_uint(arguments, n);
  quern__push_uint(arguments, steps->count);
  quern__push_uint(arguments, steps->lowest);
  quern__push_memory(arguments, steps->layers);
  push_samples(arguments, op, first);
}

static void push_state(quern__arguments *arguments, const quern_steps_op *op) {
  quern__push_span(arguments, op->parameters);
  quern__push_span(arguments, op->momentum);
  quern__push_span(arguments, op->square);
}

static void push_results(quern__arguments *arguments, const quern_steps_op *op, size_t first) {
  quern__push_span(arguments, op->outputs);
  quern__push_span(arguments, op->dz);
  quern__push_span(arguments, moved(op->losses, first));
}

static quern_status launch_rows(quern__cl *cl, const quern__cl_steps *steps, const quern_steps_op *op,
                                size_t first, size_t n) {
  const size_t least = quern__cl_steps_least(cl);
  size_t blocks = quern__divide_up(quern__divide_up(n, cl->compute_units), least);
  if (blocks >= 4)
    blocks = quern__divide_up(blocks, 2); /* where there are enough, two each even out their ends */
  quern__arguments arguments = {0};
  push_batch(&arguments, steps, op, first, n);
  quern__push_span(&arguments, op->parameters);
  push_results(&arguments, op, first);
  quern__push_faults(&arguments, cl);
  quern__push_uint(&arguments, blocks * least);
  const quern__range range = {.dimensions = 1, .global = {quern__divide_up(n, blocks * least)}, .local = {1}};
  return quern__cl_launch(cl, QUERN__KERNEL_steps_rows, range, &arguments);
}

static quern_status launch_weights(quern__cl *cl, const quern__cl_steps *steps, const quern_steps_op *op,
                                   size_t n, const quern_update *update) {
  quern__arguments arguments = {0};
  quern__push_uint(&arguments, n);
  quern__push_uint(&arguments, steps->count);
  quern__push_uint(&arguments, steps->lowest);
  quern__push_memory(&arguments, steps->layers);
  quern__push_span(&arguments, op->indices.memory != NULL ? op->x : op->source);
  quern__push_span(&arguments, op->outputs);
  quern__push_span(&arguments, op->dz);
  quern__push_update(&arguments, update);
  push_state(&arguments, op);
  const quern__range range = {.dimensions = 1, .global = {steps->items}, .local = {1}};
  return quern__cl_launch(cl, QUERN__KERNEL_steps_weights, range, &arguments);
}

/* Steps, of at most `most`, that one launch can take from step `at` on: all with the same numbers, or with those on the device;
 * *rows is then where they begin, else none. */
static size_t alike(const quern_steps_op *op, size_t at, size_t most, quern_span *rows) {
  size_t count = 1;
  while (count < most && memcmp(&op->updates[at], &op->updates[at + count], sizeof *op->updates) == 0)
    count++;
  *rows = count < most ? moved(op->update_rows, at) : (quern_span){NULL, 0};
  return rows->memory != NULL ? most : count;
}

/* `count` whole steps of n samples from `first` on, in one launch. */
static quern_status launch_serial(quern__cl *cl, const quern__cl_steps *steps, const quern_steps_op *op,
                                  size_t first, size_t count, size_t n, const quern_update *update,
                                  quern_span rows) {
  quern__arguments arguments = {0};
  push_batch(&arguments, steps, op, first, n);
  push_state(&arguments, op);
  push_results(&arguments, op, first);
  quern__push_faults(&arguments, cl);
  quern__push_uint(&arguments, count);
  quern__push_update(&arguments, update);
  quern__push_span(&arguments, rows);
  return quern__cl_launch(cl, QUERN__KERNEL_steps_serial,
                          (quern__range){.dimensions = 1, .global = {1}, .local = {1}}, &arguments);
}

static size_t next_batch(const quern__cl_steps *steps, const quern_steps_op *op, size_t first) {
  const size_t left = op->n - first;
  return left < steps->batch ? left : steps->batch;
}

/* From H1 of the n samples before `first`, through their update, to H1 of those from it on. */
static quern_status launch_columns(quern__cl *cl, const quern__cl_steps *steps, const quern_steps_op *op,
                                   size_t first, size_t n, const quern_update *update, bool odd) {
  quern__arguments arguments = {0};
  quern__push_uint(&arguments, n);
  quern__push_uint(&arguments, steps->count);
  quern__push_uint(&arguments, next_batch(steps, op, first));
  quern__push_memory(&arguments, steps->layers);
  push_samples(&arguments, op, first);
  push_state(&arguments, op);
  push_results(&arguments, op, first - n);
  quern__push_faults(&arguments, cl);
  quern__push_update(&arguments, update);
  quern__push_uint(&arguments, steps->share);
  quern__push_uint(&arguments, odd);
  quern__push_uint(&arguments, steps->batch);
  quern__push_ulong(&arguments, steps->above_parameters);
  quern__push_ulong(&arguments, steps->above_outputs);
  quern__push_memory(&arguments, steps->places);
  const quern__range range = {.dimensions = 1, .global = {steps->sharers}, .local = {1}};
  return quern__cl_launch(cl, QUERN__KERNEL_steps_columns, range, &arguments);
}

/* A launch more than there are steps: the first only goes forward, the last only back. */
static quern_status run_columns(quern__cl *cl, const quern__cl_steps *steps, const quern_steps_op *op) {
  bool odd = false;
  size_t first = 0, n = 0, step = 0;
  do {
    first += n;
    /* The first has none: it is passed what it does not read. */
    const quern_update *update = &op->updates[step > 0 ? step - 1 : 0];
    QUERN__FORWARD(launch_columns(cl, steps, op, first, n, update, odd));
    step++;
    n = next_batch(steps, op, first);
    odd = !odd;
  } while (n > 0);
  return QUERN_OK;
}

quern_status quern__cl_steps_run(void *state, void *made, const quern_steps_op *op) {
  quern__cl *cl = state;
  const quern__cl_steps *steps = made;
  size_t count = 1;
  /* By what is asked for, never by how many steps happen to be left: the forms add up in different orders. */
  const bool alone = op->indices.memory == NULL;
  if (steps->form == QUERN__STEPS_COLUMNS && !(steps->alone_in_blocks && alone))
    return run_columns(cl, steps, op);
  for (size_t first = 0, step = 0; first < op->n; step += count) {
    const size_t left = op->n - first, n = next_batch(steps, op, first);
    const quern_update *update = &op->updates[step];
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
