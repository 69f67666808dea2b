/* Whole training steps: in which form they are quickest, made and freed. */
#include "fused_steps.h"

#include "../../base/size.h"
#include <math.h>
#include <stdlib.h>

/* Every block of samples reads all parameters, and op by op only a strip: from so many bytes on
 * that is slower than the launches it saves (docs/measurements.md). */
enum { MOST_BYTES = 5 << 19 };
/* A launch of many steps ends within some milliseconds. */
static const double most_flops_a_launch = 2e8;
enum { MOST_STEPS = 1024 };

/* Parameters of the layers from `first` on, their outputs in whole vectors. */
static double weights_from(const quern__cl *cl, const quern_steps_layer *layers, size_t count,
                           size_t first) {
  const size_t width = cl->tuning.vector_width;
  double weights = 0;
  for (size_t l = first; l < count; l++)
    weights += (double)layers[l].in * (double)(quern__divide_up(layers[l].out, width) * width);
  return weights;
}

/* Operations of a step. */
static double flops_of(const quern__cl *cl, const quern_steps_network *network) {
  return 6 * (double)network->batch * weights_from(cl, network->layers, network->layer_count, 0);
}

/* How long a step takes in each form, in operations of one compute unit; a launch takes that of
 * tuning.launch_kiloflops thousand. INFINITY where the network does not allow it. */
static void estimate(const quern__cl *cl, const quern_steps_network *network,
                     const quern__cl_fused_steps *steps, double times[QUERN__STEPS_FORMS]) {
  const quern_steps_layer *layers = network->layers;
  const double launch = 1e3 * cl->tuning.launch_kiloflops, units = (double)cl->compute_units;
  const double weights = weights_from(cl, layers, steps->count, 0);
  const size_t least = quern__cl_fused_steps_least(cl);
  const double flops = flops_of(cl, network);
  times[QUERN__STEPS_SERIAL] = flops;
  times[QUERN__STEPS_OP_BY_OP] = flops / units + launch * (3 * (double)steps->count + 2);
  times[QUERN__STEPS_COLUMNS] = times[QUERN__STEPS_BLOCKS] = times[QUERN__STEPS_NETWORK] = INFINITY;

  if (weights * sizeof(cl_float) <= MOST_BYTES && steps->batch >= cl->compute_units * least)
    times[QUERN__STEPS_BLOCKS] = flops / units + launch * 2;

  const double share = (double)quern__cl_fused_steps_share(cl, layers->out);
  /* A normalization combines all units of a sample. */
  if (steps->count > 1 && steps->lowest == 0 && !layers->normalizes &&
      share < (double)layers->out) {
    /* The columns may move from one unit's cache to another's: so much that fewer samples cost as
     * many as these. */
    const double samples = (double)(steps->batch > least ? steps->batch : least);
    const double above = weights_from(cl, layers, steps->count, 1);
    times[QUERN__STEPS_COLUMNS] = 6 * samples * ((double)layers->in * share + above) + launch;
  }
}

static void choose_form(const quern__cl *cl, const quern_steps_network *network,
                        quern__cl_fused_steps *steps) {
  double times[QUERN__STEPS_FORMS];
  steps->form = QUERN__STEPS_OP_BY_OP;
  if (cl->tuning.dense == QUERN__DENSE_GROUP)
    return; /* the kernels are made of the other family's tiles */
  estimate(cl, network, steps, times);
  if (cl->steps_forced) {
    if (isfinite(times[cl->steps_form]) ||
        (cl->steps_form == QUERN__STEPS_NETWORK && quern__cl_network_steps_can(cl, network)))
      steps->form = cl->steps_form;
  } else if (cl->tuning.launch_kiloflops > 0) {
    for (quern__steps_form form = 0; form < QUERN__STEPS_FORMS; form++)
      if (times[form] < times[steps->form]) steps->form = form;
  }
  if (!cl->steps_forced && steps->form == QUERN__STEPS_SERIAL &&
      quern__cl_network_steps_pay(cl, network, flops_of(cl, network)))
    steps->form = QUERN__STEPS_NETWORK;
  steps->alone_in_blocks = !cl->steps_forced && isfinite(times[QUERN__STEPS_BLOCKS]);
  if (steps->form != QUERN__STEPS_SERIAL && steps->form != QUERN__STEPS_NETWORK) return;
  const double most = most_flops_a_launch / times[QUERN__STEPS_SERIAL];
  steps->serial = most < 1 ? 1 : most < MOST_STEPS ? (size_t)most : MOST_STEPS;
}

/* Written to at once, so that a device without the memory reports it here. */
static quern_status create_memory(quern__cl *cl, size_t bytes, cl_mem *memory) {
  void *created;
  QUERN__FORWARD(quern__cl_buffer_create(cl, bytes, &created));
  *memory = created;
  return quern__cl_buffer_fill(cl, created, 0, bytes, 0);
}

static quern_status create_buffers(quern__cl *cl, const quern_steps_layer *layers,
                                   quern__cl_fused_steps *steps) {
  size_t bytes;
  if (steps->form == QUERN__STEPS_COLUMNS) {
    QUERN__FORWARD(quern__cl_fused_steps_places(steps, layers, &bytes));
    QUERN__FORWARD(create_memory(cl, bytes, &steps->places));
  }
  if (steps->normal_floats == 0) return QUERN_OK;
  QUERN__FORWARD(quern__cl_fused_steps_normals(steps, &bytes));
  return create_memory(cl, bytes, &steps->normals);
}

quern_status quern__cl_fused_steps_create(void *state, const quern_steps_network *network,
                                          void **object) {
  quern__cl *cl = state;
  const quern_steps_layer *layers = network->layers;
  const size_t layer_count = network->layer_count;
  *object = NULL;
  quern__cl_fused_steps wanted = {.count = layer_count,
                                  .inputs = layers[0].in,
                                  .batch = network->batch,
                                  .kept = network->kept,
                                  .loss = network->loss,
                                  .delta = network->delta};
  while (wanted.lowest < layer_count && !layers[wanted.lowest].learns_weights &&
         !layers[wanted.lowest].learns_bias)
    wanted.lowest++;
  if (wanted.lowest == layer_count) return QUERN_OK; /* nothing learns */
  choose_form(cl, network, &wanted);
  if (wanted.form == QUERN__STEPS_OP_BY_OP) return QUERN_OK;

  quern_status status = QUERN_OK;
  size_t entries;
  quern__cl_fused_steps *steps = calloc(1, sizeof *steps);
  quern__cl_fused_steps_layer *table = quern__cl_fused_steps_lay_out(cl, layers, &wanted, &entries);
  if (steps == NULL || table == NULL) {
    status = quern__fail_memory("training steps", layer_count * sizeof *table);
    goto cleanup;
  }
  *steps = wanted;
  cl_int error = CL_SUCCESS;
  steps->layers = quern__cl_call.CreateBuffer(cl->context, CL_MEM_READ_ONLY | CL_MEM_COPY_HOST_PTR,
                                              entries * sizeof *table, table, &error);
  QUERN__TRY(quern__cl_check(error, "clCreateBuffer", "training steps"));
  QUERN__TRY(create_buffers(cl, layers, steps));
  if (steps->form == QUERN__STEPS_NETWORK)
    QUERN__TRY(quern__cl_network_steps_create(cl, network, steps));
  *object = steps;
  steps = NULL;

cleanup:
  free(table);
  if (steps != NULL) quern__cl_fused_steps_free(cl, steps);
  return status;
}

void quern__cl_fused_steps_free(void *state, void *object) {
  (void)state;
  quern__cl_fused_steps *steps = object;
  quern__cl_network_steps_free(steps);
  if (steps->layers != NULL) quern__cl_call.ReleaseMemObject(steps->layers);
  if (steps->places != NULL) quern__cl_call.ReleaseMemObject(steps->places);
  if (steps->normals != NULL) quern__cl_call.ReleaseMemObject(steps->normals);
  free(steps);
}
