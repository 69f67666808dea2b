/* Whole training steps in one launch each, for networks with one large layer, the lowest, and a
 * small network above it. Needs fused_steps.cl, fused_steps_kernels.cl and the files that they
 * need.
 *
 * A work-item owns some columns of the lowest layer: units with their weights W1. They are
 * independent of other units until the layer above combines their outputs H1. A launch therefore
 * starts with the complete H1, and each work-item computes its part of the next step's H1 without
 * waiting for others:
 *
 *   each work-item separately, all the same:
 *   H1, all of it ──► the network above: forward, loss, backward, update
 *                       │
 *                       ▼
 *                    dZ1 ──► W1, b1 ──► H1 of the next batch
 *                    each work-item its own columns
 *
 * The work that every work-item repeats costs less than a second launch
 * (host/opencl/launch/fused_steps.c decides). The first one uses the plan's buffers. Each other has
 * its own copy of the batch and of the network above, which stay bitwise equal. H1 alternates
 * between two buffers, since a work-item writes the next H1 while others still read this one. */

/* A work-item's own data: its copy of the network above, with its outputs and their gradients. */
typedef struct {
  StepsParameters learned;
  __global float *outputs, *dz;
} StepsOwn;

/* Runs one step of the network above, whose input is `hidden`, and computes dZ1 of columns `first`
 * to `end`. */
void steps_above(uint n, const StepsNetwork *above, __global const StepsLayer *lowest,
                 const StepsSamples *samples, const StepsOwn *own, __global const float *hidden,
                 __global float *dz, __global float *losses, __global int *faults,
                 OptimizerStep update, size_t first, size_t end) {
  __global const StepsLayer *second = above->layers;
  steps_block(n, above, samples, hidden, own->learned.values, own->outputs, own->dz, losses, faults,
              0, n);
  steps_layer_back(second, lowest, own->dz + second->output, own->learned.values, hidden, dz, first,
                   end, 0, n);
  for (uint l = 0; l < above->count; l++)
    for (size_t column = 0; column < above->layers[l].out; column += WEIGHTS_COLUMNS)
      steps_strip(n, above->layers, l, above->normals, hidden, own->outputs, own->dz, update,
                  own->learned, column, 0, above->layers[l].in);
}

/* `layers` holds all layers, then those above the lowest again, with offsets relative to the first
 * parameter and output above it. Each work-item owns `share` columns, a multiple of each product's
 * strips.
 *
 * n: samples of the last gathered batch, whose H1 `odd` locates; 0 if there is none yet. `next`:
 * samples to gather and to compute H1 for, or 0; theirs is the step `step`. `places` has room for
 * H1 of `batch` samples. It then has, for each work-item except the first: inputs, labels and
 * `target_floats` targets of a batch, above_parameters once and again per optimizer state, and
 * twice above_outputs. `normals` has room for normal_floats of each work-item. */
__kernel void fused_steps_columns(uint n, STEPS_NETWORK, uint next, STEPS_SAMPLES, STEPS_PARAMETERS,
                                  __global float *outputs, ulong outputs_offset, __global float *dz,
                                  ulong dz_offset, __global float *losses, ulong losses_offset,
                                  __global int *faults, OPTIMIZER_PARAMETERS, uint share, uint odd,
                                  uint batch, ulong target_floats, ulong above_parameters,
                                  ulong above_outputs, ulong normal_floats,
                                  __global float *places) {
  const size_t item = get_global_id(0), first = item * share;
  if (first >= layers->out) return;
  __global const StepsLayer *lowest_layer = layers;
  const size_t end = min(first + share, (size_t)lowest_layer->out);
  const size_t hidden = (size_t)batch * lowest_layer->out,
               inputs = (size_t)batch * lowest_layer->in;
  const OptimizerStep update = OPTIMIZER_OF_PARAMETERS;
  const StepsNetwork network = STEPS_NETWORK_OF;
  const StepsParameters all = STEPS_PARAMETERS_OF;
  StepsSamples samples = STEPS_SAMPLES_OF;
  const int keeps_momentum = momentum != 0, keeps_square = square != 0;
  const ulong ranges = 1 + keeps_momentum + keeps_square;
  const ulong above_first = layers[1].weights;
  outputs += outputs_offset + lowest_layer->output;
  dz += dz_offset + lowest_layer->output;

  StepsOwn own = {{all.values + above_first, all.momentum + above_first, all.square + above_first},
                  outputs + hidden,
                  dz + hidden};
  if (item > 0) {
    const StepsParameters learned = own.learned;
    __global float *place = places + hidden +
                            (item - 1) * (inputs + batch + target_floats +
                                          ranges * above_parameters + 2 * above_outputs);
    if (indices) {
      samples.x = place;
      samples.batch_labels = (__global int *)(place + inputs);
    }
    if (indices || labels) samples.batch_targets = place + inputs + batch;
    own.learned.values = place + inputs + batch + target_floats;
    own.learned.momentum = own.learned.values + above_parameters;
    own.learned.square = own.learned.values + (ranges - 1) * above_parameters;
    own.outputs = own.learned.values + ranges * above_parameters;
    own.dz = own.outputs + above_outputs;
    if (n == 0)
      for (ulong i = 0; i < above_parameters; i++) {
        own.learned.values[i] = learned.values[i];
        if (keeps_momentum) own.learned.momentum[i] = learned.momentum[i];
        if (keeps_square) own.learned.square[i] = learned.square[i];
      }
  }

  if (n > 0) {
    StepsNetwork above = network;
    above.count--;
    above.layers += count;
    above.lowest = 0;
    above.normals += item * normal_floats;
    above.step--;
    StepsSamples last = samples;
    if (indices) last.indices -= n;
    steps_above(n, &above, lowest_layer, &last, &own, odd ? places : outputs, dz,
                item > 0 || !losses ? 0 : losses + losses_offset, faults, update, first, end);
    for (size_t column = first; column < end; column += WEIGHTS_COLUMNS)
      steps_strip(n, layers, 0, normals, samples.x, outputs, dz - lowest_layer->output, update, all,
                  column, 0, lowest_layer->in);
  }
  if (next > 0) {
    steps_gather(&network, &samples, faults, 0, next);
    steps_layer_forward(lowest_layer, &network, samples.x, all.values, odd ? outputs : places, dz,
                        first, end, 0, next);
  }
}
