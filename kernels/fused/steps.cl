/* Whole training steps of a network under categorical cross-entropy, for devices whose work-items
 * compute a register tile each: what is row by row in one launch, all parameters in another, and
 * for the smallest networks many steps in one.
 *
 *   steps_rows     a work-item takes a block of samples through gather, forward, loss and backward
 *                  data:
 *
 *                    x ──► H1 ──► … ──► Z ──► loss, dZ ──► … ──► dZ1
 *                  (samples `first` to `end` of each)
 *
 *   steps_weights  a work-item takes a strip of one layer's W, and its b, through the optimizer's
 *                  step
 *   steps_serial   one work-item alternates the two, a batch after another
 *
 * The samples of a batch do not meet before the parameters' gradients, so a block needs nothing of
 * another; the launch between the two keeps W as it was until every block is done with it. */

/* A layer as the host lays it out (host/opencl/launch/steps.c). Places are floats from the
 * beginning of the flat parameters and of the outputs; dZ has the outputs' layout. */
typedef struct {
  uint in, out;
  int activation;
  float slope;
  ulong weights, bias, output;
  uint learns_weights, learns_bias;
  /* In steps_weights: the first work-item of this layer, its strips of W, the inputs that a
   * work-item takes of one. */
  uint first_item, strips, rows;
} StepsLayer;

/* Samples that are gathered side by side: each is somewhere else in memory, and so many waits for
 * it are one. */
#define GATHER_SAMPLES 8

/* Samples `first` to `end` by index from the data set into x and batch_labels. */
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

/* Down to the lowest layer that learns, `lowest`. */
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

/* The flat parameters and, laid out like them, what the optimizer keeps; null pointers for what it
 * does not. */
typedef struct {
  __global float *values, *momentum, *square;
} StepsParameters;

#define STEPS_PARAMETERS                                                                           \
  __global float *parameters, ulong parameters_offset, __global float *momentum,                   \
      ulong momentum_offset, __global float *square, ulong square_offset
#define STEPS_PARAMETERS_OF                                                                        \
  { parameters + parameters_offset, momentum + momentum_offset, square + square_offset }

/* One strip of one layer's parameters, inputs `first` on. */
void steps_strip(uint n, __global const StepsLayer *layers, uint l, __global const float *x,
                 __global const float *outputs, __global const float *dz, Update update,
                 StepsParameters parameters, size_t column, size_t first, size_t end) {
  __global const StepsLayer *layer = &layers[l];
  Target w = {UPDATE, update, 0, parameters.momentum + layer->weights,
              parameters.square + layer->weights};
  Target b = {UPDATE, update_of_bias(update), 0, parameters.momentum + layer->bias,
              parameters.square + layer->bias};
  if (layer->learns_weights) w.at = parameters.values + layer->weights;
  if (layer->learns_bias) b.at = parameters.values + layer->bias;
  weights_strip(n, layer->in, layer->out, l == 0 ? x : outputs + layers[l - 1].output,
                dz + layer->output, w, b, column, first, end);
}

/* Without indices, x and batch_labels are the samples themselves. */
#define STEPS_SAMPLES                                                                              \
  int is_bytes, uint source_rows, __global const uchar *source, ulong source_offset,               \
      __global const int *labels, ulong labels_offset, __global const uint *indices,               \
      ulong indices_offset, float factor, float offset, __global float *x, ulong x_offset,         \
      __global int *batch_labels, ulong batch_labels_offset

__kernel void steps_rows(uint n, uint count, uint lowest, __global const StepsLayer *layers,
                         STEPS_SAMPLES, __global const float *parameters, ulong parameters_offset,
                         __global float *outputs, ulong outputs_offset, __global float *dz,
                         ulong dz_offset, __global float *losses, ulong losses_offset,
                         __global int *faults, uint rows) {
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

__kernel void steps_weights(uint n, uint count, uint lowest, __global const StepsLayer *layers,
                            __global const float *x, ulong x_offset, __global const float *outputs,
                            ulong outputs_offset, __global const float *dz, ulong dz_offset,
                            UPDATE_PARAMETERS, STEPS_PARAMETERS) {
  const Update update = UPDATE_OF_PARAMETERS;
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

/* `steps` batches of n samples, one after the other. `updates` has a row for each, or is null: all
 * are `update`. */
__kernel void steps_serial(uint n, uint count, uint lowest, __global const StepsLayer *layers,
                           STEPS_SAMPLES, STEPS_PARAMETERS, __global float *outputs,
                           ulong outputs_offset, __global float *dz, ulong dz_offset,
                           __global float *losses, ulong losses_offset, __global int *faults,
                           uint steps, UPDATE_PARAMETERS, __global const Update *updates,
                           ulong updates_offset) {
  if (get_global_id(0) > 0) return;
  Update update = UPDATE_OF_PARAMETERS;
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
