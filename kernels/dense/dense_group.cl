/* The matrix products of dense layers for GPUs: a work-group computes a tile of the result in local
 * memory. OpenCL C 1.2. Needs common.cl, optimizer_rules.cl and dense_group_tile.cl.
 *
 * All three are C = A B, with sums over `depth`. They differ in the layout of A and B in memory,
 * and in what C is used for:
 *
 *                     A              B              C                          rows  columns  depth
 *   forward           X              W              Y = f(C + b)               n     out      in
 *   backward data     dZ             Wᵀ, stored W   dX = C ∘ f'(h), or added   n     in       out
 *   backward weights  Xᵀ, stored X   dZ             dW = C, added, or SGD; db  in    out      n
 *
 * The host (host/opencl/launch/dense_group.c) builds this file and dense_group_tile.cl once for
 * each size of tile that it uses. */

/* Names the kernels: dense_group_<SIZE>_forward, … */
#ifndef SIZE
#define SIZE small
#endif

#define KERNEL(name)                                                                               \
  __attribute__((reqd_work_group_size(GROUP_ITEMS, 1, 1))) __kernel void QUERN_JOIN(               \
      QUERN_JOIN(dense_group_, SIZE), name)

/* Y = f(X W + b). b may be null. */
KERNEL(_forward)
(uint n, uint in, uint out, __global const float *x, ulong x_offset, __global const float *w,
 ulong w_offset, __global const float *b, ulong b_offset, int activation, float slope,
 __global float *y, ulong y_offset) {
  __local quern_vector memory[LOCAL_VECTORS];
  quern_vector sum[ITEM_ROWS][COLUMN_VECTORS], unused;
  product(sum, in, matrix_of(x + x_offset, n, in), true, matrix_of(w + w_offset, in, out), false,
          false, &unused, memory);

  __global float *target = y + y_offset;
  const int wide = is_wide(target, out);
  EACH_VECTOR(n, out) {
    const uint row = row_of(r), column = column_of(v);
    quern_vector value = sum[r][v];
    if (b) value += quern_load_part(b + b_offset + column, out - column);
    store(quern_activate_vector(activation, slope, value), target + (size_t)row * out + column,
          out - column, wide);
  }
}

/* dX = (dZ Wᵀ) ∘ f'(h), or added to dX. h is null for the identity, and may be dX. */
KERNEL(_backward_data)
(uint n, uint in, uint out, __global const float *dz, ulong dz_offset, __global const float *w,
 ulong w_offset, __global const float *h, ulong h_offset, int activation, float slope,
 int accumulate, __global float *dx, ulong dx_offset) {
  __local quern_vector memory[LOCAL_VECTORS];
  quern_vector sum[ITEM_ROWS][COLUMN_VECTORS], unused;
  product(sum, out, matrix_of(dz + dz_offset, n, out), true, matrix_of(w + w_offset, in, out), true,
          false, &unused, memory);

  __global float *target = dx + dx_offset;
  const int wide = is_wide(target, in), h_wide = h && is_wide(h + h_offset, in);
  EACH_VECTOR(n, in) {
    const uint column = column_of(v);
    const size_t at = (size_t)row_of(r) * in + column;
    quern_vector value = sum[r][v];
    if (h)
      value *= quern_activate_gradient_vector(activation, slope,
                                              load(h + h_offset + at, in - column, h_wide));
    if (accumulate) value += load(target + at, in - column, wide);
    store(value, target + at, in - column, wide);
  }
}

/* What to do with a gradient. Values as in host/opencl/launch/dense_group.c. */
#define WRITE      0
#define ACCUMULATE 1
#define UPDATE     2

/* Stores a gradient, adds it, or takes a step of plain SGD with it; there are no other optimizers
 * here. */
INLINE void put(int mode, const OptimizerStep *update, quern_vector gradient, __global float *at,
                uint lanes, int wide) {
  if (mode != WRITE) {
    const quern_vector old = load(at, lanes, wide);
    gradient = mode == UPDATE ? optimizer_step_sgd(update, gradient, old) : old + gradient;
  }
  store(gradient, at, lanes, wide);
}

/* dW = Xᵀ dZ and db = Σ_rows dZ, written or added, or an SGD step of W and b (the op
 * dense_backward_update). dW or db may be null. The tiles of the first inputs compute db. Without
 * dW the host launches no others. */
KERNEL(_backward_weights)
(uint n, uint in, uint out, __global const float *x, ulong x_offset, __global const float *dz,
 ulong dz_offset, int mode, OPTIMIZER_PARAMETERS, __global float *dw, ulong dw_offset,
 __global float *db, ulong db_offset) {
  __local quern_vector memory[LOCAL_VECTORS];
  quern_vector sum[ITEM_ROWS][COLUMN_VECTORS], share;
  const int with_bias = db && get_group_id(1) == 0;
  product(sum, n, matrix_of(x + x_offset, n, in), false, matrix_of(dz + dz_offset, n, out), false,
          with_bias, &share, memory);

  const OptimizerStep update = OPTIMIZER_OF_PARAMETERS, of_bias = optimizer_of_bias(update);
  const uint item = (uint)get_local_id(0);
  memory[item] = share;
  barrier(CLK_LOCAL_MEM_FENCE);
  const uint first = (uint)get_group_id(0) * GROUP_COLUMNS + item * VECTOR_WIDTH;
  if (with_bias && item < GROUP_COLUMN_VECTORS && first < out) {
    quern_vector total = memory[item];
    for (uint i = item + GROUP_COLUMN_VECTORS; i < GROUP_ITEMS; i += GROUP_COLUMN_VECTORS)
      total += memory[i];
    put(mode, &of_bias, total, db + db_offset + first, out - first, false);
  }
  if (!dw) return;

  __global float *target = dw + dw_offset;
  const int wide = is_wide(target, out);
  EACH_VECTOR(in, out) {
    const uint column = column_of(v);
    put(mode, &update, sum[r][v], target + (size_t)row_of(r) * out + column, out - column, wide);
  }
}
