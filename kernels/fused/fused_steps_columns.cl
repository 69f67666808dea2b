/* Whole training steps in one launch each, for networks with one large layer, the lowest, and a
 * small network above it. Needs fused_steps.cl and the files that it needs.
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

/* A work-item's own data: the batch, and the network above with its outputs and their gradients. */
typedef struct {
  __global float *x;
  __global int *labels;
  StepsParameters learned;
  __global float *outputs, *dz;
} StepsOwn;

/* Runs one step of the `count` layers above, whose input is `hidden`, and computes dZ1 of columns
 * `first` to `end`. */
void steps_above(uint n, uint count, __global const StepsLayer *above,
                 __global const StepsLayer *lowest, StepsOwn own, __global const float *hidden,
                 __global float *dz, __global float *losses, __global int *faults,
                 OptimizerStep update, size_t first, size_t end) {
  steps_block(count, 0, above, hidden, own.labels, 1.0f / (float)n, own.learned.values, own.outputs,
              own.dz, losses, faults, 0, n);
  for (size_t column = first; column < end; column += DATA_COLUMNS)
    data_strip(above->in, above->out, own.dz + above->output, own.learned.values + above->weights,
               hidden, lowest->activation, lowest->slope, 0, dz, column, 0, n);
  for (uint l = 0; l < count; l++)
    for (size_t column = 0; column < above[l].out; column += WEIGHTS_COLUMNS)
      steps_strip(n, above, l, hidden, own.outputs, own.dz, update, own.learned, column, 0,
                  above[l].in);
}

/* `layers` holds all layers, then those above the lowest again, with offsets relative to the first
 * parameter and output above it. Each work-item owns `share` columns, a multiple of each product's
 * strips.
 *
 * n: samples of the last gathered batch, whose H1 `odd` locates; 0 if there is none yet. `next`:
 * samples to gather and to compute H1 for, or 0. `places` has room for H1 of `batch` samples. It
 * then has, for each work-item except the first, a StepsOwn: inputs and labels of `batch` samples,
 * above_parameters once and again per optimizer state, and twice above_outputs. */
__kernel void fused_steps_columns(uint n, uint count, uint next, __global const StepsLayer *layers,
                                  STEPS_SAMPLES, STEPS_PARAMETERS, __global float *outputs,
                                  ulong outputs_offset, __global float *dz, ulong dz_offset,
                                  __global float *losses, ulong losses_offset, __global int *faults,
                                  OPTIMIZER_PARAMETERS, uint share, uint odd, uint batch,
                                  ulong above_parameters, ulong above_outputs,
                                  __global float *places) {
  const size_t item = get_global_id(0), first = item * share;
  if (first >= layers->out) return;
  __global const StepsLayer *lowest = layers, *above = layers + count;
  const size_t end = min(first + share, (size_t)lowest->out);
  const size_t hidden = (size_t)batch * lowest->out, inputs = (size_t)batch * lowest->in;
  const OptimizerStep update = OPTIMIZER_OF_PARAMETERS;
  const StepsParameters all = STEPS_PARAMETERS_OF;
  const int keeps_momentum = momentum != 0, keeps_square = square != 0;
  const ulong ranges = 1 + keeps_momentum + keeps_square;
  const ulong above_first = layers[1].weights;
  outputs += outputs_offset + lowest->output;
  dz += dz_offset + lowest->output;

  StepsOwn own = {x + x_offset,
                  batch_labels + batch_labels_offset,
                  {all.values + above_first, all.momentum + above_first, all.square + above_first},
                  outputs + hidden,
                  dz + hidden};
  if (item > 0) {
    const StepsParameters learned = own.learned;
    __global float *place =
        places + hidden +
        (item - 1) * (inputs + batch + ranges * above_parameters + 2 * above_outputs);
    if (indices) {
      own.x = place;
      own.labels = (__global int *)(place + inputs);
    }
    own.learned.values = place + inputs + batch;
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
    steps_above(n, count - 1, above, lowest, own, odd ? places : outputs, dz,
                item > 0 || !losses ? 0 : losses + losses_offset, faults, update, first, end);
    for (size_t column = first; column < end; column += WEIGHTS_COLUMNS)
      steps_strip(n, layers, 0, own.x, outputs, dz - lowest->output, update, all, column, 0,
                  lowest->in);
  }
  if (next > 0) {
    if (indices)
      steps_gather(lowest->in, is_bytes, source_rows, source, source_offset, labels + labels_offset,
                   indices + indices_offset, factor, offset, own.x, own.labels, faults, 0, next);
    for (size_t column = first; column < end; column += FORWARD_COLUMNS)
      forward_strip(lowest->in, lowest->out, own.x, all.values + lowest->weights,
                    all.values + lowest->bias, lowest->activation, lowest->slope,
                    odd ? outputs : places, column, 0, next);
  }
}
