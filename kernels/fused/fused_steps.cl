/* Whole training steps of a network, for devices whose work-items compute a register tile each. One
 * launch does all row-wise work and another updates all parameters. The smallest networks run many
 * steps per launch. Needs common.cl, philox.cl, optimizer_rules.cl, the dense_*.cl for CPUs,
 * dropout.cl, loss_row.cl and gather.cl.
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
 * the flat parameters and the outputs. dZ has the layout of the outputs.
 *
 * If `derives`, the forward pass stores f'(z) M in the place of dZ, M being the dropout mask: the
 * layer drops units, f' reads z, or it is the last and has an activation. Otherwise backward
 * computes f' from H. */
typedef struct {
  uint in, out;
  int activation;
  float slope;
  ulong weights, bias, output;
  uint learns_weights, learns_bias;
  /* For fused_steps_weights: this layer's first work-item, its strips of W, and the inputs per
   * work-item. */
  uint first_item, strips, rows;
  uint index; /* of the layer in the network: selects its dropout mask */
  uint threshold;
  float scale;
  uint reads_z, derives;
} StepsLayer;

/* What is the same in a launch: the layers, the loss, and the seed and step that select the dropout
 * masks. */
typedef struct {
  uint count, lowest;
  __global const StepsLayer *layers;
  Loss loss;
  ulong seed, step;
} StepsNetwork;

#define STEPS_NETWORK                                                                              \
  uint count, uint lowest, __global const StepsLayer *layers, int loss, float delta,               \
      float smoothing, __global const float *class_weights, ulong class_weights_offset,            \
      ulong seed, ulong step
#define STEPS_NETWORK_OF                                                                           \
  {                                                                                                \
    count, lowest, layers,                                                                         \
        {loss, delta, smoothing,                                                                   \
         1.0f, 0.0f,  class_weights ? class_weights + class_weights_offset : class_weights},       \
        seed, step                                                                                 \
  }

/* The samples of a batch. Unless indices is null, they are gathered from the data set into x and
 * batch_labels or batch_targets. Either labels or targets is null. If the loss reads targets,
 * labels become one-hot rows in batch_targets. */
typedef struct {
  int is_bytes;
  uint source_rows;
  __global const uchar *source;
  ulong source_offset;
  __global const int *labels;
  __global const float *targets;
  __global const uint *indices;
  float factor, offset;
  __global float *x;
  __global int *batch_labels;
  __global float *batch_targets;
} StepsSamples;

/* The host passes samples that need no gathering as x and as batch_labels or batch_targets. */
#define STEPS_SAMPLES                                                                              \
  int is_bytes, uint source_rows, __global const uchar *source, ulong source_offset,               \
      __global const int *labels, ulong labels_offset, __global const float *targets,              \
      ulong targets_offset, __global const uint *indices, ulong indices_offset, float factor,      \
      float offset, __global float *x, ulong x_offset, __global int *batch_labels,                 \
      ulong batch_labels_offset, __global float *batch_targets, ulong batch_targets_offset
#define STEPS_SAMPLES_OF                                                                           \
  {                                                                                                \
    is_bytes, source_rows, source, source_offset, labels ? labels + labels_offset : labels,        \
        targets ? targets + targets_offset : targets,                                              \
        indices ? indices + indices_offset : indices, factor, offset, x + x_offset,                \
        batch_labels + batch_labels_offset,                                                        \
        batch_targets ? batch_targets + batch_targets_offset : batch_targets                       \
  }

/* Samples gathered together. Each is elsewhere in memory, so their cache misses overlap. */
#define GATHER_SAMPLES 8

/* Gathers samples `first` to `end` into x. */
void steps_gather_x(uint columns, const StepsSamples *from, size_t first, size_t end) {
  __global const float *floats = (__global const float *)from->source + from->source_offset;
  for (size_t block = first; block < end; block += GATHER_SAMPLES) {
    const size_t block_end = min(block + GATHER_SAMPLES, end);
    for (uint column = 0; column < columns; column += VECTOR_WIDTH) {
      const uint lanes = min(columns - column, (uint)VECTOR_WIDTH);
      for (size_t row = block; row < block_end; row++) {
        __global float *at = from->x + row * columns + column;
        if (from->is_bytes)
          gather_strip_byte(from->source + from->source_offset, from->source_rows,
                            from->indices[row], columns, column, lanes, from->factor, from->offset,
                            at);
        else
          gather_strip_float(floats, from->source_rows, from->indices[row], columns, column, lanes,
                             from->factor, from->offset, at);
      }
    }
  }
}

/* Gathers the targets of samples `first` to `end` into batch_targets [·][k]. */
void steps_gather_targets(uint k, const StepsSamples *from, size_t first, size_t end) {
  for (size_t row = first; row < end; row++)
    for (uint column = 0; column < k; column += VECTOR_WIDTH)
      gather_strip_float(from->targets, from->source_rows, from->indices[row], k, column,
                         min(k - column, (uint)VECTOR_WIDTH), 1.0f, 0.0f,
                         from->batch_targets + row * k + column);
}

/* Makes one-hot rows of the labels of samples `first` to `end`. */
void steps_one_hot(uint k, const StepsSamples *from, __global int *faults, size_t first,
                   size_t end) {
  for (size_t row = first; row < end; row++) {
    const int label = from->batch_labels[row];
    const bool inside = label >= 0 && (uint)label < k;
    if (!inside) quern_fault(faults, QUERN_FAULT_LABEL, (uint)row);
    __global float *y = from->batch_targets + row * k;
    for (uint a = 0; a < k; a++) y[a] = inside ? (a == (uint)label ? 1.0f : 0.0f) : NAN;
  }
}

/* Makes x and what the loss reads of samples `first` to `end` ready. */
__attribute__((noinline)) void steps_gather(const StepsNetwork *network, const StepsSamples *from,
                                            __global int *faults, size_t first, size_t end) {
  const uint k = network->layers[network->count - 1].out;
  if (from->indices) {
    for (size_t row = first; row < end; row++) {
      const uint index = from->indices[row];
      const bool inside = index < from->source_rows;
      if (!inside) quern_fault(faults, QUERN_FAULT_INDEX, (uint)row);
      if (from->labels) from->batch_labels[row] = inside ? from->labels[index] : -1;
    }
    steps_gather_x(network->layers[0].in, from, first, end);
    if (from->targets) steps_gather_targets(k, from, first, end);
  }
  if (from->labels && network->loss.kind != LOSS_CATEGORICAL)
    steps_one_hot(k, from, faults, first, end);
}

/* Samples whose class weights are added one by one, so that rounding errors stay small. */
#define WEIGHTS_ADDED 64

/* Returns n / Σ class weights of the labels of all n samples of the batch, in a fixed order. Every
 * work-item computes it by itself. */
__attribute__((noinline)) float steps_factor(uint n, uint k, const Loss *loss,
                                             const StepsSamples *from) {
  if (!loss->weights) return 1.0f;
  float total = 0.0f;
  for (uint block = 0; block < n; block += WEIGHTS_ADDED) {
    const uint end = min(n, block + WEIGHTS_ADDED);
    float sum = 0.0f;
    for (uint row = block; row < end; row++) {
      const uint index = from->indices ? from->indices[row] : row;
      if (index < from->source_rows) sum += label_weight(from->labels[index], k, loss->weights);
    }
    total += sum;
  }
  return weights_factor(n, total);
}

/* The key of a layer's mask in a step: see quern_dropout in include/quern/ops.h. */
uint2 steps_key(__global const StepsLayer *layer, ulong seed, ulong step) {
  return philox((uint4)((uint)step, (uint)(step >> 32), layer->index, 1),
                (uint2)((uint)seed, (uint)(seed >> 32)))
      .xy;
}

/* H ← H M and D ← f' M in columns `column` to `column_end` of samples `first` to `end`, for a layer
 * that derives. h holds Z before if f' reads Z, else H. `column` is a multiple of 4. */
__attribute__((noinline)) void steps_derive(__global const StepsLayer *layer, ulong seed,
                                            ulong step, __global float *h,
                                            __global float *derivatives, size_t column,
                                            size_t column_end, size_t first, size_t end) {
  float mask[MASK_UNITS];
  uint2 key = (uint2)(0);
  if (layer->threshold > 0) key = steps_key(layer, seed, step);
  for (size_t row = first; row < end; row++)
    for (size_t unit = column; unit < column_end; unit += MASK_UNITS) {
      const size_t unit_end = min(unit + MASK_UNITS, column_end);
      if (layer->threshold > 0)
        dropout_masks((uint)unit / 4, (uint)row, key, layer->threshold, layer->scale, mask);
      for (size_t v = unit; v < unit_end; v += VECTOR_WIDTH) {
        const uint lanes = (uint)min((size_t)VECTOR_WIDTH, unit_end - v);
        const size_t at = row * layer->out + v;
        quern_vector value = quern_load_part(h + at, lanes);
        quern_vector derivative =
            quern_activate_gradient_vector(layer->activation, layer->slope, value);
        if (layer->reads_z) value = quern_activate_vector(layer->activation, layer->slope, value);
        if (layer->threshold > 0) {
          const quern_vector factor = QUERN_VLOAD(mask + (v - unit));
          value *= factor;
          derivative *= factor;
        }
        quern_store_part(value, h + at, lanes);
        quern_store_part(derivative, derivatives + at, lanes);
      }
    }
}

/* Computes columns `column` to `column_end` of a layer's H from its input, for samples `first` to
 * `end`, and f' if it derives. */
void steps_layer_forward(__global const StepsLayer *layer, ulong seed, ulong step,
                         __global const float *from, __global const float *parameters,
                         __global float *h, __global float *derivatives, size_t column,
                         size_t column_end, size_t first, size_t end) {
  const int activation = layer->reads_z ? QUERN_ACTIVATION_IDENTITY : layer->activation;
  for (size_t strip = column; strip < column_end; strip += FORWARD_COLUMNS)
    forward_strip(layer->in, layer->out, from, parameters + layer->weights,
                  parameters + layer->bias, activation, layer->slope, h, strip, first, end);
  if (layer->derives)
    steps_derive(layer, seed, step, h, derivatives, column, column_end, first, end);
}

void steps_forward(const StepsNetwork *network, __global const float *x,
                   __global const float *parameters, __global float *outputs, __global float *dz,
                   size_t first, size_t end) {
  __global const float *from = x;
  for (uint l = 0; l < network->count; l++) {
    __global const StepsLayer *layer = &network->layers[l];
    __global float *to = outputs + layer->output;
    steps_layer_forward(layer, network->seed, network->step, from, parameters, to,
                        dz + layer->output, 0, layer->out, first, end);
    from = to;
  }
}

/* Computes dZ of the layer below, of which h is the output, in columns `column` to `column_end`. */
void steps_layer_back(__global const StepsLayer *layer, __global const StepsLayer *below,
                      __global const float *dz, __global const float *parameters,
                      __global const float *h, __global float *dz_below, size_t column,
                      size_t column_end, size_t first, size_t end) {
  for (; column < column_end; column += DATA_COLUMNS)
    data_strip(layer->in, layer->out, dz, parameters + layer->weights,
               below->derives ? dz_below : h, below->derives ? DATA_DERIVATIVE : below->activation,
               below->slope, 0, dz_below, column, first, end);
}

/* Backward data down to the lowest layer that learns. */
void steps_backward(const StepsNetwork *network, __global const float *parameters,
                    __global const float *outputs, __global float *dz, size_t first, size_t end) {
  for (uint l = network->count - 1; l > network->lowest; l--) {
    __global const StepsLayer *layer = &network->layers[l], *below = &network->layers[l - 1];
    steps_layer_back(layer, below, dz + layer->output, parameters, outputs + below->output,
                     dz + below->output, 0, layer->in, first, end);
  }
}

/* Losses of samples `first` to `end`, and dZ of the last layer, of which h is the output. The
 * gradient of an H with an activation replaces H, and dZ its derivatives. */
__attribute__((noinline)) void steps_loss(__global const StepsLayer *layer, const Loss *loss,
                                          const StepsSamples *samples, __global float *h,
                                          __global float *dz, __global float *losses,
                                          __global int *faults, size_t first, size_t end) {
  const uint k = layer->out;
  for (size_t row = first; row < end; row++) {
    const size_t at = row * k;
    loss_row(loss, k, h + at, samples->labels ? samples->batch_labels[row] : 0,
             samples->batch_targets + at, losses ? losses + row : losses,
             (layer->derives ? h : dz) + at, faults, (uint)row);
    if (layer->derives)
      for (uint a = 0; a < k; a++) dz[at + a] *= h[at + a];
  }
}

/* The n samples of a batch: their losses, and their gradients down to dZ of the lowest layer. */
void steps_block(uint n, const StepsNetwork *network, const StepsSamples *samples,
                 __global const float *x, __global const float *parameters, __global float *outputs,
                 __global float *dz, __global float *losses, __global int *faults, size_t first,
                 size_t end) {
  __global const StepsLayer *last = &network->layers[network->count - 1];
  Loss loss = network->loss;
  loss.scale = 1.0f / (float)n;
  loss.factor = steps_factor(n, last->out, &loss, samples);
  steps_forward(network, x, parameters, outputs, dz, first, end);
  steps_loss(last, &loss, samples, outputs + last->output, dz + last->output, losses, faults, first,
             end);
  steps_backward(network, parameters, outputs, dz, first, end);
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

__kernel void fused_steps_rows(uint n, STEPS_NETWORK, STEPS_SAMPLES,
                               __global const float *parameters, ulong parameters_offset,
                               __global float *outputs, ulong outputs_offset, __global float *dz,
                               ulong dz_offset, __global float *losses, ulong losses_offset,
                               __global int *faults, uint rows) {
  const size_t first = get_global_id(0) * rows;
  if (first >= n) return;
  const size_t end = min(first + rows, (size_t)n);
  const StepsNetwork network = STEPS_NETWORK_OF;
  const StepsSamples samples = STEPS_SAMPLES_OF;
  steps_gather(&network, &samples, faults, first, end);
  steps_block(n, &network, &samples, samples.x, parameters + parameters_offset,
              outputs + outputs_offset, dz + dz_offset, losses ? losses + losses_offset : losses,
              faults, first, end);
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
__kernel void fused_steps_serial(uint n, STEPS_NETWORK, STEPS_SAMPLES, STEPS_PARAMETERS,
                                 __global float *outputs, ulong outputs_offset, __global float *dz,
                                 ulong dz_offset, __global float *losses, ulong losses_offset,
                                 __global int *faults, uint steps, OPTIMIZER_PARAMETERS,
                                 __global const OptimizerStep *updates, ulong updates_offset) {
  if (get_global_id(0) > 0) return;
  OptimizerStep update = OPTIMIZER_OF_PARAMETERS;
  StepsNetwork network = STEPS_NETWORK_OF;
  StepsSamples samples = STEPS_SAMPLES_OF;
  const StepsParameters all = STEPS_PARAMETERS_OF;
  outputs += outputs_offset;
  dz += dz_offset;
  if (losses) losses += losses_offset;
  for (uint s = 0; s < steps; s++) {
    if (updates) update = updates[updates_offset + s];
    steps_gather(&network, &samples, faults, 0, n);
    steps_block(n, &network, &samples, samples.x, all.values, outputs, dz, losses, faults, 0, n);
    for (uint l = lowest; l < count; l++)
      for (size_t column = 0; column < layers[l].out; column += WEIGHTS_COLUMNS)
        steps_strip(n, layers, l, samples.x, outputs, dz, update, all, column, 0, layers[l].in);
    network.step++;
    if (indices) samples.indices += n;
    if (losses) losses += n;
  }
}
