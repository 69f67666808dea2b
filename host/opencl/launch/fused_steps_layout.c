/* How the work of whole training steps is divided among work-items. */
#include "../../base/error.h"
#include "../../base/size.h"
#include "fused_steps.h"

#include <stdlib.h>

/* Work-items of fused_steps_weights wanted for each compute unit: enough to even out their ends. */
enum { ITEMS_A_UNIT = 8 };
/* Samples that a work-item of fused_steps_rows takes at least, in tiles: below, W would be read for
 * too few. */
enum { TILES_A_BLOCK = 2 };

/* Units whose dropout masks are made together (kernels/layer/dropout.cl). */
enum { MASK_BLOCK = 4 };

size_t quern__cl_fused_steps_least(const quern__cl *cl) {
  return (size_t)cl->tuning.forward.rows * TILES_A_BLOCK;
}

static size_t common_multiple(size_t a, size_t b) {
  size_t multiple = a;
  while (multiple % b != 0) multiple += a;
  return multiple;
}

size_t quern__cl_fused_steps_share(const quern__cl *cl, size_t out) {
  const quern__cl_tuning *tuning = &cl->tuning;
  const size_t vectors =
      common_multiple(tuning->forward.vectors, common_multiple(tuning->backward_data.vectors,
                                                               tuning->backward_weights.vectors));
  const size_t strip = common_multiple(vectors * tuning->vector_width, MASK_BLOCK);
  return quern__divide_up(quern__divide_up(out, strip), cl->compute_units) * strip;
}

/* Vectors of the work in a strip of W, much as weights_vectors() in
 * kernels/dense/dense_backward_weights.cl has it. */
static size_t strip_vectors(const quern__cl *cl, size_t out) {
  const size_t needed = quern__divide_up(out, cl->tuning.vector_width),
               most = cl->tuning.backward_weights.vectors;
  return needed < most ? needed : most;
}

/* Divides the layers that learn among work-items of much the same cost, each a strip of W by a
 * number of inputs in whole lines. The top layer's come first: they are often the small ones, and
 * an implementation that hands out halves of what is left (PoCL) then ends evenly. */
static void divide_weights(const quern__cl *cl, quern__cl_fused_steps *steps,
                           quern__cl_fused_steps_layer *table) {
  const size_t width = cl->tuning.vector_width,
               columns = width * cl->tuning.backward_weights.vectors;
  double cost = 0;
  for (size_t l = steps->lowest; l < steps->count; l++)
    cost += (double)table[l].in *
            (double)(quern__divide_up(table[l].out, columns) * strip_vectors(cl, table[l].out));
  const double each = cost / (double)(cl->compute_units * ITEMS_A_UNIT);
  for (size_t l = steps->count; l-- > steps->lowest;) {
    quern__cl_fused_steps_layer *layer = &table[l];
    const size_t most = quern__divide_up(layer->in, QUERN__CL_LINE);
    const double wanted = (double)layer->in * (double)strip_vectors(cl, layer->out) / each;
    size_t parts = wanted < 1 ? 1 : wanted < (double)most ? (size_t)(wanted + 0.5) : most;
    layer->rows = (cl_uint)(quern__divide_up(quern__divide_up(layer->in, parts), QUERN__CL_LINE) *
                            QUERN__CL_LINE);
    parts = quern__divide_up(layer->in, layer->rows);
    layer->strips = (cl_uint)quern__divide_up(layer->out, columns);
    layer->first_item = (cl_uint)steps->items;
    steps->items += parts * layer->strips;
  }
}

/* The layers above the lowest once more, as a network of their own. */
static void divide_columns(const quern__cl *cl, quern__cl_fused_steps *steps,
                           quern__cl_fused_steps_layer *table) {
  const quern__cl_fused_steps_layer *second = &table[1], *last = &table[steps->count - 1];
  quern__cl_fused_steps_layer *above = &table[steps->count];
  for (size_t l = 1; l < steps->count; l++, above++) {
    *above = table[l];
    above->weights -= second->weights;
    above->bias -= second->weights;
    above->output -= second->output;
    above->gamma -= second->weights;
    above->beta -= second->weights;
  }
  const cl_ulong last_part = last->normalizes ? last->beta : last->bias;
  steps->above_parameters = (size_t)(last_part - second->weights) + last->out;
  steps->above_outputs = (size_t)(last->output - second->output) + steps->batch * last->out;
  steps->target_floats = steps->loss == QUERN_LOSS_CATEGORICAL ? 0 : steps->batch * last->out;
  steps->share = quern__cl_fused_steps_share(cl, table->out);
  steps->sharers = quern__divide_up(table->out, steps->share);
}

/* Places in `normals` what each layer normalization keeps. Sizes are checked afterwards, by
 * quern__cl_fused_steps_normals. */
static void place_normals(quern__cl_fused_steps *steps, quern__cl_fused_steps_layer *table) {
  cl_ulong position = 0;
  for (size_t l = 0; l < steps->count; l++) {
    quern__cl_fused_steps_layer *layer = &table[l];
    if (!layer->normalizes) continue;
    const cl_ulong values = (cl_ulong)steps->batch * layer->out;
    layer->product = position;
    layer->gradient = position + values;
    layer->statistics = position + 2 * values;
    position += 2 * values + 2 * steps->batch;
  }
  steps->normal_floats = (size_t)position;
}

quern__cl_fused_steps_layer *quern__cl_fused_steps_lay_out(const quern__cl *cl,
                                                           const quern_steps_layer *layers,
                                                           quern__cl_fused_steps *steps,
                                                           size_t *entries) {
  *entries = steps->form == QUERN__STEPS_COLUMNS ? 2 * steps->count - 1 : steps->count;
  quern__cl_fused_steps_layer *table = calloc(*entries, sizeof *table);
  if (table == NULL) return NULL;
  for (size_t l = 0; l < steps->count; l++) {
    const quern_steps_layer *layer = &layers[l];
    const bool reads_z = quern_activation_reads_z(layer->activation.kind);
    const bool activates_loss =
        l + 1 == steps->count && layer->activation.kind != QUERN_ACTIVATION_IDENTITY;
    table[l] = (quern__cl_fused_steps_layer){.in = (cl_uint)layer->in,
                                             .out = (cl_uint)layer->out,
                                             .activation = (cl_int)layer->activation.kind,
                                             .slope = layer->activation.slope,
                                             .weights = layer->weights,
                                             .bias = layer->bias,
                                             .output = layer->output,
                                             .learns_weights = layer->learns_weights,
                                             .learns_bias = layer->learns_bias,
                                             .index = (cl_uint)l,
                                             .threshold = layer->threshold,
                                             .scale = layer->scale,
                                             .reads_z = reads_z,
                                             .derives = reads_z || layer->threshold > 0 ||
                                                        activates_loss || layer->normalizes,
                                             .normalizes = layer->normalizes,
                                             .epsilon = layer->epsilon,
                                             .gamma = layer->gamma,
                                             .beta = layer->beta};
  }
  place_normals(steps, table);
  divide_weights(cl, steps, table);
  if (steps->form == QUERN__STEPS_COLUMNS) divide_columns(cl, steps, table);
  return table;
}

static quern_status fail_overflow(const quern__cl_fused_steps *steps) {
  return quern__fail(QUERN_ERROR_OVERFLOW,
                     "training steps: the size of a batch of %zu samples overflows", steps->batch);
}

quern_status quern__cl_fused_steps_normals(const quern__cl_fused_steps *steps, size_t *bytes) {
  const size_t copies = steps->form == QUERN__STEPS_COLUMNS ? steps->sharers : 1;
  if (quern__multiply(steps->normal_floats, copies * sizeof(cl_float), bytes)) return QUERN_OK;
  return fail_overflow(steps);
}

quern_status quern__cl_fused_steps_places(const quern__cl_fused_steps *steps,
                                          const quern_steps_layer *lowest, size_t *bytes) {
  size_t own, floats, learned;
  if (quern__multiply(steps->batch, lowest->in + 1, &own) &&
      quern__multiply(steps->above_parameters, 1 + steps->kept, &learned) &&
      quern__add(own, learned, &own) && quern__add(own, steps->target_floats, &own) &&
      quern__add(own, 2 * steps->above_outputs, &own) &&
      quern__multiply(own, steps->sharers - 1, &own) &&
      quern__multiply(steps->batch, lowest->out, &floats) && quern__add(floats, own, &floats) &&
      quern__multiply(floats, sizeof(cl_float), bytes))
    return QUERN_OK;
  return fail_overflow(steps);
}
