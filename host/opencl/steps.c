/* Whole training steps: whether they pay, and how their work is divided. */
#include "steps.h"

#include "../size.h"
#include <stdlib.h>

/* Work-items of steps_weights wanted for each compute unit: enough to even out their ends. */
enum { ITEMS_A_UNIT = 8 };
/* Samples that a work-item of steps_rows takes at least, in tiles: below, W would be read for too few. */
enum { TILES_A_BLOCK = 2 };
/* Every block of samples reads all parameters, and op by op only a strip: from so many bytes on that is slower than the launches
 * it saves (docs/measurements.md). */
enum { MOST_BYTES = 5 << 19 };
/* A launch of many steps ends within some milliseconds. */
static const double most_flops_a_launch = 2e8;
enum { MOST_STEPS = 1024 };

/* As in kernels/steps.cl. */
typedef struct device_layer {
  cl_uint in, out;
  cl_int activation;
  cl_float slope;
  cl_ulong weights, bias, output;
  cl_uint learns_weights, learns_bias;
  cl_uint first_item, strips, rows;
} device_layer;

size_t quern__cl_steps_least(const quern__cl *cl) {
  return (size_t)cl->tuning.forward.rows * TILES_A_BLOCK;
}

/* Vectors of the work in a strip of W, much as weights_vectors() in kernels/dense_backward_weights.cl has it. */
static size_t strip_vectors(const quern__cl *cl, size_t out) {
  const size_t needed = quern__divide_up(out, cl->tuning.vector_width),
               most = cl->tuning.backward_weights.vectors;
  return needed < most ? needed : most;
}

/* Divides the layers that learn among work-items of much the same cost, each a strip of W by a number of inputs in whole
 * vectors. The top layer's come first: they are often the small ones, and an implementation that hands out halves of what is left
 * (PoCL) then ends evenly. */
static void place_items(const quern__cl *cl, quern__cl_steps *steps, device_layer *table) {
  const size_t width = cl->tuning.vector_width, columns = width * cl->tuning.backward_weights.vectors;
  double cost = 0;
  for (size_t l = steps->lowest; l < steps->count; l++)
    cost += (double)table[l].in *
            (double)(quern__divide_up(table[l].out, columns) * strip_vectors(cl, table[l].out));
  const double each = cost / (double)(cl->compute_units * ITEMS_A_UNIT);
  for (size_t l = steps->count; l-- > steps->lowest;) {
    device_layer *layer = &table[l];
    const size_t most = quern__divide_up(layer->in, width);
    const double wanted = (double)layer->in * (double)strip_vectors(cl, layer->out) / each;
    size_t parts = wanted < 1 ? 1 : wanted < (double)most ? (size_t)(wanted + 0.5) : most;
    layer->rows = (cl_uint)(quern__divide_up(quern__divide_up(layer->in, parts), width) * width);
    parts = quern__divide_up(layer->in, layer->rows);
    layer->strips = (cl_uint)quern__divide_up(layer->out, columns);
    layer->first_item = (cl_uint)steps->items;
    steps->items += parts * layer->strips;
  }
}

/* How many steps one work-item takes in a launch because that is quicker than the launches that all compute units would need
 * for each: two where a batch gives every unit a block of its own, else one an op. 0 where it is not. */
static size_t steps_a_launch(const quern__cl *cl, const quern__cl_steps *steps, double flops,
                             bool in_blocks) {
  const double units = (double)cl->compute_units;
  const double launches = in_blocks ? 2 : 3 * (double)steps->count + 2;
  if (flops * (units - 1) > launches * 1e3 * cl->tuning.launch_kiloflops * units) return 0;
  const double most = most_flops_a_launch / flops;
  return most < 1 ? 1 : most < MOST_STEPS ? (size_t)most : MOST_STEPS;
}

/* Whether whole steps pay: where launches are known to cost, there are enough samples and not too many parameters. */
static bool pays(const quern__cl *cl, quern__cl_steps *steps, const device_layer *table) {
  if (cl->tuning.launch_kiloflops == 0) return false;
  double weights = 0;
  for (size_t l = 0; l < steps->count; l++) weights += (double)table[l].in * (double)table[l].out;
  const bool in_blocks = weights * sizeof(cl_float) <= MOST_BYTES &&
                         steps->batch >= cl->compute_units * quern__cl_steps_least(cl);
  steps->serial = steps_a_launch(cl, steps, 6 * (double)steps->batch * weights, in_blocks);
  return in_blocks || steps->serial > 0;
}

quern_status quern__cl_steps_create(void *state, const quern_steps_layer *layers, size_t layer_count,
                                    size_t batch, void **made) {
  quern__cl *cl = state;
  *made = NULL;
  quern__cl_steps *steps = calloc(1, sizeof *steps);
  device_layer *table = calloc(layer_count, sizeof *table);
  quern_status status = QUERN_OK;
  if (steps == NULL || table == NULL) {
    status = quern__fail_memory("training steps", layer_count * sizeof *table);
    goto cleanup;
  }
  *steps =
      (quern__cl_steps){.count = layer_count, .lowest = layer_count, .inputs = layers[0].in, .batch = batch};
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
  }
  if (steps->lowest == layer_count || !pays(cl, steps, table))
    goto cleanup; /* nothing learns, or op by op is better */
  place_items(cl, steps, table);
  cl_int error = CL_SUCCESS;
  steps->layers = quern__cl_call.CreateBuffer(cl->context, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR,
                                              layer_count * sizeof *table, table, &error);
  QUERN__TRY(quern__cl_check(error, "clCreateBuffer", "training steps"));
  *made = steps;
  steps = NULL;

cleanup:
  free(table);
  free(steps);
  return status;
}

void quern__cl_steps_free(void *state, void *made) {
  (void)state;
  quern__cl_steps *steps = made;
  quern__cl_call.ReleaseMemObject(steps->layers);
  free(steps);
}
