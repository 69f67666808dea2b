/* Losses with their gradients, one sample per work-item. Z [n][k], losses [n] or null, dZ [n][k] or
 * null. dz may be z. Needs common.cl and loss_row.cl. */

__kernel void softmax_cross_entropy(uint n, uint k, __global const float *z, ulong z_offset,
                                    __global const int *labels, ulong labels_offset, float scale,
                                    __global float *losses, ulong losses_offset, __global float *dz,
                                    ulong dz_offset, __global int *faults) {
  const size_t row = get_global_id(0);
  if (row >= n) return;
  softmax_cross_entropy_row(k, z + z_offset + row * k, labels[labels_offset + row], scale,
                            losses ? losses + losses_offset + row : losses,
                            dz ? dz + dz_offset + row * k : dz, faults, (uint)row);
}

/* The factor is n / total; 1 if `total` is null. */
__kernel void weighted_cross_entropy(uint n, uint k, __global const float *z, ulong z_offset,
                                     __global const int *labels, ulong labels_offset,
                                     __global const float *weights, ulong weights_offset,
                                     __global const float *total, ulong total_offset,
                                     float smoothing, float scale, __global float *losses,
                                     ulong losses_offset, __global float *dz, ulong dz_offset,
                                     __global int *faults) {
  const size_t row = get_global_id(0);
  if (row >= n) return;
  weighted_cross_entropy_row(k, z + z_offset + row * k, labels[labels_offset + row],
                             weights ? weights + weights_offset : weights, smoothing,
                             total ? weights_factor(n, total[total_offset]) : 1.0f, scale,
                             losses ? losses + losses_offset + row : losses,
                             dz ? dz + dz_offset + row * k : dz, faults, (uint)row);
}

/* weights_r = class_weights_{label_r}, or 0 if the label is out of range. */
__kernel void label_weights(uint n, uint k, __global const int *labels, ulong labels_offset,
                            __global const float *class_weights, ulong class_weights_offset,
                            __global float *weights, ulong weights_offset) {
  const size_t row = get_global_id(0);
  if (row >= n) return;
  weights[weights_offset + row] =
      label_weight(labels[labels_offset + row], k, class_weights + class_weights_offset);
}

__kernel void elementwise_cross_entropy(uint n, uint k, __global const float *z, ulong z_offset,
                                        __global const float *y, ulong y_offset, float scale,
                                        __global float *losses, ulong losses_offset,
                                        __global float *dz, ulong dz_offset) {
  const size_t row = get_global_id(0);
  if (row >= n) return;
  elementwise_cross_entropy_row(k, z + z_offset + row * k, y + y_offset + row * k, scale,
                                losses ? losses + losses_offset + row : losses,
                                dz ? dz + dz_offset + row * k : dz);
}

/* `inverse` is 1/k, `factor` scale/k. */
__kernel void binary_cross_entropy(uint n, uint k, __global const float *z, ulong z_offset,
                                   __global const float *y, ulong y_offset, float inverse,
                                   float factor, __global float *losses, ulong losses_offset,
                                   __global float *dz, ulong dz_offset) {
  const size_t row = get_global_id(0);
  if (row >= n) return;
  binary_cross_entropy_row(k, z + z_offset + row * k, y + y_offset + row * k, inverse, factor,
                           losses ? losses + losses_offset + row : losses,
                           dz ? dz + dz_offset + row * k : dz);
}

/* Mean squared error. `factor` is 2 scale/k. */
__kernel void mean_squared_error(uint n, uint k, __global const float *z, ulong z_offset,
                                 __global const float *y, ulong y_offset, float inverse,
                                 float factor, __global float *losses, ulong losses_offset,
                                 __global float *dz, ulong dz_offset) {
  const size_t row = get_global_id(0);
  if (row >= n) return;
  const float loss = mean_loss_row(LOSS_SQUARED, k, z + z_offset + row * k, y + y_offset + row * k,
                                   0.0f, inverse, factor, dz ? dz + dz_offset + row * k : dz);
  if (losses) losses[losses_offset + row] = loss;
}

/* Mean absolute error. `factor` is scale/k. */
__kernel void mean_absolute_error(uint n, uint k, __global const float *z, ulong z_offset,
                                  __global const float *y, ulong y_offset, float inverse,
                                  float factor, __global float *losses, ulong losses_offset,
                                  __global float *dz, ulong dz_offset) {
  const size_t row = get_global_id(0);
  if (row >= n) return;
  const float loss = mean_loss_row(LOSS_ABSOLUTE, k, z + z_offset + row * k, y + y_offset + row * k,
                                   0.0f, inverse, factor, dz ? dz + dz_offset + row * k : dz);
  if (losses) losses[losses_offset + row] = loss;
}

/* Huber loss G (D - G/2), with G = D clamped to [-delta, delta]. `factor` is scale/k. */
__kernel void huber_loss(uint n, uint k, __global const float *z, ulong z_offset,
                         __global const float *y, ulong y_offset, float delta, float inverse,
                         float factor, __global float *losses, ulong losses_offset,
                         __global float *dz, ulong dz_offset) {
  const size_t row = get_global_id(0);
  if (row >= n) return;
  const float loss = mean_loss_row(LOSS_HUBER, k, z + z_offset + row * k, y + y_offset + row * k,
                                   delta, inverse, factor, dz ? dz + dz_offset + row * k : dz);
  if (losses) losses[losses_offset + row] = loss;
}
