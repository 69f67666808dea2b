/* What a work-item does of whole training steps: gather, forward, loss and backward data of a block
 * of samples.
 *
 *                    x ──► H1 ──► … ──► Z ──► loss, dZ ──► … ──► dZ1
 *                  (samples `first` to `end` of each)
 *
 * Samples of a batch are independent up to the parameters' gradients, so blocks need nothing from
 * each other. No kernels: fused_steps_kernels.cl and fused_steps_columns.cl call these. Needs
 * common.cl, philox.cl, the dense_*.cl for CPUs, dropout.cl, normalization.cl, loss_row.cl and
 * gather.cl. */

/* A layer as laid out by the host (host/opencl/launch/fused_steps.c). Offsets are in floats, into
 * the flat parameters and the outputs. dZ has the layout of the outputs.
 *
 * If `derives`, the forward pass stores f'(z) M in the place of dZ, M being the dropout mask: the
 * layer drops units or normalizes, f' reads z, or it is the last and has an activation. Otherwise
 * backward computes f' from H. */
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
  /* Layer normalization, with what it keeps of a batch: X W + b and the gradient of its output,
   * each like dZ; and for each sample the mean and 1 / the deviation. */
  uint normalizes;
  float epsilon;
  ulong gamma, beta;
  ulong product, gradient, statistics;
} StepsLayer;

/* What is the same in a launch: the layers, what their normalizations keep, the loss, and the seed
 * and step that select the dropout masks. */
typedef struct {
  uint count, lowest;
  __global const StepsLayer *layers;
  __global float *normals;
  Loss loss;
  ulong seed, step;
} StepsNetwork;

#define STEPS_NETWORK                                                                              \
  uint count, uint lowest, __global const StepsLayer *layers, __global float *normals, int loss,   \
      float delta, float smoothing, __global const float *class_weights,                           \
      ulong class_weights_offset, ulong seed, ulong step
#define STEPS_NETWORK_OF                                                                           \
  {                                                                                                \
    count, lowest, layers, normals,                                                                \
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

/* The key of a layer's mask in a step: see quern_dropout in include/quern/ops.h. */
uint2 steps_key(__global const StepsLayer *layer, ulong seed, ulong step) {
  return philox((uint4)((uint)step, (uint)(step >> 32), layer->index, 1),
                (uint2)((uint)seed, (uint)(seed >> 32)))
      .xy;
}

/* H ← H M and D ← f' M in columns `column` to `column_end` of samples `first` to `end`, for a layer
 * that derives. h holds Z before if f' reads Z or the layer normalizes, else H. `column` is a
 * multiple of 4. */
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
        const quern_vector loaded = quern_load_part(h + at, lanes);
        quern_vector value = loaded;
        if (layer->reads_z || layer->normalizes)
          value = quern_activate_vector(layer->activation, layer->slope, loaded);
        quern_vector derivative = quern_activate_gradient_vector(layer->activation, layer->slope,
                                                                 layer->reads_z ? loaded : value);
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

/* H ← gamma x̂ + beta for samples `first` to `end` of a layer that normalizes. x is a sample's
 * product, and x̂ = (x - mean) / deviation over its units. */
__attribute__((noinline)) void steps_normalize(__global const StepsLayer *layer,
                                               __global const float *parameters,
                                               __global float *normals, __global float *h,
                                               size_t first, size_t end) {
  const uint units = layer->out;
  __global const float *gamma = parameters + layer->gamma, *beta = parameters + layer->beta;
  for (size_t row = first; row < end; row++) {
    __global const float *x = normals + layer->product + row * units;
    quern_vector sums = (quern_vector)(0.0f);
    for (uint c = 0; c < units; c += VECTOR_WIDTH) sums += quern_load_part(x + c, units - c);
    const float mean = quern_sum_lanes(sums) / (float)units;
    sums = (quern_vector)(0.0f);
    for (uint c = 0; c < units; c += VECTOR_WIDTH) {
      const quern_vector difference = deviations(x + c, units - c, mean);
      sums += difference * difference;
    }
    const float inv_std = 1.0f / sqrt(quern_sum_lanes(sums) / (float)units + layer->epsilon);
    normals[layer->statistics + 2 * row] = mean;
    normals[layer->statistics + 2 * row + 1] = inv_std;
    for (uint c = 0; c < units; c += VECTOR_WIDTH) {
      const quern_vector normal = (quern_load_part(x + c, units - c) - mean) * inv_std;
      quern_store_part(quern_load_part(gamma + c, units - c) * normal +
                           quern_load_part(beta + c, units - c),
                       h + row * units + c, units - c);
    }
  }
}

/* dZ ← the gradient of the product, from that of the normalization's output, which is kept, for
 * samples `first` to `end`: 1 / deviation (g - (Σ g + x̂ Σ g x̂) / units), g = dZ gamma. */
__attribute__((noinline)) void steps_normalize_back(__global const StepsLayer *layer,
                                                    __global const float *parameters,
                                                    __global float *normals, __global float *dz,
                                                    size_t first, size_t end) {
  const uint units = layer->out;
  __global const float *gamma = parameters + layer->gamma;
  for (size_t row = first; row < end; row++) {
    __global const float *x = normals + layer->product + row * units;
    __global float *dy = normals + layer->gradient + row * units, *dx = dz + row * units;
    const float mean = normals[layer->statistics + 2 * row],
                inv_std = normals[layer->statistics + 2 * row + 1];
    quern_vector plain = (quern_vector)(0.0f), along = plain;
    for (uint c = 0; c < units; c += VECTOR_WIDTH) {
      const quern_vector kept = quern_load_part(dx + c, units - c);
      const quern_vector gradient = kept * quern_load_part(gamma + c, units - c);
      quern_store_part(kept, dy + c, units - c);
      plain += gradient;
      along += gradient * ((quern_load_part(x + c, units - c) - mean) * inv_std);
    }
    const float shift = quern_sum_lanes(plain), slope = quern_sum_lanes(along);
    for (uint c = 0; c < units; c += VECTOR_WIDTH) {
      const quern_vector gradient =
          quern_load_part(dy + c, units - c) * quern_load_part(gamma + c, units - c);
      const quern_vector normal = (quern_load_part(x + c, units - c) - mean) * inv_std;
      quern_store_part(inv_std * (gradient - (shift + normal * slope) / (float)units), dx + c,
                       units - c);
    }
  }
}

/* Computes columns `column` to `column_end` of a layer's H from its input, for samples `first` to
 * `end`, and f' if it derives. A layer that normalizes needs all its columns. */
void steps_layer_forward(__global const StepsLayer *layer, const StepsNetwork *network,
                         __global const float *from, __global const float *parameters,
                         __global float *h, __global float *derivatives, size_t column,
                         size_t column_end, size_t first, size_t end) {
  const int activation =
      layer->reads_z || layer->normalizes ? QUERN_ACTIVATION_IDENTITY : layer->activation;
  __global float *product = layer->normalizes ? network->normals + layer->product : h;
  for (size_t strip = column; strip < column_end; strip += FORWARD_COLUMNS)
    forward_strip(layer->in, layer->out, from, parameters + layer->weights,
                  parameters + layer->bias, activation, layer->slope, product, strip, first, end);
  if (layer->normalizes) steps_normalize(layer, parameters, network->normals, h, first, end);
  if (layer->derives)
    steps_derive(layer, network->seed, network->step, h, derivatives, column, column_end, first,
                 end);
}

void steps_forward(const StepsNetwork *network, __global const float *x,
                   __global const float *parameters, __global float *outputs, __global float *dz,
                   size_t first, size_t end) {
  __global const float *from = x;
  for (uint l = 0; l < network->count; l++) {
    __global const StepsLayer *layer = &network->layers[l];
    __global float *to = outputs + layer->output;
    steps_layer_forward(layer, network, from, parameters, to, dz + layer->output, 0, layer->out,
                        first, end);
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
  for (uint l = network->count; l-- > network->lowest;) {
    __global const StepsLayer *layer = &network->layers[l], *below = layer - 1;
    if (layer->normalizes)
      steps_normalize_back(layer, parameters, network->normals, dz + layer->output, first, end);
    if (l == network->lowest) return;
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
  loss.factor = batch_weights_factor(n, last->out, loss.weights, samples->source_rows,
                                     samples->labels, samples->indices);
  steps_forward(network, x, parameters, outputs, dz, first, end);
  steps_loss(last, &loss, samples, outputs + last->output, dz + last->output, losses, faults, first,
             end);
  steps_backward(network, parameters, outputs, dz, first, end);
}
