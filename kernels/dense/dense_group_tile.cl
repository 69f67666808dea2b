/* A tile of a matrix product in local memory, for GPUs: the part that the products of
 * dense_group.cl share. Needs common.cl.
 *
 * C = A B, with sums over `depth`. A work-group computes GROUP_ROWS x GROUP_COLUMNS of C, in blocks
 * of GROUP_DEPTH along the depth. It copies a block of A and one of B to local memory, transposed
 * if needed so that in both a step k of the depth is a row. Meanwhile the next block is being
 * loaded from global memory to registers:
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
 * If tiles are few, a small one fills the device only if its work-group has many work-items.
 * SLICES sets of them therefore share each block: slice s computes the steps s, s + SLICES, …, and
 * the sums are added at the end, always in the same order.
 *
 * Blocks are filled with zeros past the edges of A and B, and nothing past those of C is stored.
 * Every work-item reaches every barrier.
 *
 * The defaults suit any GPU. */

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
/* Blocks in local memory: 1, or 2 to save one of the two barriers per block. */
#ifndef BUFFERS
#define BUFFERS 1
#endif
/* Unused vectors after each row of a block, against bank conflicts if a block is transposed. */
#ifndef PADDING
#define PADDING 1
#endif
/* Vectors of a row that neighboring work-items read if a block is transposed. More of them read
 * global memory in longer runs; fewer conflict less when they write to local memory. A divisor of
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

/* The position and layout of a factor's block. `transposed` means that its steps k are contiguous
 * in global memory. */
typedef struct block {
  uint across;  /* first row of C for A, first column of C for B */
  uint vectors; /* of the tile's side: GROUP_ROW_VECTORS or GROUP_COLUMN_VECTORS */
  uint stride;  /* A_STRIDE or B_STRIDE */
  int transposed;
} block;

/* Returns the position, in its block, of the i-th vector that a work-item copies: the step k (the
 * first of VECTOR_WIDTH if transposed) and the index along the tile's side (of a vector, or of a
 * float if transposed). */
INLINE uint2 position(block b, uint i, uint item) {
  const uint number = i * GROUP_ITEMS + item;
  if (!b.transposed) return (uint2)(number / b.vectors, number % b.vectors);
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
      const uint row = b.transposed ? b.across + at.y : k + at.x;                                  \
      const uint column = b.transposed ? k + at.x : b.across + at.y * VECTOR_WIDTH;                \
      held[i] = (quern_vector)(0.0f);                                                              \
      if (row < m.rows && column < m.columns)                                                      \
        held[i] = load(m.values + (size_t)row * m.columns + column, m.columns - column, m.wide);   \
    }                                                                                              \
  }                                                                                                \
                                                                                                   \
  INLINE void place(const quern_vector *held, block b, __local quern_vector *memory, uint item) {  \
    QUERN_UNROLL_FOR (uint i = 0; i < (loads); i++) {                                              \
      const uint2 at = position(b, i, item);                                                       \
      if (b.transposed)                                                                            \
        store_column(held[i], (__local float *)memory + at.x * b.stride * VECTOR_WIDTH + at.y,     \
                     b.stride);                                                                    \
      else                                                                                         \
        memory[at.x * b.stride + at.y] = held[i];                                                  \
    }                                                                                              \
  }

/* Writes a vector's lanes as a column, `stride` vectors apart. */
INLINE void store_column(quern_vector vector, __local float *top, uint stride) {
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
INLINE void product(quern_vector (*sum)[COLUMN_VECTORS], uint depth, matrix a, int a_transposed,
                    matrix b, int b_transposed, int with_columns, quern_vector *columns,
                    __local quern_vector *memory) {
  const uint item = (uint)get_local_id(0);
  const block a_block = {(uint)get_group_id(1) * GROUP_ROWS, GROUP_ROW_VECTORS, A_STRIDE,
                         a_transposed};
  const block b_block = {(uint)get_group_id(0) * GROUP_COLUMNS, GROUP_COLUMN_VECTORS, B_STRIDE,
                         b_transposed};
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
