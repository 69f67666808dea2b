/* Batch and layer normalization, forward and backward. Sums have a fixed order. Needs common.cl.
 *
 * Sums over the samples of a batch: a work-group has a strip of columns, COLUMNS_PER_GROUP adjacent
 * vectors. ROWS_PER_GROUP work-items share the rows of each vector and add their sums as a tree.
 * Sums over the units of a sample: ITEMS_PER_ROW work-items share a row. The host defines both
 * (host/opencl/tuning.h). */
#ifndef COLUMNS_PER_GROUP
#define COLUMNS_PER_GROUP 1
#endif
#ifndef ITEMS_PER_ROW
#define ITEMS_PER_ROW GROUP
#endif
#define ROWS_PER_GROUP (GROUP / COLUMNS_PER_GROUP)

/* A work-item's place in a strip. */
typedef struct {
  uint n, units;
  uint item, across, down; /* in the group: its number, vector, and share of the rows */
  uint column, lanes;      /* its columns; none past the last */
  uint first;              /* its first row; n if it has no columns */
} NormStrip;

void strip_find(uint n, uint units, NormStrip *strip) {
  strip->n = n;
  strip->units = units;
  strip->item = (uint)get_local_id(0);
  strip->across = strip->item % COLUMNS_PER_GROUP;
  strip->down = strip->item / COLUMNS_PER_GROUP;
  strip->column = ((uint)get_group_id(0) * COLUMNS_PER_GROUP + strip->across) * VECTOR_WIDTH;
  strip->lanes = strip->column < units && strip->down < ROWS_PER_GROUP
                     ? min((uint)VECTOR_WIDTH, units - strip->column)
                     : 0;
  strip->first = strip->lanes > 0 ? strip->down : n;
}

/* Returns the sum of `value` over the work-items of a vector, added as a tree in `cells` [GROUP].
 * Every work-item must reach it. */
quern_vector strip_sum(const NormStrip *strip, __local quern_vector *cells, quern_vector value) {
  barrier(CLK_LOCAL_MEM_FENCE);
  cells[strip->item] = value;
  for (uint width = 1; width < ROWS_PER_GROUP; width *= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (strip->down % (2 * width) == 0 && strip->down + width < ROWS_PER_GROUP)
      cells[strip->item] += cells[strip->item + width * COLUMNS_PER_GROUP];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  return cells[strip->across];
}

/* The mean of each column of x, and squares = Σ (x - mean)². */
void strip_moments(const NormStrip *strip, __global const float *x, __local quern_vector *cells,
                   quern_vector *mean, quern_vector *squares) {
  quern_vector sum = (quern_vector)(0.0f);
  for (uint r = strip->first; r < strip->n; r += ROWS_PER_GROUP)
    sum += quern_load_part(x + (ulong)r * strip->units, strip->lanes);
  const quern_vector center = strip_sum(strip, cells, sum) / (float)strip->n;
  sum = (quern_vector)(0.0f);
  for (uint r = strip->first; r < strip->n; r += ROWS_PER_GROUP) {
    const quern_vector difference =
        quern_load_part(x + (ulong)r * strip->units, strip->lanes) - center;
    sum += difference * difference;
  }
  *squares = strip_sum(strip, cells, sum);
  *mean = center;
}

/* Adds row r's dy to *shift, and dy x̂ to *scale, with x̂ = (x - center) inv_std. */
void strip_add_gradients(const NormStrip *strip, uint r, __global const float *dy,
                         __global const float *x, quern_vector center, quern_vector inv_std,
                         quern_vector *shift, quern_vector *scale) {
  const ulong at = (ulong)r * strip->units;
  const quern_vector gradient = quern_load_part(dy + at, strip->lanes);
  *shift += gradient;
  *scale += gradient * ((quern_load_part(x + at, strip->lanes) - center) * inv_std);
}

/* *shift = Σ dy and *scale = Σ dy x̂ of each column. */
void strip_gradients(const NormStrip *strip, __global const float *dy, __global const float *x,
                     quern_vector center, quern_vector inv_std, __local quern_vector *cells,
                     quern_vector *shift, quern_vector *scale) {
  quern_vector sum = (quern_vector)(0.0f), product = (quern_vector)(0.0f);
  for (uint r = strip->first; r < strip->n; r += ROWS_PER_GROUP)
    strip_add_gradients(strip, r, dy, x, center, inv_std, &sum, &product);
  *shift = strip_sum(strip, cells, sum);
  *scale = strip_sum(strip, cells, product);
}

/* A work-item's place in a sample's row. */
typedef struct {
  uint row;
  uint columns;    /* `units`, or 0 past the last row */
  uint item, line; /* its number in the group and in the row */
} NormRow;

void row_find(uint n, uint units, NormRow *place) {
  place->item = (uint)get_local_id(0);
  place->line = place->item % ITEMS_PER_ROW;
  place->row = (uint)get_group_id(0) * (GROUP / ITEMS_PER_ROW) + place->item / ITEMS_PER_ROW;
  place->columns = place->row < n ? units : 0;
}

/* Returns the sum of `value` over the work-items of a row, added as a tree in `cells` [GROUP].
 * Every work-item must reach it. */
float row_sum(const NormRow *place, __local float *cells, float value) {
#if ITEMS_PER_ROW > 1
  barrier(CLK_LOCAL_MEM_FENCE);
  cells[place->item] = value;
  for (uint width = 1; width < ITEMS_PER_ROW; width *= 2) {
    barrier(CLK_LOCAL_MEM_FENCE);
    if (place->line % (2 * width) == 0 && place->line + width < ITEMS_PER_ROW)
      cells[place->item] += cells[place->item + width];
  }
  barrier(CLK_LOCAL_MEM_FENCE);
  return cells[place->item - place->line];
#else
  return value;
#endif
}

/* Returns `count` floats minus `center`, with 0 in the remaining lanes. */
quern_vector deviations(__global const float *x, uint count, float center) {
  if (count >= VECTOR_WIDTH) return QUERN_VLOAD(x) - center;
  float lanes[VECTOR_WIDTH];
  QUERN_UNROLL_FOR (uint i = 0; i < VECTOR_WIDTH; i++) lanes[i] = i < count ? x[i] - center : 0.0f;
  return QUERN_VLOAD(lanes);
}

/* y = gamma (x - mean) saved_inv_std + beta, per unit over the batch. running ← running + momentum
 * (new - running), with the sample variance (n - 1). y may be x. */
__attribute__((reqd_work_group_size(GROUP, 1, 1))) __kernel void batch_norm_forward(
    uint n, uint units, float epsilon, float momentum, __global const float *x, ulong x_offset,
    __global const float *gamma, ulong gamma_offset, __global const float *beta, ulong beta_offset,
    __global float *running_mean, ulong running_mean_offset, __global float *running_variance,
    ulong running_variance_offset, __global float *mean, ulong mean_offset,
    __global float *saved_inv_std, ulong saved_inv_std_offset, __global float *y, ulong y_offset) {
  __local quern_vector cells[GROUP];
  NormStrip strip;
  strip_find(n, units, &strip);
  x += x_offset + strip.column;
  y += y_offset + strip.column;
  quern_vector center, variance;
  strip_moments(&strip, x, cells, &center, &variance);
  const quern_vector inv_std = 1.0f / sqrt(variance / (float)n + epsilon);
  if (strip.down == 0) {
    quern_store_part(center, mean + mean_offset + strip.column, strip.lanes);
    quern_store_part(inv_std, saved_inv_std + saved_inv_std_offset + strip.column, strip.lanes);
    if (running_mean) {
      running_mean += running_mean_offset + strip.column;
      running_variance += running_variance_offset + strip.column;
      const quern_vector old_mean = quern_load_part(running_mean, strip.lanes),
                         old = quern_load_part(running_variance, strip.lanes);
      quern_store_part(old_mean + momentum * (center - old_mean), running_mean, strip.lanes);
      quern_store_part(old + momentum * (variance / (float)(n - 1) - old), running_variance,
                       strip.lanes);
    }
  }
  const quern_vector scale =
      quern_load_part(gamma + gamma_offset + strip.column, strip.lanes) * inv_std;
  const quern_vector shift = quern_load_part(beta + beta_offset + strip.column, strip.lanes);
  for (uint r = strip.first; r < n; r += ROWS_PER_GROUP)
    quern_store_part(scale * (quern_load_part(x + (ulong)r * units, strip.lanes) - center) + shift,
                     y + (ulong)r * units, strip.lanes);
}

/* Computes mean and squares, Σ (x - mean)², per unit over the samples. */
__attribute__((reqd_work_group_size(GROUP, 1, 1))) __kernel void
batch_norm_moments(uint n, uint units, __global const float *x, ulong x_offset,
                   __global float *mean, ulong mean_offset, __global float *squares,
                   ulong squares_offset) {
  __local quern_vector cells[GROUP];
  NormStrip strip;
  strip_find(n, units, &strip);
  x += x_offset + strip.column;
  quern_vector center, sums;
  strip_moments(&strip, x, cells, &center, &sums);
  if (strip.down > 0) return;
  quern_store_part(center, mean + mean_offset + strip.column, strip.lanes);
  quern_store_part(sums, squares + squares_offset + strip.column, strip.lanes);
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
  NormStrip strip;
  strip_find(n, units, &strip);
  dy += dy_offset + strip.column;
  x += x_offset + strip.column;
  dx += dx_offset + strip.column;
  const quern_vector center = quern_load_part(mean + mean_offset + strip.column, strip.lanes);
  const quern_vector inv_std =
      quern_load_part(saved_inv_std + saved_inv_std_offset + strip.column, strip.lanes);
  quern_vector shift, scale;
  strip_gradients(&strip, dy, x, center, inv_std, cells, &shift, &scale);
  if (strip.down == 0) {
    quern_store_part(shift, dbeta + dbeta_offset + strip.column, strip.lanes);
    quern_store_part(scale, dgamma + dgamma_offset + strip.column, strip.lanes);
  }
  const quern_vector factor =
      quern_load_part(gamma + gamma_offset + strip.column, strip.lanes) * inv_std;
  for (uint r = strip.first; r < n; r += ROWS_PER_GROUP) {
    const ulong at = (ulong)r * units;
    const quern_vector normal = (quern_load_part(x + at, strip.lanes) - center) * inv_std;
    quern_store_part(
        factor * (quern_load_part(dy + at, strip.lanes) - (shift + normal * scale) / (float)n),
        dx + at, strip.lanes);
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
  NormStrip strip;
  strip_find(n, units, &strip);
  dy += dy_offset + strip.column;
  x += x_offset + strip.column;
  const quern_vector center = quern_load_part(mean + mean_offset + strip.column, strip.lanes);
  const quern_vector inv_std =
      quern_load_part(saved_inv_std + saved_inv_std_offset + strip.column, strip.lanes);
  quern_vector shift, scale;
  strip_gradients(&strip, dy, x, center, inv_std, cells, &shift, &scale);
  if (strip.down > 0) return;
  quern_store_part(shift, dbeta + dbeta_offset + strip.column, strip.lanes);
  quern_store_part(scale, dgamma + dgamma_offset + strip.column, strip.lanes);
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
  NormRow place;
  row_find(n, units, &place);
  x += x_offset + (ulong)place.row * units;
  y += y_offset + (ulong)place.row * units;
  gamma += gamma_offset;
  beta += beta_offset;
  quern_vector sums = (quern_vector)(0.0f);
  for (uint c = place.line * VECTOR_WIDTH; c < place.columns; c += ITEMS_PER_ROW * VECTOR_WIDTH)
    sums += quern_load_part(x + c, place.columns - c);
  const float center = row_sum(&place, cells, quern_sum_lanes(sums)) / (float)units;
  sums = (quern_vector)(0.0f);
  for (uint c = place.line * VECTOR_WIDTH; c < place.columns; c += ITEMS_PER_ROW * VECTOR_WIDTH) {
    const quern_vector difference = deviations(x + c, place.columns - c, center);
    sums += difference * difference;
  }
  const float variance = row_sum(&place, cells, quern_sum_lanes(sums));
  const float inv_std = 1.0f / sqrt(variance / (float)units + epsilon);
  if (mean && place.line == 0 && place.row < n) {
    mean[mean_offset + place.row] = center;
    saved_inv_std[saved_inv_std_offset + place.row] = inv_std;
  }
  for (uint c = place.line * VECTOR_WIDTH; c < place.columns; c += ITEMS_PER_ROW * VECTOR_WIDTH) {
    const quern_vector normal = (quern_load_part(x + c, place.columns - c) - center) * inv_std;
    quern_store_part(quern_load_part(gamma + c, place.columns - c) * normal +
                         quern_load_part(beta + c, place.columns - c),
                     y + c, place.columns - c);
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
  NormRow place;
  row_find(n, units, &place);
  dy += dy_offset + (ulong)place.row * units;
  x += x_offset + (ulong)place.row * units;
  dx += dx_offset + (ulong)place.row * units;
  gamma += gamma_offset;
  const float center = place.row < n ? mean[mean_offset + place.row] : 0.0f,
              inv_std = place.row < n ? saved_inv_std[saved_inv_std_offset + place.row] : 0.0f;
  quern_vector plain = (quern_vector)(0.0f), along = (quern_vector)(0.0f);
  for (uint c = place.line * VECTOR_WIDTH; c < place.columns; c += ITEMS_PER_ROW * VECTOR_WIDTH) {
    const quern_vector gradient =
        quern_load_part(dy + c, place.columns - c) * quern_load_part(gamma + c, place.columns - c);
    plain += gradient;
    along += gradient * ((quern_load_part(x + c, place.columns - c) - center) * inv_std);
  }
  const float shift = row_sum(&place, cells, quern_sum_lanes(plain));
  const float scale = row_sum(&place, cells, quern_sum_lanes(along));
  for (uint c = place.line * VECTOR_WIDTH; c < place.columns; c += ITEMS_PER_ROW * VECTOR_WIDTH) {
    const quern_vector gradient =
        quern_load_part(dy + c, place.columns - c) * quern_load_part(gamma + c, place.columns - c);
    const quern_vector normal = (quern_load_part(x + c, place.columns - c) - center) * inv_std;
    quern_store_part(inv_std * (gradient - (shift + normal * scale) / (float)units), dx + c,
                     place.columns - c);
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
  NormStrip strip;
  strip_find(n, units, &strip);
  dy += dy_offset + strip.column;
  x += x_offset + strip.column;
  mean += mean_offset;
  saved_inv_std += saved_inv_std_offset;
  quern_vector shift = (quern_vector)(0.0f), scale = (quern_vector)(0.0f);
  for (uint r = strip.first; r < n; r += ROWS_PER_GROUP)
    strip_add_gradients(&strip, r, dy, x, (quern_vector)(mean[r]), (quern_vector)(saved_inv_std[r]),
                        &shift, &scale);
  shift = strip_sum(&strip, cells, shift);
  scale = strip_sum(&strip, cells, scale);
  if (strip.down > 0) return;
  quern_store_part(shift, dbeta + dbeta_offset + strip.column, strip.lanes);
  quern_store_part(scale, dgamma + dgamma_offset + strip.column, strip.lanes);
}
