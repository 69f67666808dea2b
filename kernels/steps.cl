/* Whole training steps of a network under categorical cross-entropy, for devices whose work-items compute a register tile each:
 * what is row by row in one launch, all parameters in another, and for the smallest networks many steps in one.
 *
 *   steps_rows     a work-item takes a block of samples through gather-free forward, loss and backward data:
 *
 *                    x ──► H1 ──► … ──► Z ──► loss, dZ ──► … ──► dZ1          (samples `first` to `end` of each)
 *
 *   steps_weights  a work-item takes a strip of one layer's W, and its b, through the SGD step
 *   steps_serial   one work-item alternates the two, a batch after another
 *
 * The samples of a batch do not meet before the parameters' gradients, so a block needs nothing of another; the launch
 * between the two keeps W as it was until every block is done with it. */

/* A layer as the host lays it out (host/opencl/steps.c). Places are floats from the beginning of the flat parameters and of
 * the outputs; dZ has the outputs' layout. */
typedef struct {
  uint in, out;
  int activation;
  float slope;
  ulong weights, bias, output;
  uint learns_weights, learns_bias;
  /* In steps_weights: the first work-item of this layer, its strips of W, the inputs that a work-item takes of one. */
  uint first_item, strips, rows;
} StepsLayer;

void steps_forward(uint count, uint bottom, __global const StepsLayer *layers, __global const float *x,
                   __global const float *parameters, __global float *outputs, size_t first, size_t end) {
  __global const float *from = bottom == 0 ? x : outputs + layers[bottom - 1].output;
  for (uint l = bottom; l < count; l++) {
    __global const StepsLayer *layer = &layers[l];
    __global float *to = outputs + layer->output;
    for (size_t column = 0; column < layer->out; column += FORWARD_COLUMNS)
      forward_strip(layer->in, layer->out, from, parameters + layer->weights, parameters + layer->bias,
                    layer->activation, layer->slope, to, column, first, end);
    from = to;
  }
}

/* Down to the lowest layer that learns, `lowest`. */
void steps_backward(uint count, uint bottom, uint lowest, __global const StepsLayer *layers, __global const float *parameters,
                    __global const float *outputs, __global float *dz, size_t first, size_t end) {
  for (uint l = count - 1; l > lowest && l >= bottom; l--) {
    __global const StepsLayer *layer = &layers[l], *below = &layers[l - 1];
    for (size_t column = 0; column < layer->in; column += DATA_COLUMNS)
      data_strip(layer->in, layer->out, dz + layer->output, parameters + layer->weights, outputs + below->output,
                 below->activation, below->slope, 0, dz + below->output, column, first, end);
  }
}

void steps_block(uint count, uint bottom, uint lowest, __global const StepsLayer *layers, __global const float *x,
                 __global const int *labels, float scale, __global const float *parameters, __global float *outputs,
                 __global float *dz, __global float *losses, __global int *faults, size_t first, size_t end) {
  steps_forward(count, bottom, layers, x, parameters, outputs, first, end);
  const uint classes = layers[count - 1].out;
  const ulong last = layers[count - 1].output;
  for (size_t row = first; row < end; row++)
    softmax_cross_entropy_row(classes, outputs + last + row * classes, labels[row], scale, losses ? losses + row : losses,
                              dz + last + row * classes, faults, (uint)row);
  steps_backward(count, bottom, lowest, layers, parameters, outputs, dz, first, end);
}

/* One strip of one layer's parameters, inputs `first` on. */
void steps_strip(uint n, __global const StepsLayer *layers, uint l, __global const float *x,
                 __global const float *outputs, __global const float *dz, float rate, float decay,
                 __global float *parameters, size_t column, size_t first, size_t end) {
  __global const StepsLayer *layer = &layers[l];
  const Target target = {UPDATE, rate, decay};
  weights_strip(n, layer->in, layer->out, l == 0 ? x : outputs + layers[l - 1].output, dz + layer->output, target,
                layer->learns_weights ? parameters + layer->weights : 0,
                layer->learns_bias ? parameters + layer->bias : 0, column, first, end);
}

__kernel void steps_rows(uint n, uint count, uint bottom, uint lowest, __global const StepsLayer *layers, __global const float *x,
                         ulong x_offset, __global const int *labels, ulong labels_offset, float scale,
                         __global const float *parameters, ulong parameters_offset, __global float *outputs,
                         ulong outputs_offset, __global float *dz, ulong dz_offset, __global float *losses,
                         ulong losses_offset, __global int *faults, uint rows) {
  const size_t first = get_global_id(0) * rows;
  if (first >= n) return;
  steps_block(count, bottom, lowest, layers, x + x_offset, labels + labels_offset, scale, parameters + parameters_offset,
              outputs + outputs_offset, dz + dz_offset, losses ? losses + losses_offset : losses, faults, first,
              min(first + rows, (size_t)n));
}

__kernel void steps_weights(uint n, uint count, uint lowest, __global const StepsLayer *layers,
                            __global const float *x, ulong x_offset, __global const float *outputs,
                            ulong outputs_offset, __global const float *dz, ulong dz_offset, float rate, float decay,
                            __global float *parameters, ulong parameters_offset) {
  const uint item = (uint)get_global_id(0);
  uint l = lowest;
  while (l < count - 1 && layers[l].first_item > item) l++;
  const uint place = item - layers[l].first_item;
  const size_t column = (size_t)(place % layers[l].strips) * WEIGHTS_COLUMNS;
  const size_t first = (size_t)(place / layers[l].strips) * layers[l].rows;
  steps_strip(n, layers, l, x + x_offset, outputs + outputs_offset, dz + dz_offset, rate, decay,
              parameters + parameters_offset, column, first, min(first + layers[l].rows, (size_t)layers[l].in));
}

/* `steps` batches of n samples, one after the other: samples are gathered by index into x and batch_labels first. */
__kernel void steps_serial(uint steps, uint n, uint count, uint lowest, __global const StepsLayer *layers,
                           int is_bytes, uint source_rows, __global const uchar *source, ulong source_offset,
                           __global const int *labels, ulong labels_offset, __global const uint *indices,
                           ulong indices_offset, float factor, float offset, __global float *x, ulong x_offset,
                           __global int *batch_labels, ulong batch_labels_offset, __global float *parameters,
                           ulong parameters_offset, __global float *outputs, ulong outputs_offset,
                           __global float *dz, ulong dz_offset, __global float *losses, ulong losses_offset, float rate,
                           float decay, __global int *faults) {
  if (get_global_id(0) > 0) return;
  const uint columns = layers[0].in;
  x += x_offset;
  batch_labels += batch_labels_offset;
  parameters += parameters_offset;
  outputs += outputs_offset;
  dz += dz_offset;
  labels += labels_offset;
  for (uint s = 0; s < steps; s++) {
    for (uint row = 0; row < n; row++) {
      const uint index = indices[indices_offset + (size_t)s * n + row];
      batch_labels[row] = index < source_rows ? labels[index] : -1;
      if (index >= source_rows) quern_fault(faults, QUERN_FAULT_INDEX, row);
      for (uint column = 0; column < columns; column += VECTOR_WIDTH) {
        const uint lanes = min(columns - column, (uint)VECTOR_WIDTH);
        __global float *at = x + (size_t)row * columns + column;
        if (is_bytes) gather_strip_byte(source + source_offset, source_rows, index, columns, column, lanes, factor, offset, at);
        else
          gather_strip_float((__global const float *)source + source_offset, source_rows, index, columns, column, lanes,
                             factor, offset, at);
      }
    }
    steps_block(count, 0, lowest, layers, x, batch_labels, 1.0f / (float)n, parameters, outputs, dz,
                losses ? losses + losses_offset + (size_t)s * n : losses, faults, 0, n);
    for (uint l = lowest; l < count; l++)
      for (size_t column = 0; column < layers[l].out; column += WEIGHTS_COLUMNS)
        steps_strip(n, layers, l, x, outputs, dz, rate, decay, parameters, column, 0, layers[l].in);
  }
}
