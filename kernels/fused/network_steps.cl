/* Whole training steps of one small network, by a program built for exactly that network. Needs
 * network_layer.cl for each of its layers, and loss_row.cl with private memory as LOSS_SPACE.
 *
 * One work-item runs step after step, and in each sample after sample. The parameters and the
 * optimizer's state are in private memory meanwhile: in registers for the smallest networks, in the
 * nearest cache for others. Beside the definitions of network.cl, the host
 * (host/opencl/program/network_source.c) defines:
 *
 *   INPUTS, CLASSES      inputs and outputs of the network
 *   LOSS, DELTA          one of loss_row.cl, and the parameter of the Huber loss
 *   CHANGES_LOSS         1 if there may be class weights or label smoothing
 *   LAYERS(X)            X(l) for each layer, from the inputs up
 *   PAIRS(X)             X(l, l - 1) for each layer above one that learns, from the top down
 *   LEARNERS(X)          X(l) for each layer from the lowest that learns on
 *   TOP(X)               X(l) of the last layer
 *   ROWS_l, VECTORS_l    rows of parameters, and vectors of a row
 *   WEIGHTS_l, BIAS_l    offsets into the flat parameters
 *   SOURCE_l             its inputs: `input`, or the outputs of the layer below
 *   SLOPE_FROM_l         z_l or h_l, from which the derivative of its activation is computed */

/* The sample of a data set, as gather_rows has it: NaN if the index is out of range. */
void network_gather(int is_bytes, uint source_rows, __global const uchar *source,
                    ulong source_offset, uint index, float factor, float offset, float *input) {
  __global const uchar *bytes = source + source_offset + (size_t)index * INPUTS;
  __global const float *floats =
      (__global const float *)source + source_offset + (size_t)index * INPUTS;
  NETWORK_FOR(uint i = 0; i < INPUTS; i++)
  input[i] =
      index < source_rows ? fma(is_bytes ? (float)bytes[i] : floats[i], factor, offset) : NAN;
}

#if LOSS == LOSS_CATEGORICAL && !CHANGES_LOSS
/* Like softmax_cross_entropy_row in loss_row.cl, with the exponentials of all classes at once. */
void network_loss(const quern_vector *z, int label, float scale, __global float *loss,
                  quern_vector *dz, __global int *faults, uint row) {
  const bool is_valid = label >= 0 && label < CLASSES;
  const uint hot = is_valid ? (uint)label : 0;
  const float *logits = (const float *)z;
  quern_vector powers[NETWORK_VECTORS(CLASSES)];
  float *power = (float *)powers;
  float largest = logits[0], sum_others = 0.0f;
  QUERN_UNROLL_FOR (uint a = 1; a < CLASSES; a++)
    if (logits[a] > largest) largest = logits[a];
  QUERN_UNROLL_FOR (uint v = 0; v < NETWORK_VECTORS(CLASSES); v++) powers[v] = exp(z[v] - largest);
  QUERN_UNROLL_FOR (uint a = 0; a < CLASSES; a++) sum_others += a == hot ? 0.0f : power[a];
  const float max_minus_label = largest - logits[hot], sum = power[hot] + sum_others;
  if (!is_valid) quern_fault(faults, QUERN_FAULT_LABEL, row);
  if (loss)
    *loss = !is_valid                 ? NAN
            : max_minus_label == 0.0f ? log1p(sum_others)
                                      : log(sum) + max_minus_label;
  QUERN_UNROLL_FOR (uint a = 0; a < CLASSES; a++)
    if (a == hot) power[a] = -sum_others;
  QUERN_UNROLL_FOR (uint v = 0; v < NETWORK_VECTORS(CLASSES); v++)
    dz[v] = is_valid ? scale * (powers[v] / sum) : (quern_vector)(0.0f);
}
#else
/* Reads a sample's targets, or makes the one-hot row of its label: NaN if it is out of range. */
void network_targets(__global const float *targets, bool has_targets, bool is_inside, int label,
                     float *y, __global int *faults, uint row) {
  if (has_targets) {
    for (uint a = 0; a < CLASSES; a++) y[a] = is_inside ? targets[a] : NAN;
    return;
  }
  const bool is_valid = label >= 0 && label < CLASSES;
  if (!is_valid && LOSS != LOSS_CATEGORICAL) quern_fault(faults, QUERN_FAULT_LABEL, row);
  for (uint a = 0; a < CLASSES; a++) y[a] = !is_valid ? NAN : a == (uint)label ? 1.0f : 0.0f;
}

/* Any loss of the outputs h, and its gradient with respect to them. */
void network_row_loss(const Loss *self, const quern_vector *h, int label, const float *y,
                      __global float *loss, quern_vector *dh, __global int *faults, uint row) {
  float value = 0.0f;
  loss_row(self, CLASSES, (const float *)h, label, y, loss ? &value : 0, (float *)dh, faults, row);
  if (loss) *loss = value;
}
#endif

#define DECLARE(l)                                                                                 \
  quern_vector rows_##l[ROWS_##l * VECTORS_##l], z_##l[VECTORS_##l], h_##l[VECTORS_##l],           \
      mask_##l[VECTORS_##l], kept_##l[VECTORS_##l], dz_##l[VECTORS_##l],                           \
      sums_##l[NETWORK_SUMS(ROWS_##l * VECTORS_##l - 1) + 1],                                      \
      momentum_##l[NETWORK_MOMENTUM(ROWS_##l * VECTORS_##l - 1) + 1],                              \
      square_##l[NETWORK_SQUARE(ROWS_##l * VECTORS_##l - 1) + 1];
#define LOAD(l)                                                                                    \
  layer_load_##l(parameters + WEIGHTS_##l, parameters + BIAS_##l, rows_##l);                       \
  if (KEEPS_MOMENTUM(RULE))                                                                        \
    layer_load_##l(momentum + WEIGHTS_##l, momentum + BIAS_##l, momentum_##l);                     \
  if (KEEPS_SQUARE(RULE)) layer_load_##l(square + WEIGHTS_##l, square + BIAS_##l, square_##l);
#define STORE(l)                                                                                   \
  layer_store_##l(rows_##l, parameters + WEIGHTS_##l, parameters + BIAS_##l);                      \
  if (KEEPS_MOMENTUM(RULE))                                                                        \
    layer_store_##l(momentum_##l, momentum + WEIGHTS_##l, momentum + BIAS_##l);                    \
  if (KEEPS_SQUARE(RULE)) layer_store_##l(square_##l, square + WEIGHTS_##l, square + BIAS_##l);
#define FORWARD(l)                                                                                 \
  layer_forward_##l(SOURCE_##l, rows_##l, z_##l, h_##l);                                           \
  layer_drop_##l(i, seed, step + s, h_##l, mask_##l, kept_##l);
#if LOSS == LOSS_CATEGORICAL && !CHANGES_LOSS
#define LOSS_OF(l)                                                                                 \
  network_loss(h_##l, label, loss.scale, losses ? losses + losses_offset + sample : losses,        \
               dz_##l, faults, i);
#else
#define LOSS_OF(l)                                                                                 \
  network_targets(targets + targets_offset + (size_t)index * CLASSES, has_targets, is_inside,      \
                  label, y, faults, i);                                                            \
  network_row_loss(&loss, h_##l, label, y, losses ? losses + losses_offset + sample : losses,      \
                   dz_##l, faults, i);
#endif
#define SLOPE_OF(l) layer_slope_##l(SLOPE_FROM_##l, mask_##l, dz_##l);
#define BACKWARD(l, below)                                                                         \
  layer_backward_##l(rows_##l, dz_##l, dz_##below);                                                \
  SLOPE_OF(below)
#if BATCH > 1
#define ADD(l) layer_add_##l(SOURCE_##l, dz_##l, i == 0, sums_##l);
#else
#define ADD(l)
#endif
#define UPDATE_LAYER(l)                                                                            \
  layer_update_##l(SOURCE_##l, dz_##l, sums_##l, &update, &bias_update, rows_##l, momentum_##l,    \
                   square_##l);

/* Runs `steps` batches of n samples in sequence, like fused_steps_serial. Without indices, sample i
 * is row i of the source. Without targets, losses that read them use one-hot rows of the labels.
 * `updates` has one row per batch; if null, all use the optimizer step of the parameters. */
__kernel void network_steps(uint n, uint steps, int is_bytes, uint source_rows,
                            __global const uchar *source, ulong source_offset,
                            __global const int *labels, ulong labels_offset,
                            __global const float *targets, ulong targets_offset,
                            __global const uint *indices, ulong indices_offset, float factor,
                            float offset, float smoothing, __global const float *class_weights,
                            ulong class_weights_offset, ulong seed, ulong step,
                            __global float *parameters, ulong parameters_offset,
                            __global float *momentum, ulong momentum_offset, __global float *square,
                            ulong square_offset, __global float *losses, ulong losses_offset,
                            __global int *faults, OPTIMIZER_PARAMETERS,
                            __global const OptimizerStep *updates, ulong updates_offset) {
  if (get_global_id(0) > 0) return;
  const uint samples = BATCH == 1 ? 1 : n;
  const bool has_targets = targets != 0;
  Loss loss = {LOSS,
               DELTA,
               smoothing,
               1.0f,
               1.0f / (float)samples,
               class_weights ? class_weights + class_weights_offset : class_weights};
  OptimizerStep update = OPTIMIZER_OF_PARAMETERS;
  float input[INPUTS], y[CLASSES];
  parameters += parameters_offset;
  momentum += momentum_offset;
  square += square_offset;
  labels += labels_offset;
  indices = indices ? indices + indices_offset : indices;
  LAYERS(DECLARE)
  LAYERS(LOAD)
  for (uint s = 0; s < steps; s++) {
    if (updates) update = updates[updates_offset + s];
    const OptimizerStep bias_update = optimizer_of_bias(update);
    const size_t first = (size_t)s * samples;
#if CHANGES_LOSS
    loss.factor = batch_weights_factor(samples, CLASSES, loss.weights, source_rows, labels,
                                       indices ? indices + first : indices);
#endif
    for (uint i = 0; i < samples; i++) {
      const size_t sample = first + i;
      const uint index = indices ? indices[sample] : i;
      const bool is_inside = index < source_rows;
      const int label = has_targets || !is_inside ? -1 : labels[index];
      if (!is_inside) quern_fault(faults, QUERN_FAULT_INDEX, i);
      network_gather(is_bytes, source_rows, source, source_offset, index, factor, offset, input);
      LAYERS(FORWARD)
      TOP(LOSS_OF)
      TOP(SLOPE_OF)
      PAIRS(BACKWARD)
      LEARNERS(ADD)
    }
    LEARNERS(UPDATE_LAYER)
  }
  LAYERS(STORE)
}
