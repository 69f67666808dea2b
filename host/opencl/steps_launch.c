/* Launches of whole training steps: kernels/steps.cl. */
#include "../size.h"
#include "steps.h"

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
  quern__push_span(arguments, op->parameters);
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
  quern__push_faults(&arguments, cl);
  quern__push_uint(&arguments, blocks * least);
  const quern__range range = {.dimensions = 1, .global = {quern__divide_up(n, blocks * least)}, .local = {1}};
  return quern__cl_launch(cl, QUERN__KERNEL_steps_rows, range, &arguments);
}

static quern_status launch_weights(quern__cl *cl, const quern__cl_steps *steps, const quern_steps_op *op,
                                   size_t n) {
  quern__arguments arguments = {0};
  quern__push_uint(&arguments, n);
  quern__push_uint(&arguments, steps->count);
  quern__push_uint(&arguments, steps->lowest);
  quern__push_memory(&arguments, steps->layers);
  quern__push_span(&arguments, op->indices.memory != NULL ? op->x : op->source);
  quern__push_span(&arguments, op->outputs);
  quern__push_span(&arguments, op->dz);
  quern__push_float(&arguments, op->sgd.learning_rate);
  quern__push_float(&arguments, op->sgd.weight_decay);
  quern__push_span(&arguments, op->parameters);
  const quern__range range = {.dimensions = 1, .global = {steps->items}, .local = {1}};
  return quern__cl_launch(cl, QUERN__KERNEL_steps_weights, range, &arguments);
}

/* `count` whole steps of n samples from `first` on, in one launch. */
static quern_status launch_serial(quern__cl *cl, const quern__cl_steps *steps, const quern_steps_op *op,
                                  size_t first, size_t count, size_t n) {
  quern__arguments arguments = {0};
  push_batch(&arguments, steps, op, first, n);
  quern__push_faults(&arguments, cl);
  quern__push_uint(&arguments, count);
  quern__push_float(&arguments, op->sgd.learning_rate);
  quern__push_float(&arguments, op->sgd.weight_decay);
  return quern__cl_launch(cl, QUERN__KERNEL_steps_serial,
                          (quern__range){.dimensions = 1, .global = {1}, .local = {1}}, &arguments);
}

static size_t next_batch(const quern__cl_steps *steps, const quern_steps_op *op, size_t first) {
  const size_t left = op->n - first;
  return left < steps->batch ? left : steps->batch;
}

/* From H1 of the n samples before `first` to H1 of those from it on. */
static quern_status launch_columns(quern__cl *cl, const quern__cl_steps *steps, const quern_steps_op *op,
                                   size_t first, size_t n, bool odd) {
  quern__arguments arguments = {0};
  quern__push_uint(&arguments, n);
  quern__push_uint(&arguments, steps->count);
  quern__push_uint(&arguments, next_batch(steps, op, first));
  quern__push_memory(&arguments, steps->layers);
  push_samples(&arguments, op, first);
  quern__push_span(&arguments, op->parameters);
  quern__push_span(&arguments, op->outputs);
  quern__push_span(&arguments, op->dz);
  quern__push_span(&arguments, moved(op->losses, first - n));
  quern__push_faults(&arguments, cl);
  quern__push_float(&arguments, op->sgd.learning_rate);
  quern__push_float(&arguments, op->sgd.weight_decay);
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
  size_t first = 0, n = 0;
  do {
    first += n;
    QUERN__FORWARD(launch_columns(cl, steps, op, first, n, odd));
    n = next_batch(steps, op, first);
    odd = !odd;
  } while (n > 0);
  return QUERN_OK;
}

quern_status quern__cl_steps_run(void *state, void *made, const quern_steps_op *op) {
  quern__cl *cl = state;
  const quern__cl_steps *steps = made;
  if (steps->form == QUERN__STEPS_COLUMNS && !(steps->alone_in_blocks && op->n <= steps->batch))
    return run_columns(cl, steps, op);
  for (size_t first = 0; first < op->n;) {
    const size_t left = op->n - first, n = next_batch(steps, op, first);
    size_t count = 1;
    if (steps->form == QUERN__STEPS_SERIAL) {
      count = left / n < steps->serial ? left / n : steps->serial;
      QUERN__FORWARD(launch_serial(cl, steps, op, first, count, n));
    } else {
      QUERN__FORWARD(launch_rows(cl, steps, op, first, n));
      QUERN__FORWARD(launch_weights(cl, steps, op, n));
    }
    first += count * n;
  }
  return QUERN_OK;
}
