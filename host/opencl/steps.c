/* Launches of whole training steps: kernels/steps.cl. */
#include "state.h"

#include <stdlib.h>
#include <string.h>

/* Work-items of steps_weights wanted for each compute unit: enough to even out their ends. */
enum { ITEMS_A_UNIT = 8 };
/* Samples that a work-item of steps_rows takes at least, in tiles: below, W would be copied into panels for too few. */
enum { TILES_A_BLOCK = 2 };
/* Up to so many floating-point operations a step, one work-item alone is quicker than launches for all (docs/measurements.md),
 * and so many steps are one launch: a launch ends within some milliseconds, and a loop within what llvmpipe allows. */
enum { SERIAL_FLOPS = 100000, SERIAL_STEPS = 1024 };

/* As in kernels/steps.cl. */
typedef struct device_layer {
  cl_uint in, out;
  cl_int activation;
  cl_float slope;
  cl_ulong weights, bias, output;
  cl_uint learns_weights, learns_bias;
  cl_uint first_item, strips, rows;
} device_layer;

typedef struct cl_steps {
  cl_mem layers;
  device_layer *table; /* owned: what `layers` holds */
  size_t bottom;
  size_t count, lowest, inputs, batch;
  size_t items; /* of steps_weights */
  bool serial;
} cl_steps;

static size_t divide_up(size_t a, size_t b) {
  return a / b + (a % b != 0);
}

/* Vectors of a strip of W, as strip_vectors() in kernels/dense_tile.cl has it. */
static size_t strip_vectors(const quern__cl *cl, size_t out) {
  return out <= cl->tuning.vector_width ? 1 : cl->tuning.backward_weights.vectors;
}

/* Divides the layers that learn among work-items of much the same cost, each a strip of W by a number of inputs in whole
 * vectors. The top layer's come first: they are often the small ones, and an implementation that hands out halves of what is left
 * (PoCL) then ends evenly. */
static void place_items(const quern__cl *cl, cl_steps *steps, device_layer *table) {
  const size_t width = cl->tuning.vector_width, columns = width * cl->tuning.backward_weights.vectors;
  double cost = 0;
  for (size_t l = steps->lowest; l < steps->count; l++)
    cost += (double)table[l].in * (double)(divide_up(table[l].out, columns) * strip_vectors(cl, table[l].out));
  const double each = cost / (double)(cl->compute_units * ITEMS_A_UNIT);
  for (size_t l = steps->count; l-- > steps->lowest;) {
    device_layer *layer = &table[l];
    const size_t most = divide_up(layer->in, width);
    const double wanted = (double)layer->in * (double)strip_vectors(cl, layer->out) / each;
    size_t parts = wanted < 1 ? 1 : wanted < (double)most ? (size_t)(wanted + 0.5) : most;
    layer->rows = (cl_uint)(divide_up(divide_up(layer->in, parts), width) * width);
    parts = divide_up(layer->in, layer->rows);
    layer->strips = (cl_uint)divide_up(layer->out, columns);
    layer->first_item = (cl_uint)steps->items;
    steps->items += parts * layer->strips;
  }
}

/* Whether whole steps pay: work-items compute tiles, and a batch gives each compute unit a block of its own. */
static bool pays(const quern__cl *cl, const cl_steps *steps) {
  if (cl->tuning.dense == QUERN__DENSE_GROUP) return false;
  return steps->serial || steps->batch >= cl->compute_units * cl->tuning.forward.rows * TILES_A_BLOCK;
}

quern_status quern__cl_steps_create(void *state, const quern_steps_layer *layers, size_t layer_count,
                                    size_t batch, void **made) {
  quern__cl *cl = state;
  *made = NULL;
  cl_steps *steps = calloc(1, sizeof *steps);
  device_layer *table = calloc(layer_count, sizeof *table);
  quern_status status = QUERN_OK;
  if (steps == NULL || table == NULL) {
    status = quern__fail_memory("training steps", layer_count * sizeof *table);
    goto cleanup;
  }
  *steps = (cl_steps){.count = layer_count, .lowest = layer_count, .inputs = layers[0].in, .batch = batch};
  double flops = 0;
  for (size_t l = 0; l < layer_count; l++) {
    const quern_steps_layer *layer = &layers[l];
    table[l] = (device_layer){.in = (cl_uint)layer->in,
                              .out = (cl_uint)layer->out,
                              .activation = (cl_int)layer->activation.kind,
                              .slope = layer->activation.slope,
                              .weights = layer->weights,
                              .bias = layer->bias,
                              .output = layer->output,
                              .learns_weights = layer->learns_weights,
                              .learns_bias = layer->learns_bias};
    if (steps->lowest == layer_count && (layer->learns_weights || layer->learns_bias)) steps->lowest = l;
    flops += 6.0 * (double)batch * (double)layer->in * (double)layer->out;
  }
  steps->serial = flops <= SERIAL_FLOPS;
  if (getenv("QUERN_EXP") && atoi(getenv("QUERN_EXP")) < 0) goto cleanup;
  if (steps->lowest == layer_count || !pays(cl, steps))
    goto cleanup; /* nothing learns, or op by op is better */
  place_items(cl, steps, table);
  cl_int error = CL_SUCCESS;
  steps->layers = quern__cl_call.CreateBuffer(cl->context, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR,
                                              layer_count * sizeof *table, table, &error);
  QUERN__TRY(quern__cl_check(error, "clCreateBuffer", "training steps"));
  steps->table = table;
  table = NULL;
  steps->bottom = getenv("QUERN_EXP") ? (size_t)atoi(getenv("QUERN_EXP")) : 0;
  *made = steps;
  steps = NULL;

cleanup:
  free(table);
  free(steps);
  return status;
}

void quern__cl_steps_free(void *state, void *made) {
  (void)state;
  cl_steps *steps = made;
  quern__cl_call.ReleaseMemObject(steps->layers);
  free(steps->table);
  free(steps);
}

static void push_network(quern__arguments *arguments, const cl_steps *steps, size_t n) {
  quern__push_uint(arguments, n);
  quern__push_uint(arguments, steps->count);
  quern__push_uint(arguments, steps->lowest);
  quern__push_memory(arguments, steps->layers);
}

static quern_span moved(quern_span span, size_t elements) {
  if (span.memory != NULL) span.offset += elements;
  return span;
}

/* n samples from `first` on, gathered where they have to be, in two launches. */
static quern_status run_step(quern__cl *cl, const cl_steps *steps, const quern_steps_op *op, size_t first,
                             size_t n) {
  quern_span x = op->source, labels = op->labels;
  if (op->indices.memory != NULL) {
    x = op->x;
    labels = op->batch_labels;
    const quern_span indices = moved(op->indices, first);
    const quern_gather_rows_op rows = {.source_rows = op->source_rows,
                                       .n = n,
                                       .columns = steps->inputs,
                                       .element = op->element,
                                       .source = op->source,
                                       .indices = indices,
                                       .scale = op->scale,
                                       .offset = op->offset,
                                       .x = x};
    const quern_gather_labels_op classes = {
        .source_rows = op->source_rows, .n = n, .source = op->labels, .indices = indices, .out = labels};
    QUERN__FORWARD(quern__cl_gather_rows(cl, &rows));
    QUERN__FORWARD(quern__cl_gather_labels(cl, &classes));
  }

  const size_t tile = cl->tuning.forward.rows;
  size_t block = divide_up(divide_up(n, cl->compute_units), tile);
  if (block < TILES_A_BLOCK) block = TILES_A_BLOCK;
  if (block >= 4 * TILES_A_BLOCK && !(getenv("QUERN_EXP") && strstr(getenv("QUERN_EXP"), ",1")))
    block = divide_up(block, 2); /* where there are enough, two each even out their ends */
  block *= tile;
  const device_layer *table = steps->table;
  const float *unused = NULL;
  (void)unused;
  for (size_t l = 0; l < steps->bottom; l++) {
    const quern_dense_forward_op forward = {
        .n = n,
        .in = table[l].in,
        .out = table[l].out,
        .x = l == 0 ? x : moved(op->outputs, table[l - 1].output),
        .w = moved(op->parameters, table[l].weights),
        .b = moved(op->parameters, table[l].bias),
        .activation = {(quern_activation_kind)table[l].activation, table[l].slope},
        .y = moved(op->outputs, table[l].output)};
    QUERN__FORWARD(quern__cl_dense_forward(cl, &forward));
  }
  quern__arguments rows = {0};
  quern__push_uint(&rows, n);
  quern__push_uint(&rows, steps->count);
  quern__push_uint(&rows, steps->bottom);
  quern__push_uint(&rows, steps->lowest);
  quern__push_memory(&rows, steps->layers);
  quern__push_span(&rows, x);
  quern__push_span(&rows, labels);
  quern__push_float(&rows, 1.0f / (float)n);
  quern__push_span(&rows, op->parameters);
  quern__push_span(&rows, op->outputs);
  quern__push_span(&rows, op->dz);
  quern__push_span(&rows, moved(op->losses, first));
  quern__push_faults(&rows, cl);
  quern__push_uint(&rows, block);
  const quern__range blocks = {.dimensions = 1, .global = {divide_up(n, block)}, .local = {1}};
  QUERN__FORWARD(quern__cl_launch(cl, QUERN__KERNEL_steps_rows, blocks, &rows));

  for (size_t l = steps->bottom; l-- > 0;) {
    if (l <= steps->lowest) break;
    const quern_dense_backward_data_op data = {
        .n = n,
        .in = table[l].in,
        .out = table[l].out,
        .dz = moved(op->dz, table[l].output),
        .w = moved(op->parameters, table[l].weights),
        .h = moved(op->outputs, table[l - 1].output),
        .activation = {(quern_activation_kind)table[l - 1].activation, table[l - 1].slope},
        .dx = moved(op->dz, table[l - 1].output)};
    QUERN__FORWARD(quern__cl_dense_backward_data(cl, &data));
  }
  quern__arguments weights = {0};
  push_network(&weights, steps, n);
  quern__push_span(&weights, x);
  quern__push_span(&weights, op->outputs);
  quern__push_span(&weights, op->dz);
  quern__push_float(&weights, op->sgd.learning_rate);
  quern__push_float(&weights, op->sgd.weight_decay);
  quern__push_span(&weights, op->parameters);
  const quern__range items = {.dimensions = 1, .global = {steps->items}, .local = {1}};
  return quern__cl_launch(cl, QUERN__KERNEL_steps_weights, items, &weights);
}

/* `count` whole steps of n samples from `first` on, in one launch. */
static quern_status run_serial(quern__cl *cl, const cl_steps *steps, const quern_steps_op *op, size_t first,
                               size_t count, size_t n) {
  quern__arguments arguments = {0};
  quern__push_uint(&arguments, count);
  push_network(&arguments, steps, n);
  quern__push_int(&arguments, op->element == QUERN_UINT8);
  quern__push_uint(&arguments, op->source_rows);
  quern__push_span(&arguments, op->source);
  quern__push_span(&arguments, op->labels);
  quern__push_span(&arguments, moved(op->indices, first));
  quern__push_float(&arguments, op->scale);
  quern__push_float(&arguments, op->offset);
  quern__push_span(&arguments, op->x);
  quern__push_span(&arguments, op->batch_labels);
  quern__push_span(&arguments, op->parameters);
  quern__push_span(&arguments, op->outputs);
  quern__push_span(&arguments, op->dz);
  quern__push_span(&arguments, moved(op->losses, first));
  quern__push_float(&arguments, op->sgd.learning_rate);
  quern__push_float(&arguments, op->sgd.weight_decay);
  quern__push_faults(&arguments, cl);
  return quern__cl_launch(cl, QUERN__KERNEL_steps_serial,
                          (quern__range){.dimensions = 1, .global = {1}, .local = {1}}, &arguments);
}

quern_status quern__cl_steps_run(void *state, void *made, const quern_steps_op *op) {
  quern__cl *cl = state;
  const cl_steps *steps = made;
  const bool serial = steps->serial && op->indices.memory != NULL;
  for (size_t first = 0; first < op->n;) {
    const size_t left = op->n - first, n = left < steps->batch ? left : steps->batch;
    size_t count = 1;
    if (serial) {
      count = left / n < SERIAL_STEPS ? left / n : SERIAL_STEPS;
      QUERN__FORWARD(run_serial(cl, steps, op, first, count, n));
    } else {
      QUERN__FORWARD(run_step(cl, steps, op, first, n));
    }
    first += count * n;
  }
  return QUERN_OK;
}
