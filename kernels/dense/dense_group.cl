/* The matrix products of dense layers for GPUs: a work-group computes a tile of the result in local
 * memory. OpenCL C 1.2. Needs common.cl and update.cl.
 *
 * All three are C = A B, with sums over `depth`, and differ in how A and B lie in memory and in
 * what becomes of C:
 *
 *                     A              B              C                          rows  columns  depth
 *   forward           X              W              Y = f(C + b)               n     out      in
 *   backward data     dZ             Wᵀ, lies as W  dX = C ∘ f'(h), or added   n     in       out
 *   backward weights  Xᵀ, lies as X  dZ             dW = C, added, or SGD; db  in    out      n
 *
 * A work-group takes GROUP_ROWS x GROUP_COLUMNS of C and goes along the depth in blocks of
 * GROUP_DEPTH. It copies a block of A and one of B to local memory, turned where needed so that in
 * both a step k of the depth is a row, while the next block is already on its way from global
 * memory to registers:
 *
 *                            GROUP_COLUMNS
 *                        ┌──────────────────┐
 *                   B    │░░░░░░░░░░░░░░░░░░│ GROUP_DEPTH
 *                        └──────────────────┘
 *      GROUP_DEPTH
 *         ┌───┐          ┌──────────────────┐
 *         │░░░│          │xx  xx            │ x: what one work-item computes: ITEM_ROWS x
 *    A    │░░░│     C    │xx  xx            │ ITEM_COLUMNS in registers, as vectors of VECTOR_WIDTH
 *         │░░░│          │                  │ rows and of VECTOR_WIDTH columns, spread over the
 *         │░░░│          │xx  xx            │ tile so that neighbors read and write side by side
 *         └───┘          │xx  xx            │ GROUP_ROWS
 *                        └──────────────────┘
 *
 * Where tiles are few, a small one fills the device only if its work-group has many work-items, so
 * SLICES sets of them share each block, slice s taking the steps s, s + SLICES, …, and their sums
 * are added at the end, always in the same order.
 *
 * Over the edges blocks are filled with zeros, and what lies outside is not stored. Barriers are
 * reached by every work-item.
 *
 * The host (host/opencl/launch/dense_group.c) builds this file once for each size of tile that it
 * uses. The defaults suit any GPU. */

/* Names the kernels: dense_group_<SIZE>_forward, … */
#ifndef SIZE
#define SIZE small
#endif
/* The tile of C that a work-group computes, in floats: multiples of VECTOR_WIDTH. */
#ifndef GROUP_ROWS
#define GROUP_ROWS 32
#endif
#ifndef GROUP_COLUMNS
#define GROUP_COLUMNS 32
#endif
/* Steps of the sum in a block: a multiple of VECTOR_WIDTH and of SLICES. */
#ifndef GROUP_DEPTH
#define GROUP_DEPTH 16
#endif
/* The part of the tile that a work-item computes, in floats: multiples of VECTOR_WIDTH. */
#ifndef ITEM_ROWS
#define ITEM_ROWS 4
#endif
#ifndef ITEM_COLUMNS
#define ITEM_COLUMNS 4
#endif
/* Sets of work-items that share a block: a power of two. */
#ifndef SLICES
#define SLICES 1
#endif
/* Blocks in local memory: 1, or 2 to save one of the two barriers a block. */
#ifndef BUFFERS
#define BUFFERS 1
#endif
/* Vectors that no one uses after each row of a block, against bank conflicts where a block is
 * turned. */
#ifndef PADDING
#define PADDING 1
#endif
/* Vectors of a row that neighboring work-items take where a block is turned: more of them read
 * global memory in longer runs, fewer conflict less when they write to local memory. A divisor of
 * GROUP_DEPTH / VECTOR_WIDTH. */
#ifndef RUN
#define RUN (GROUP_DEPTH / VECTOR_WIDTH % 4 == 0 ? 4 : GROUP_DEPTH / VECTOR_WIDTH % 2 == 0 ? 2 : 1)
#endif

/* Work-items: across the tile, down the tile, in a slice, in a work-group. */
#define ITEMS_ACROSS   (GROUP_COLUMNS / ITEM_COLUMNS)
#define ITEMS_DOWN     (GROUP_ROWS / ITEM_ROWS)
#define ITEMS_OF_SLICE (ITEMS_ACROSS * ITEMS_DOWN)
#define GROUP_ITEMS    (ITEMS_OF_SLICE * SLICES)
/* Vectors in a tile's row and column, and in a work-item's part of them. */
#define GROUP_ROW_VECTORS    (GROUP_ROWS / VECTOR_WIDTH)
#define GROUP_COLUMN_VECTORS (GROUP_COLUMNS / VECTOR_WIDTH)
#define ROW_VECTORS          (ITEM_ROWS / VECTOR_WIDTH)
#define COLUMN_VECTORS       (ITEM_COLUMNS / VECTOR_WIDTH)
#define ITEM_VECTORS         (ITEM_ROWS * COLUMN_VECTORS)
/* Vectors of a block that each work-item brings. */
#define A_LOADS (GROUP_ROW_VECTORS * GROUP_DEPTH / GROUP_ITEMS)
#define B_LOADS (GROUP_COLUMN_VECTORS * GROUP_DEPTH / GROUP_ITEMS)
/* From one step to the next in local memory, and from one block of both factors to the next, in
 * vectors. */
#define A_STRIDE (GROUP_ROW_VECTORS + PADDING)
#define B_STRIDE (GROUP_COLUMN_VECTORS + PADDING)
#define BLOCK    (GROUP_DEPTH * (A_STRIDE + B_STRIDE))

/* Local memory of a work-group, in vectors. The blocks; after them, in the same place, the sums of
 * half the slices; and a vector a work-item for the bias. The host (quern__cl_group_local_vectors)
 * does this sum too, to know what fits a device. */
#define LARGER(a, b) ((a) > (b) ? (a) : (b))
#define LOCAL_VECTORS                                                                              \
  LARGER(LARGER(BUFFERS *BLOCK, SLICES / 2 * ITEMS_OF_SLICE * ITEM_VECTORS), GROUP_ITEMS)

#if GROUP_ROWS % ITEM_ROWS || GROUP_COLUMNS % ITEM_COLUMNS || ITEM_ROWS % VECTOR_WIDTH ||          \
    ITEM_COLUMNS % VECTOR_WIDTH
#error "a tile is not divided evenly among its work-items"
#endif
#if GROUP_ROW_VECTORS * GROUP_DEPTH % GROUP_ITEMS ||                                               \
    GROUP_COLUMN_VECTORS * GROUP_DEPTH % GROUP_ITEMS
#error "a block is not divided evenly among the work-items that bring it"
#endif
#if GROUP_DEPTH % VECTOR_WIDTH || GROUP_DEPTH % SLICES || SLICES & (SLICES - 1) ||                 \
    GROUP_ITEMS % GROUP_COLUMN_VECTORS
#error "GROUP_DEPTH, SLICES or the work-group does not fit the rest"
#endif
#if defined(HOST_LOCAL_VECTORS) && HOST_LOCAL_VECTORS != LOCAL_VECTORS
#error "the host expects another size of local memory"
#endif

/* Arrays passed to a function stay in registers only if it is inlined. */
#define INLINE static inline __attribute__((always_inline))

/* A row-major matrix in global memory. `wide` means that base and rows are aligned for vector loads
 * and stores. vloadn and vstoren accept any address, but compilers split them into n narrow
 * accesses. */
typedef struct matrix {
  __global const float *values;
  uint rows, columns;
  int wide;
} matrix;

INLINE int is_wide(__global const float *values, uint columns) {
  return columns % VECTOR_WIDTH == 0 && (size_t)values % sizeof(quern_vector) == 0;
}

INLINE matrix matrix_of(__global const float *values, uint rows, uint columns) {
  const matrix m = {values, rows, columns, is_wide(values, columns)};
  return m;
}

INLINE quern_vector load(__global const float *at, uint lanes, int wide) {
  return wide ? *(__global const quern_vector *)at : quern_load_part(at, lanes);
}

INLINE void store(quern_vector value, __global float *at, uint lanes, int wide) {
  if (wide)
    *(__global quern_vector *)at = value;
  else
    quern_store_part(value, at, lanes);
}

typedef union lanes_of {
  quern_vector vector;
  float lanes[VECTOR_WIDTH];
} lanes_of;

/* The position and layout of a factor's block. `turned` means that its steps k are contiguous in
 * global memory. */
typedef struct block {
  uint across;  /* first row of C for A, first column of C for B */
  uint vectors; /* of the tile's side: GROUP_ROW_VECTORS or GROUP_COLUMN_VECTORS */
  uint stride;  /* A_STRIDE or B_STRIDE */
  int turned;
} block;

/* Returns the position, in its block, of the i-th vector that a work-item copies: the step k (the
 * first of VECTOR_WIDTH if turned) and the index along the tile's side (of a vector, or of a float
 * if turned). */
INLINE uint2 position(block b, uint i, uint item) {
  const uint number = i * GROUP_ITEMS + item;
  if (!b.turned) return (uint2)(number / b.vectors, number % b.vectors);
  const uint side = b.vectors * VECTOR_WIDTH;
  return (uint2)((number / (RUN * side) * RUN + number % RUN) * VECTOR_WIDTH, number / RUN % side);
}

/* fetch loads this work-item's vectors of the block at step k, with zeros beyond the matrix. place
 * writes them to local memory. Each factor has its own pair, since `loads` must be constant before
 * inlining. Otherwise some compilers unroll too late and put `held` in memory. */
#define FETCH_AND_PLACE(fetch, place, loads)                                                       \
  INLINE void fetch(quern_vector *held, block b, matrix m, uint k, uint item) {                    \
    QUERN_UNROLL_FOR (uint i = 0; i < (loads); i++) {                                              \
      const uint2 at = position(b, i, item);                                                       \
      const uint row = b.turned ? b.across + at.y : k + at.x;                                      \
      const uint column = b.turned ? k + at.x : b.across + at.y * VECTOR_WIDTH;                    \
      held[i] = (quern_vector)(0.0f);                                                              \
      if (row < m.rows && column < m.columns)                                                      \
        held[i] = load(m.values + (size_t)row * m.columns + column, m.columns - column, m.wide);   \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  INLINE void place(const quern_vector *held, block b, __local quern_vector *memory, uint item) {  \
    QUERN_UNROLL_FOR (uint i = 0; i < (loads); i++) {                                              \
      const uint2 at = position(b, i, item);                                                       \
      if (b.turned)                                                                                \
        turn(held[i], (__local float *)memory + at.x * b.stride * VECTOR_WIDTH + at.y, b.stride);  \
      else                                                                                         \
        memory[at.x * b.stride + at.y] = held[i];                                                  \
    }                                                                                              \
  }

/* Writes a vector's lanes as a column, `stride` vectors apart. */
INLINE void turn(quern_vector vector, __local float *top, uint stride) {
  lanes_of value;
  value.vector = vector;
  QUERN_UNROLL_FOR (uint lane = 0; lane < VECTOR_WIDTH; lane++)
    top[lane * stride * VECTOR_WIDTH] = value.lanes[lane];
}

FETCH_AND_PLACE(fetch_a, place_a, A_LOADS)
FETCH_AND_PLACE(fetch_b, place_b, B_LOADS)

/* sum += this work-item's part of the block. */
INLINE void multiply(quern_vector (*sum)[COLUMN_VECTORS], __local const quern_vector *a,
                     __local const quern_vector *b, uint item) {
  const uint x = item % ITEMS_ACROSS, y = item % ITEMS_OF_SLICE / ITEMS_ACROSS,
             slice = item / ITEMS_OF_SLICE;
  QUERN_UNROLL_FOR (uint i = 0; i < GROUP_DEPTH / SLICES; i++) {
    const uint k = i * SLICES + slice;
    lanes_of left[ROW_VECTORS];
    QUERN_UNROLL_FOR (uint v = 0; v < ROW_VECTORS; v++)
      left[v].vector = a[k * A_STRIDE + v * ITEMS_DOWN + y];
    quern_vector right[COLUMN_VECTORS];
    QUERN_UNROLL_FOR (uint v = 0; v < COLUMN_VECTORS; v++)
      right[v] = b[k * B_STRIDE + v * ITEMS_ACROSS + x];
    QUERN_UNROLL_FOR (uint r = 0; r < ITEM_ROWS; r++)
      QUERN_UNROLL_FOR (uint v = 0; v < COLUMN_VECTORS; v++)
        sum[r][v] = QUERN_MAD((quern_vector)(left[r / VECTOR_WIDTH].lanes[r % VECTOR_WIDTH]),
                              right[v], sum[r][v]);
  }
}

/* Adds the slices' sums, the upper half to the lower, until slice 0 holds the total. */
INLINE void add_slices(quern_vector (*sum)[COLUMN_VECTORS], __local quern_vector *memory,
                       uint item) {
#if SLICES > 1
  const uint slice = item / ITEMS_OF_SLICE;
  for (uint kept = SLICES / 2; kept > 0; kept /= 2) {
    if (slice >= kept && slice < 2 * kept) {
      QUERN_UNROLL_FOR (uint i = 0; i < ITEM_VECTORS; i++)
        memory[i * kept * ITEMS_OF_SLICE + item - kept * ITEMS_OF_SLICE] =
            sum[i / COLUMN_VECTORS][i % COLUMN_VECTORS];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
    if (slice < kept) {
      QUERN_UNROLL_FOR (uint i = 0; i < ITEM_VECTORS; i++)
        sum[i / COLUMN_VECTORS][i % COLUMN_VECTORS] += memory[i * kept * ITEMS_OF_SLICE + item];
    }
    barrier(CLK_LOCAL_MEM_FENCE);
  }
#endif
}

/* Computes the tile of A B over `depth` steps, in the registers of slice 0. If `with_columns`,
 * *columns becomes this work-item's share of B's column sums: an interleaved subset of the steps,
 * for the vector item % GROUP_COLUMN_VECTORS. Afterward `memory` is free. */
INLINE void product(quern_vector (*sum)[COLUMN_VECTORS], uint depth, matrix a, int a_turned,
                    matrix b, int b_turned, int with_columns, quern_vector *columns,
                    __local quern_vector *memory) {
  const uint item = (uint)get_local_id(0);
  const block a_block = {(uint)get_group_id(1) * GROUP_ROWS, GROUP_ROW_VECTORS, A_STRIDE, a_turned};
  const block b_block = {(uint)get_group_id(0) * GROUP_COLUMNS, GROUP_COLUMN_VECTORS, B_STRIDE,
                         b_turned};
  QUERN_UNROLL_FOR (uint r = 0; r < ITEM_ROWS; r++)
    QUERN_UNROLL_FOR (uint v = 0; v < COLUMN_VECTORS; v++) sum[r][v] = (quern_vector)(0.0f);
  *columns = (quern_vector)(0.0f);

  quern_vector a_held[A_LOADS], b_held[B_LOADS];
  __local quern_vector *a_local = memory, *b_local = memory + GROUP_DEPTH * A_STRIDE;
  fetch_a(a_held, a_block, a, 0, item);
  fetch_b(b_held, b_block, b, 0, item);
  place_a(a_held, a_block, a_local, item);
  place_b(b_held, b_block, b_local, item);
  barrier(CLK_LOCAL_MEM_FENCE);

  uint next = 0; /* offset of the next block in `memory`, in vectors */
  for (uint k = 0; k < depth; k += GROUP_DEPTH) {
    /* After the last block this loads nothing and places zeros that are never read. */
    fetch_a(a_held, a_block, a, k + GROUP_DEPTH, item);
    fetch_b(b_held, b_block, b, k + GROUP_DEPTH, item);
    multiply(sum, a_local, b_local, item);
    if (with_columns)
      for (uint i = item / GROUP_COLUMN_VECTORS; i < GROUP_DEPTH;
           i += GROUP_ITEMS / GROUP_COLUMN_VECTORS)
        *columns += b_local[i * B_STRIDE + item % GROUP_COLUMN_VECTORS];
#if BUFFERS == 1
    barrier(CLK_LOCAL_MEM_FENCE);
#else
    next = BLOCK - next;
#endif
    a_local = memory + next;
    b_local = a_local + GROUP_DEPTH * A_STRIDE;
    place_a(a_held, a_block, a_local, item);
    place_b(b_held, b_block, b_local, item);
    barrier(CLK_LOCAL_MEM_FENCE);
  }
  add_slices(sum, memory, item);
}

/* Row and column in C of this work-item's vector sum[r][v]. */
INLINE uint row_of(uint r) {
  const uint down = (uint)get_local_id(0) % ITEMS_OF_SLICE / ITEMS_ACROSS;
  return (uint)get_group_id(1) * GROUP_ROWS +
         (r / VECTOR_WIDTH * ITEMS_DOWN + down) * VECTOR_WIDTH + r % VECTOR_WIDTH;
}

INLINE uint column_of(uint v) {
  const uint across = (uint)get_local_id(0) % ITEMS_ACROSS;
  return (uint)get_group_id(0) * GROUP_COLUMNS + (v * ITEMS_ACROSS + across) * VECTOR_WIDTH;
}

INLINE int is_stored(uint row, uint column, uint rows, uint columns) {
  return get_local_id(0) < ITEMS_OF_SLICE && row < rows && column < columns;
}

/* Runs the statement for each vector sum[r][v] of this work-item that is stored in rows x
 * columns. */
#define EACH_VECTOR(rows, columns)                                                                 \
  QUERN_UNROLL_FOR (uint r = 0; r < ITEM_ROWS; r++)                                                \
    QUERN_UNROLL_FOR (uint v = 0; v < COLUMN_VECTORS; v++)                                         \
      if (is_stored(row_of(r), column_of(v), rows, columns))

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

/* Of the optimizers, plain SGD only. */
INLINE void put(int mode, const Update *update, quern_vector gradient, __global float *at,
                uint lanes, int wide) {
  if (mode != WRITE) {
    const quern_vector old = load(at, lanes, wide);
    gradient = mode == UPDATE ? updated_by_sgd(update, gradient, old) : old + gradient;
  }
  store(gradient, at, lanes, wide);
}

/* dW = Xᵀ dZ and db = Σ_rows dZ, written or added, or an SGD step of W and b. dW or db may be null.
 * The tiles of the first inputs compute db. Without dW the host launches no others. */
KERNEL(_backward_weights)
(uint n, uint in, uint out, __global const float *x, ulong x_offset, __global const float *dz,
 ulong dz_offset, int mode, UPDATE_PARAMETERS, __global float *dw, ulong dw_offset,
 __global float *db, ulong db_offset) {
  __local quern_vector memory[LOCAL_VECTORS];
  quern_vector sum[ITEM_ROWS][COLUMN_VECTORS], share;
  const int with_bias = db && get_group_id(1) == 0;
  product(sum, n, matrix_of(x + x_offset, n, in), false, matrix_of(dz + dz_offset, n, out), false,
          with_bias, &share, memory);

  const Update update = UPDATE_OF_PARAMETERS, of_bias = update_of_bias(update);
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
