/* Whole training steps of a network, for devices whose work-items compute a register tile each. One
 * launch does all row-wise work and another updates all parameters. The smallest networks run many
 * steps per launch. Needs fused_steps.cl and the files that it needs, optimizer_rules.cl and
 * dense_backward_weights.cl.
 *
 *   fused_steps_rows     a work-item takes a block of samples through gather, forward, loss and
 *                        backward data
 *   fused_steps_weights  a work-item applies the optimizer step to a strip of one layer's W, and
 *                        its b, gamma and beta
 *   fused_steps_serial   one work-item alternates the two, batch after batch
 *
 * The separate launch leaves W unchanged until every block is done with it. */

/* The flat parameters and, in the same layout, the optimizer's state. Unused pointers are null. */
typedef struct {
  __global float *values, *momentum, *square;
} StepsParameters;

#define STEPS_PARAMETERS                                                                           \
  __global float *parameters, ulong parameters_offset, __global float *momentum,                   \
      ulong momentum_offset, __global float *square, ulong square_offset
#define STEPS_PARAMETERS_OF                                                                        \
  { parameters + parameters_offset, momentum + momentum_offset, square + square_offset }

/* Updates gamma and beta of a layer in columns `column` to `column_end` from the gradients of its
 * normalization's output. */
__attribute__((noinline)) void steps_update_scale(uint n, __global const StepsLayer *layer,
                                                  __global const float *normals,
                                                  const OptimizerStep *update,
                                                  const StepsParameters *parameters, size_t column,
                                                  size_t column_end) {
  __global const float *statistics = normals + layer->statistics;
  for (size_t c = column; c < column_end; c += VECTOR_WIDTH) {
    const uint lanes = (uint)min((size_t)VECTOR_WIDTH, column_end - c);
    const ulong gamma = layer->gamma + c, beta = layer->beta + c;
    quern_vector shift = (quern_vector)(0.0f), scale = shift;
    for (size_t row = 0; row < n; row++) {
      const size_t at = row * layer->out + c;
      const quern_vector gradient = quern_load_part(normals + layer->gradient + at, lanes);
      const quern_vector x = quern_load_part(normals + layer->product + at, lanes);
      shift += gradient;
      scale += gradient * ((x - statistics[2 * row]) * statistics[2 * row + 1]);
    }
    optimizer_step_part(update->rule, update, scale, parameters->values + gamma,
                        parameters->momentum + gamma, parameters->square + gamma, lanes);
    optimizer_step_part(update->rule, update, shift, parameters->values + beta,
                        parameters->momentum + beta, parameters->square + beta, lanes);
  }
}

/* Updates one strip of one layer's parameters, for inputs `first` to `end`; gamma and beta with the
 * first inputs. */
void steps_strip(uint n, __global const StepsLayer *layers, uint l, __global const float *normals,
                 __global const float *x, __global const float *outputs, __global const float *dz,
                 OptimizerStep update, StepsParameters parameters, size_t column, size_t first,
                 size_t end) {
  __global const StepsLayer *layer = &layers[l];
  if (layer->normalizes && layer->learns_bias && first == 0) {
    const OptimizerStep of_bias = optimizer_of_bias(update);
    steps_update_scale(n, layer, normals, &of_bias, &parameters, column,
                       min(column + WEIGHTS_COLUMNS, (size_t)layer->out));
  }
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
                                  __global const StepsLayer *layers, __global const float *normals,
                                  __global const float *x, ulong x_offset,
                                  __global const float *outputs, ulong outputs_offset,
                                  __global const float *dz, ulong dz_offset, OPTIMIZER_PARAMETERS,
                                  STEPS_PARAMETERS) {
  const OptimizerStep update = OPTIMIZER_OF_PARAMETERS;
  const StepsParameters all = STEPS_PARAMETERS_OF;
  const uint item = (uint)get_global_id(0);
  uint l = lowest;
  while (l < count - 1 && layers[l].first_item > item) l++;
  const uint place = item - layers[l].first_item;
  const uint part = place / layers[l].strips;
  const size_t column = (size_t)(place - part * layers[l].strips) * WEIGHTS_COLUMNS;
  const size_t first = (size_t)part * layers[l].rows;
  steps_strip(n, layers, l, normals, x + x_offset, outputs + outputs_offset, dz + dz_offset, update,
              all, column, first, min(first + layers[l].rows, (size_t)layers[l].in));
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
        steps_strip(n, layers, l, normals, samples.x, outputs, dz, update, all, column, 0,
                    layers[l].in);
    network.step++;
    if (indices) samples.indices += n;
    if (losses) losses += n;
  }
}
