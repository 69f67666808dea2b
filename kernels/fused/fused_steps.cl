/* Whole training steps of a network with categorical cross-entropy, for devices whose work-items
 * compute a register tile each. One launch does all row-wise work and another updates all
 * parameters. The smallest networks run many steps per launch. Needs common.cl, optimizer_rules.cl,
 * the dense_*.cl for CPUs, loss.cl and gather.cl.
 *
 *   fused_steps_rows     a work-item takes a block of samples through gather, forward, loss and
 *                        backward data:
 *
 *                    x ──► H1 ──► … ──► Z ──► loss, dZ ──► … ──► dZ1
 *                  (samples `first` to `end` of each)
 *
 *   fused_steps_weights  a work-item applies the optimizer step to a strip of one layer's W, and
 *                        its b
 *   fused_steps_serial   one work-item alternates the two, batch after batch
 *
 * Samples of a batch are independent up to the parameters' gradients, so blocks need nothing from
 * each other. The separate launch leaves W unchanged until every block is done with it. */

/* A layer as laid out by the host (host/opencl/launch/fused_steps.c). Offsets are in floats, into
 * the flat parameters and the outputs. dZ has the layout of the outputs. */
typedef struct {
  uint in, out;
  int activation;
  float slope;
  ulong weights, bias, output;
  uint learns_weights, learns_bias;
  /* For fused_steps_weights: this layer's first work-item, its strips of W, and the inputs per
   * work-item. */
  uint first_item, strips, rows;
} StepsLayer;

/* Samples gathered together. Each is elsewhere in memory, so their cache misses overlap. */
#define GATHER_SAMPLES 8

/* Gathers samples `first` to `end` by index from the data set into x and batch_labels. */
void steps_gather(uint columns, int is_bytes, uint source_rows, __global const uchar *source,
                  ulong source_offset, __global const int *labels, __global const uint *indices,
                  float factor, float offset, __global float *x, __global int *batch_labels,
                  __global int *faults, size_t first, size_t end) {
  for (size_t row = first; row < end; row++) {
    const uint index = indices[row];
    batch_labels[row] = index < source_rows ? labels[index] : -1;
    if (index >= source_rows) quern_fault(faults, QUERN_FAULT_INDEX, (uint)row);
  }
  for (size_t block = first; block < end; block += GATHER_SAMPLES) {
    const size_t block_end = min(block + GATHER_SAMPLES, end);
    for (uint column = 0; column < columns; column += VECTOR_WIDTH) {
      const uint lanes = min(columns - column, (uint)VECTOR_WIDTH);
      for (size_t row = block; row < block_end; row++) {
        __global float *at = x + row * columns + column;
        if (is_bytes)
          gather_strip_byte(source + source_offset, source_rows, indices[row], columns, column,
                            lanes, factor, offset, at);
        else
          gather_strip_float((__global const float *)source + source_offset, source_rows,
                             indices[row], columns, column, lanes, factor, offset, at);
      }
    }
  }
}

void steps_forward(uint count, __global const StepsLayer *layers, __global const float *x,
                   __global const float *parameters, __global float *outputs, size_t first,
                   size_t end) {
  __global const float *from = x;
  for (uint l = 0; l < count; l++) {
    __global const StepsLayer *layer = &layers[l];
    __global float *to = outputs + layer->output;
    for (size_t column = 0; column < layer->out; column += FORWARD_COLUMNS)
      forward_strip(layer->in, layer->out, from, parameters + layer->weights,
                    parameters + layer->bias, layer->activation, layer->slope, to, column, first,
                    end);
    from = to;
  }
}

/* Backward data down to `lowest`, the lowest layer that learns. */
void steps_backward(uint count, uint lowest, __global const StepsLayer *layers,
                    __global const float *parameters, __global const float *outputs,
                    __global float *dz, size_t first, size_t end) {
  for (uint l = count - 1; l > lowest; l--) {
    __global const StepsLayer *layer = &layers[l], *below = &layers[l - 1];
    for (size_t column = 0; column < layer->in; column += DATA_COLUMNS)
      data_strip(layer->in, layer->out, dz + layer->output, parameters + layer->weights,
                 outputs + below->output, below->activation, below->slope, 0, dz + below->output,
                 column, first, end);
  }
}

void steps_block(uint count, uint lowest, __global const StepsLayer *layers,
                 __global const float *x, __global const int *labels, float scale,
                 __global const float *parameters, __global float *outputs, __global float *dz,
                 __global float *losses, __global int *faults, size_t first, size_t end) {
  steps_forward(count, layers, x, parameters, outputs, first, end);
  const uint classes = layers[count - 1].out;
  const ulong last = layers[count - 1].output;
  for (size_t row = first; row < end; row++)
    softmax_cross_entropy_row(classes, outputs + last + row * classes, labels[row], scale,
                              losses ? losses + row : losses, dz + last + row * classes, faults,
                              (uint)row);
  steps_backward(count, lowest, layers, parameters, outputs, dz, first, end);
}

/* The flat parameters and, in the same layout, the optimizer's state. Unused pointers are null. */
typedef struct {
  __global float *values, *momentum, *square;
} StepsParameters;

#define STEPS_PARAMETERS                                                                           \
  __global float *parameters, ulong parameters_offset, __global float *momentum,                   \
      ulong momentum_offset, __global float *square, ulong square_offset
#define STEPS_PARAMETERS_OF                                                                        \
  { parameters + parameters_offset, momentum + momentum_offset, square + square_offset }

/* Updates one strip of one layer's parameters, for inputs `first` to `end`. */
void steps_strip(uint n, __global const StepsLayer *layers, uint l, __global const float *x,
                 __global const float *outputs, __global const float *dz, OptimizerStep update,
                 StepsParameters parameters, size_t column, size_t first, size_t end) {
  __global const StepsLayer *layer = &layers[l];
  Target w = {UPDATE, update, 0, parameters.momentum + layer->weights,
              parameters.square + layer->weights};
  Target b = {UPDATE, optimizer_of_bias(update), 0, parameters.momentum + layer->bias,
              parameters.square + layer->bias};
  if (layer->learns_weights) w.at = parameters.values + layer->weights;
  if (layer->learns_bias) b.at = parameters.values + layer->bias;
  weights_strip(n, layer->in, layer->out, l == 0 ? x : outputs + layers[l - 1].output,
                dz + layer->output, w, b, column, first, end);
}

/* If indices is null, x and batch_labels are the samples themselves. */
#define STEPS_SAMPLES                                                                              \
  int is_bytes, uint source_rows, __global const uchar *source, ulong source_offset,               \
      __global const int *labels, ulong labels_offset, __global const uint *indices,               \
      ulong indices_offset, float factor, float offset, __global float *x, ulong x_offset,         \
      __global int *batch_labels, ulong batch_labels_offset

__kernel void fused_steps_rows(uint n, uint count, uint lowest, __global const StepsLayer *layers,
                               STEPS_SAMPLES, __global const float *parameters,
                               ulong parameters_offset, __global float *outputs,
                               ulong outputs_offset, __global float *dz, ulong dz_offset,
                               __global float *losses, ulong losses_offset, __global int *faults,
                               uint rows) {
  const size_t first = get_global_id(0) * rows;
  if (first >= n) return;
  const size_t end = min(first + rows, (size_t)n);
  x += x_offset;
  batch_labels += batch_labels_offset;
  if (indices)
    steps_gather(layers[0].in, is_bytes, source_rows, source, source_offset, labels + labels_offset,
                 indices + indices_offset, factor, offset, x, batch_labels, faults, first, end);
  steps_block(count, lowest, layers, x, batch_labels, 1.0f / (float)n,
              parameters + parameters_offset, outputs + outputs_offset, dz + dz_offset,
              losses ? losses + losses_offset : losses, faults, first, end);
}

__kernel void fused_steps_weights(uint n, uint count, uint lowest,
                                  __global const StepsLayer *layers, __global const float *x,
                                  ulong x_offset, __global const float *outputs,
                                  ulong outputs_offset, __global const float *dz, ulong dz_offset,
                                  OPTIMIZER_PARAMETERS, STEPS_PARAMETERS) {
  const OptimizerStep update = OPTIMIZER_OF_PARAMETERS;
  const StepsParameters all = STEPS_PARAMETERS_OF;
  const uint item = (uint)get_global_id(0);
  uint l = lowest;
  while (l < count - 1 && layers[l].first_item > item) l++;
  const uint place = item - layers[l].first_item;
  const uint part = place / layers[l].strips;
  const size_t column = (size_t)(place - part * layers[l].strips) * WEIGHTS_COLUMNS;
  const size_t first = (size_t)part * layers[l].rows;
  steps_strip(n, layers, l, x + x_offset, outputs + outputs_offset, dz + dz_offset, update, all,
              column, first, min(first + layers[l].rows, (size_t)layers[l].in));
}

/* Runs `steps` batches of n samples in sequence. `updates` has one row per batch; if null, all use
 * `update`. */
__kernel void fused_steps_serial(uint n, uint count, uint lowest, __global const StepsLayer *layers,
                                 STEPS_SAMPLES, STEPS_PARAMETERS, __global float *outputs,
                                 ulong outputs_offset, __global float *dz, ulong dz_offset,
                                 __global float *losses, ulong losses_offset, __global int *faults,
                                 uint steps, OPTIMIZER_PARAMETERS,
                                 __global const OptimizerStep *updates, ulong updates_offset) {
  if (get_global_id(0) > 0) return;
  OptimizerStep update = OPTIMIZER_OF_PARAMETERS;
  const StepsParameters all = STEPS_PARAMETERS_OF;
  x += x_offset;
  batch_labels += batch_labels_offset;
  outputs += outputs_offset;
  dz += dz_offset;
  for (uint s = 0; s < steps; s++) {
    const size_t sample = (size_t)s * n;
    if (indices)
      steps_gather(layers[0].in, is_bytes, source_rows, source, source_offset,
                   labels + labels_offset, indices + indices_offset + sample, factor, offset, x,
                   batch_labels, faults, 0, n);
    if (updates) update = updates[updates_offset + s];
    steps_block(count, lowest, layers, x, batch_labels, 1.0f / (float)n, all.values, outputs, dz,
                losses ? losses + losses_offset + sample : losses, faults, 0, n);
    for (uint l = lowest; l < count; l++)
      for (size_t column = 0; column < layers[l].out; column += WEIGHTS_COLUMNS)
        steps_strip(n, layers, l, x, outputs, dz, update, all, column, 0, layers[l].in);
  }
}
