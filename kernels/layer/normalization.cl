/* Batch and layer normalization, forward and backward. Sums have a fixed order. Needs common.cl.
 *
 * Sums over the samples of a batch: a work-group has a strip of 16 columns, a cache line, as
 * COLUMNS_PER_GROUP adjacent vectors. ROWS_PER_GROUP work-items share the rows of each vector and
 * add their sums as a tree. Sums over the units of a sample: ITEMS_PER_ROW work-items share a row,
 * the whole group on GPUs (the host defines SHARES_ROWS), one on CPUs. */
#define STRIP (16 / VECTOR_WIDTH)
#if STRIP < GROUP
#define COLUMNS_PER_GROUP STRIP
#else
#define COLUMNS_PER_GROUP GROUP
#endif
#define ROWS_PER_GROUP (GROUP / COLUMNS_PER_GROUP)
#ifdef SHARES_ROWS
#define ITEMS_PER_ROW GROUP
#else
#define ITEMS_PER_ROW 1
#endif

/* sum ← Σ of the sums of all work-items of a column. Every work-item must reach it. */
#define REDUCE_DOWN(cells, sum)                                                                    \
  barrier(CLK_LOCAL_MEM_FENCE);                                                                    \
  cells[item] = sum;                                                                               \
  for (uint width = 1; width < ROWS_PER_GROUP; width *= 2) {                                       \
    barrier(CLK_LOCAL_MEM_FENCE);                                                                  \
    if (down % (2 * width) == 0 && down + width < ROWS_PER_GROUP)                                  \
      cells[item] += cells[item + width * COLUMNS_PER_GROUP];                                      \
  }                                                                                                \
  barrier(CLK_LOCAL_MEM_FENCE);                                                                    \
  sum = cells[across];

/* sum ← Σ of the sums of all work-items of a row. Every work-item must reach it. */
#if ITEMS_PER_ROW > 1
#define REDUCE_LINE(cells, sum)                                                                    \
  barrier(CLK_LOCAL_MEM_FENCE);                                                                    \
  cells[item] = sum;                                                                               \
  for (uint width = 1; width < ITEMS_PER_ROW; width *= 2) {                                        \
    barrier(CLK_LOCAL_MEM_FENCE);                                                                  \
    if (line % (2 * width) == 0 && line + width < ITEMS_PER_ROW)                                   \
      cells[item] += cells[item + width];                                                          \
  }                                                                                                \
  barrier(CLK_LOCAL_MEM_FENCE);                                                                    \
  sum = cells[item - line];
#else
#define REDUCE_LINE(cells, sum)
#endif

/* A work-item's position in a strip: its column, its lanes there, and its first row, which is n if
 * it has nothing to do. */
#define PLACE_IN_STRIP                                                                             \
  const uint item = (uint)get_local_id(0), across = item % COLUMNS_PER_GROUP,                      \
             down = item / COLUMNS_PER_GROUP;                                                      \
  const uint column = ((uint)get_group_id(0) * COLUMNS_PER_GROUP + across) * VECTOR_WIDTH;         \
  const uint lanes =                                                                               \
      column < units && down < ROWS_PER_GROUP ? min((uint)VECTOR_WIDTH, units - column) : 0;       \
  const uint first = lanes > 0 ? down : n;

/* A work-item's position in a row: the row, and its number of columns, 0 past the last row. */
#define PLACE_IN_ROW                                                                               \
  const uint item = (uint)get_local_id(0), line = item % ITEMS_PER_ROW;                            \
  const uint row = (uint)get_group_id(0) * (GROUP / ITEMS_PER_ROW) + item / ITEMS_PER_ROW;         \
  const uint columns = row < n ? units : 0;

/* Returns `count` floats minus `center`, with 0 in the remaining lanes. */
quern_vector deviations(__global const float *x, uint count, float center) {
  if (count >= VECTOR_WIDTH) return QUERN_VLOAD(x) - center;
  float lanes[VECTOR_WIDTH];
  QUERN_UNROLL_FOR (uint i = 0; i < VECTOR_WIDTH; i++) lanes[i] = i < count ? x[i] - center : 0.0f;
  return QUERN_VLOAD(lanes);
}

/* center ← the mean of each column of a strip of x, squares ← Σ (x - center)². */
#define MOMENTS(center, squares)                                                                   \
  quern_vector center = (quern_vector)(0.0f), squares = (quern_vector)(0.0f);                      \
  for (uint r = first; r < n; r += ROWS_PER_GROUP)                                                 \
    center += quern_load_part(x + (ulong)r * units, lanes);                                        \
  REDUCE_DOWN(cells, center)                                                                       \
  center /= (float)n;                                                                              \
  for (uint r = first; r < n; r += ROWS_PER_GROUP) {                                               \
    const quern_vector difference = quern_load_part(x + (ulong)r * units, lanes) - center;         \
    squares += difference * difference;                                                            \
  }                                                                                                \
  REDUCE_DOWN(cells, squares)

/* shift ← Σ dy of each column, scale ← Σ dy x̂, with x̂ = (x - center) inv_std. center and inv_std
 * may depend on the row r. */
#define GRADIENTS(shift, scale, center, inv_std)                                                   \
  quern_vector shift = (quern_vector)(0.0f), scale = (quern_vector)(0.0f);                         \
  for (uint r = first; r < n; r += ROWS_PER_GROUP) {                                               \
    const ulong at = (ulong)r * units;                                                             \
    const quern_vector gradient = quern_load_part(dy + at, lanes);                                 \
    shift += gradient;                                                                             \
    scale += gradient * ((quern_load_part(x + at, lanes) - center) * inv_std);                     \
  }                                                                                                \
  REDUCE_DOWN(cells, shift)                                                                        \
  REDUCE_DOWN(cells, scale)

/* y = gamma (x - mean) saved_inv_std + beta, per unit over the batch. running ← running + momentum
 * (new - running), with the sample variance (n - 1). y may be x. */
__attribute__((reqd_work_group_size(GROUP, 1, 1))) __kernel void batch_norm_forward(
    uint n, uint units, float epsilon, float momentum, __global const float *x, ulong x_offset,
    __global const float *gamma, ulong gamma_offset, __global const float *beta, ulong beta_offset,
    __global float *running_mean, ulong running_mean_offset, __global float *running_variance,
    ulong running_variance_offset, __global float *mean, ulong mean_offset,
    __global float *saved_inv_std, ulong saved_inv_std_offset, __global float *y, ulong y_offset) {
  __local quern_vector cells[GROUP];
  PLACE_IN_STRIP
  x += x_offset + column;
  y += y_offset + column;
  MOMENTS(center, variance)
  const quern_vector inv_std = 1.0f / sqrt(variance / (float)n + epsilon);
  if (down == 0) {
    quern_store_part(center, mean + mean_offset + column, lanes);
    quern_store_part(inv_std, saved_inv_std + saved_inv_std_offset + column, lanes);
    if (running_mean) {
      running_mean += running_mean_offset + column;
      running_variance += running_variance_offset + column;
      const quern_vector old_mean = quern_load_part(running_mean, lanes),
                         old = quern_load_part(running_variance, lanes);
      quern_store_part(old_mean + momentum * (center - old_mean), running_mean, lanes);
      quern_store_part(old + momentum * (variance / (float)(n - 1) - old), running_variance, lanes);
    }
  }
  const quern_vector scale = quern_load_part(gamma + gamma_offset + column, lanes) * inv_std;
  const quern_vector shift = quern_load_part(beta + beta_offset + column, lanes);
  for (uint r = first; r < n; r += ROWS_PER_GROUP)
    quern_store_part(scale * (quern_load_part(x + (ulong)r * units, lanes) - center) + shift,
                     y + (ulong)r * units, lanes);
}

/* Computes mean and squares, Σ (x - mean)², per unit over the samples. */
__attribute__((reqd_work_group_size(GROUP, 1, 1))) __kernel void
batch_norm_moments(uint n, uint units, __global const float *x, ulong x_offset,
                   __global float *mean, ulong mean_offset, __global float *squares,
                   ulong squares_offset) {
  __local quern_vector cells[GROUP];
  PLACE_IN_STRIP
  x += x_offset + column;
  MOMENTS(center, sums)
  if (down > 0) return;
  quern_store_part(center, mean + mean_offset + column, lanes);
  quern_store_part(sums, squares + squares_offset + column, lanes);
}

/* y = gamma (x - mean) / √(variance + epsilon) + beta, one vector per work-item. y may be x. */
__kernel void batch_norm_inference(uint n, uint units, float epsilon, __global const float *x,
                                   ulong x_offset, __global const float *gamma, ulong gamma_offset,
                                   __global const float *beta, ulong beta_offset,
                                   __global const float *mean, ulong mean_offset,
                                   __global const float *variance, ulong variance_offset,
                                   __global float *y, ulong y_offset) {
  const uint column = (uint)get_global_id(0) * VECTOR_WIDTH, row = (uint)get_global_id(1);
  if (column >= units || row >= n) return;
  const uint lanes = min((uint)VECTOR_WIDTH, units - column);
  const ulong at = (ulong)row * units + column;
  const quern_vector scale =
      quern_load_part(gamma + gamma_offset + column, lanes) /
      sqrt(quern_load_part(variance + variance_offset + column, lanes) + epsilon);
  const quern_vector difference = quern_load_part(x + x_offset + at, lanes) -
                                  quern_load_part(mean + mean_offset + column, lanes);
  quern_store_part(scale * difference + quern_load_part(beta + beta_offset + column, lanes),
                   y + y_offset + at, lanes);
}

/* dbeta = Σ dy, dgamma = Σ dy x̂, dx = gamma saved_inv_std (dy - (dbeta + x̂ dgamma) / n), with x̂
 * = (x - mean) saved_inv_std. dx may be dy. */
__attribute__((reqd_work_group_size(GROUP, 1, 1))) __kernel void
batch_norm_backward(uint n, uint units, __global const float *dy, ulong dy_offset,
                    __global const float *x, ulong x_offset, __global const float *gamma,
                    ulong gamma_offset, __global const float *mean, ulong mean_offset,
                    __global const float *saved_inv_std, ulong saved_inv_std_offset,
                    __global float *dx, ulong dx_offset, __global float *dgamma,
                    ulong dgamma_offset, __global float *dbeta, ulong dbeta_offset) {
  __local quern_vector cells[GROUP];
  PLACE_IN_STRIP
  dy += dy_offset + column;
  x += x_offset + column;
  dx += dx_offset + column;
  const quern_vector center = quern_load_part(mean + mean_offset + column, lanes);
  const quern_vector inv_std =
      quern_load_part(saved_inv_std + saved_inv_std_offset + column, lanes);
  GRADIENTS(shift, scale, center, inv_std)
  if (down == 0) {
    quern_store_part(shift, dbeta + dbeta_offset + column, lanes);
    quern_store_part(scale, dgamma + dgamma_offset + column, lanes);
  }
  const quern_vector factor = quern_load_part(gamma + gamma_offset + column, lanes) * inv_std;
  for (uint r = first; r < n; r += ROWS_PER_GROUP) {
    const ulong at = (ulong)r * units;
    const quern_vector normal = (quern_load_part(x + at, lanes) - center) * inv_std;
    quern_store_part(factor *
                         (quern_load_part(dy + at, lanes) - (shift + normal * scale) / (float)n),
                     dx + at, lanes);
  }
}

/* Only dbeta = Σ dy and dgamma = Σ dy x̂. */
__attribute__((reqd_work_group_size(GROUP, 1, 1))) __kernel void
batch_norm_backward_parameters(uint n, uint units, __global const float *dy, ulong dy_offset,
                               __global const float *x, ulong x_offset, __global const float *mean,
                               ulong mean_offset, __global const float *saved_inv_std,
                               ulong saved_inv_std_offset, __global float *dgamma,
                               ulong dgamma_offset, __global float *dbeta, ulong dbeta_offset) {
  __local quern_vector cells[GROUP];
  PLACE_IN_STRIP
  dy += dy_offset + column;
  x += x_offset + column;
  const quern_vector center = quern_load_part(mean + mean_offset + column, lanes);
  const quern_vector inv_std =
      quern_load_part(saved_inv_std + saved_inv_std_offset + column, lanes);
  GRADIENTS(shift, scale, center, inv_std)
  if (down > 0) return;
  quern_store_part(shift, dbeta + dbeta_offset + column, lanes);
  quern_store_part(scale, dgamma + dgamma_offset + column, lanes);
}

/* dx = gamma saved_inv_std (dy - (dbeta + x̂ dgamma) / samples) from given sums, one vector per
 * work-item. dx may be dy. */
__kernel void batch_norm_backward_data(uint n, uint units, float samples, __global const float *dy,
                                       ulong dy_offset, __global const float *x, ulong x_offset,
                                       __global const float *gamma, ulong gamma_offset,
                                       __global const float *mean, ulong mean_offset,
                                       __global const float *saved_inv_std,
                                       ulong saved_inv_std_offset, __global const float *dgamma,
                                       ulong dgamma_offset, __global const float *dbeta,
                                       ulong dbeta_offset, __global float *dx, ulong dx_offset) {
  const uint column = (uint)get_global_id(0) * VECTOR_WIDTH, row = (uint)get_global_id(1);
  if (column >= units || row >= n) return;
  const uint lanes = min((uint)VECTOR_WIDTH, units - column);
  const ulong at = (ulong)row * units + column;
  const quern_vector inv_std =
      quern_load_part(saved_inv_std + saved_inv_std_offset + column, lanes);
  const quern_vector normal = (quern_load_part(x + x_offset + at, lanes) -
                               quern_load_part(mean + mean_offset + column, lanes)) *
                              inv_std;
  const quern_vector shift = quern_load_part(dbeta + dbeta_offset + column, lanes);
  const quern_vector scale = quern_load_part(dgamma + dgamma_offset + column, lanes);
  quern_store_part(
      quern_load_part(gamma + gamma_offset + column, lanes) * inv_std *
          (quern_load_part(dy + dy_offset + at, lanes) - (shift + normal * scale) / samples),
      dx + dx_offset + at, lanes);
}

/* y = gamma (x - mean) saved_inv_std + beta, per sample over its units. mean and saved_inv_std may
 * be null. y may be x. */
__attribute__((reqd_work_group_size(GROUP, 1, 1))) __kernel void
layer_norm_forward(uint n, uint units, float epsilon, __global const float *x, ulong x_offset,
                   __global const float *gamma, ulong gamma_offset, __global const float *beta,
                   ulong beta_offset, __global float *mean, ulong mean_offset,
                   __global float *saved_inv_std, ulong saved_inv_std_offset, __global float *y,
                   ulong y_offset) {
  __local float cells[GROUP];
  PLACE_IN_ROW
  x += x_offset + (ulong)row * units;
  y += y_offset + (ulong)row * units;
  gamma += gamma_offset;
  beta += beta_offset;
  quern_vector sums = (quern_vector)(0.0f);
  for (uint c = line * VECTOR_WIDTH; c < columns; c += ITEMS_PER_ROW * VECTOR_WIDTH)
    sums += quern_load_part(x + c, columns - c);
  float center = quern_sum_lanes(sums);
  REDUCE_LINE(cells, center)
  center /= (float)units;
  sums = (quern_vector)(0.0f);
  for (uint c = line * VECTOR_WIDTH; c < columns; c += ITEMS_PER_ROW * VECTOR_WIDTH) {
    const quern_vector difference = deviations(x + c, columns - c, center);
    sums += difference * difference;
  }
  float variance = quern_sum_lanes(sums);
  REDUCE_LINE(cells, variance)
  const float inv_std = 1.0f / sqrt(variance / (float)units + epsilon);
  if (mean && line == 0 && row < n) {
    mean[mean_offset + row] = center;
    saved_inv_std[saved_inv_std_offset + row] = inv_std;
  }
  for (uint c = line * VECTOR_WIDTH; c < columns; c += ITEMS_PER_ROW * VECTOR_WIDTH) {
    const quern_vector normal = (quern_load_part(x + c, columns - c) - center) * inv_std;
    quern_store_part(quern_load_part(gamma + c, columns - c) * normal +
                         quern_load_part(beta + c, columns - c),
                     y + c, columns - c);
  }
}

/* dx = saved_inv_std (g - (Σ g + x̂ Σ g x̂) / units), with g = dy gamma. dx may be dy. */
__attribute__((reqd_work_group_size(GROUP, 1, 1))) __kernel void
layer_norm_backward_data(uint n, uint units, __global const float *dy, ulong dy_offset,
                         __global const float *x, ulong x_offset, __global const float *gamma,
                         ulong gamma_offset, __global const float *mean, ulong mean_offset,
                         __global const float *saved_inv_std, ulong saved_inv_std_offset,
                         __global float *dx, ulong dx_offset) {
  __local float cells[GROUP];
  PLACE_IN_ROW
  dy += dy_offset + (ulong)row * units;
  x += x_offset + (ulong)row * units;
  dx += dx_offset + (ulong)row * units;
  gamma += gamma_offset;
  const float center = row < n ? mean[mean_offset + row] : 0.0f,
              inv_std = row < n ? saved_inv_std[saved_inv_std_offset + row] : 0.0f;
  quern_vector plain = (quern_vector)(0.0f), along = (quern_vector)(0.0f);
  for (uint c = line * VECTOR_WIDTH; c < columns; c += ITEMS_PER_ROW * VECTOR_WIDTH) {
    const quern_vector gradient =
        quern_load_part(dy + c, columns - c) * quern_load_part(gamma + c, columns - c);
    plain += gradient;
    along += gradient * ((quern_load_part(x + c, columns - c) - center) * inv_std);
  }
  float shift = quern_sum_lanes(plain), scale = quern_sum_lanes(along);
  REDUCE_LINE(cells, shift)
  REDUCE_LINE(cells, scale)
  for (uint c = line * VECTOR_WIDTH; c < columns; c += ITEMS_PER_ROW * VECTOR_WIDTH) {
    const quern_vector gradient =
        quern_load_part(dy + c, columns - c) * quern_load_part(gamma + c, columns - c);
    const quern_vector normal = (quern_load_part(x + c, columns - c) - center) * inv_std;
    quern_store_part(inv_std * (gradient - (shift + normal * scale) / (float)units), dx + c,
                     columns - c);
  }
}

/* dbeta = Σ dy, dgamma = Σ dy x̂ over the samples, with each sample's mean and saved_inv_std. */
__attribute__((reqd_work_group_size(GROUP, 1, 1))) __kernel void
layer_norm_backward_parameters(uint n, uint units, __global const float *dy, ulong dy_offset,
                               __global const float *x, ulong x_offset, __global const float *mean,
                               ulong mean_offset, __global const float *saved_inv_std,
                               ulong saved_inv_std_offset, __global float *dgamma,
                               ulong dgamma_offset, __global float *dbeta, ulong dbeta_offset) {
  __local quern_vector cells[GROUP];
  PLACE_IN_STRIP
  dy += dy_offset + column;
  x += x_offset + column;
  mean += mean_offset;
  saved_inv_std += saved_inv_std_offset;
  GRADIENTS(shift, scale, mean[r], saved_inv_std[r])
  if (down > 0) return;
  quern_store_part(shift, dbeta + dbeta_offset + column, lanes);
  quern_store_part(scale, dgamma + dgamma_offset + column, lanes);
}
#undef STRIP
#undef COLUMNS_PER_GROUP
#undef ROWS_PER_GROUP
#undef ITEMS_PER_ROW
#undef MOMENTS
#undef GRADIENTS
