/* The kernel parameters of each device, as a table. */
#ifndef QUERN_HOST_OPENCL_TUNING_H
#define QUERN_HOST_OPENCL_TUNING_H

#include <quern/device.h>

/* Register tiles of the matrix products: each work-item computes rows x (vectors · width)
 * outputs. */
typedef struct quern__cl_tile {
  unsigned rows;    /* rows of outputs */
  unsigned vectors; /* vectors of outputs side by side */
  unsigned panel;   /* terms of the sum whose operands are copied side by side */
} quern__cl_tile;

/* Floats in a cache line, and in the widest vector. */
enum { QUERN__CL_LINE = 16 };

/* How a device computes matrix products. */
typedef enum quern__cl_dense {
  QUERN__DENSE_ITEM, /* a work-item computes a tile in registers: dense_forward.cl, … */
  QUERN__DENSE_GROUP /* a work-group computes a tile in local memory: dense_group.cl */
} quern__cl_dense;

/* X(size): the tiles of a device, from large to small. Each has its own program. */
#define QUERN__GROUP_SIZES(X) X(large) X(medium) X(small) X(tiny)

typedef enum quern__group_size {
#define QUERN__GROUP_SIZE_VALUE(size) QUERN__GROUP_##size,
  QUERN__GROUP_SIZES(QUERN__GROUP_SIZE_VALUE)
#undef QUERN__GROUP_SIZE_VALUE
      QUERN__GROUP_SIZE_COUNT
} quern__group_size;

/* A work-group's tile: see kernels/dense/dense_group_tile.cl. All zero: there is no tile of this
 * size. */
typedef struct quern__cl_group_tile {
  unsigned rows, columns, depth;    /* of a work-group, in floats */
  unsigned item_rows, item_columns; /* of a work-item, in floats */
  unsigned slices, buffers, padding;
} quern__cl_group_tile;

/* One row of the table. A device uses the first row that matches its kind and platform and whose
 * work-groups and vectors it can run; the last row matches every device. */
typedef struct quern__cl_tuning {
  const char *pattern;    /* part of the platform's name, or "" for any */
  quern_device_kind kind; /* the kind of device … */
  bool any_kind;          /* … unless it is for any */
  unsigned vector_width;  /* floats in a vector: 1, 2, 4, 8 or 16 */
  bool fused;             /* only for CPUs with fused multiply-adds */
  quern__cl_dense dense;  /* which of the following tiles are used; the others are zero */
  quern__cl_group_tile groups[QUERN__GROUP_SIZE_COUNT];
  quern__cl_tile forward, backward_data;
  quern__cl_tile backward_weights; /* rows: a divisor of QUERN__CL_LINE */
  /* work-group of the matrix products: columns, rows of work-items */
  unsigned local[2];
  /* work-group of ops with one element or sample per work-item */
  unsigned group;
  /* whether a work-group shares a sample's row, as on GPUs, or a work-item has it */
  bool shares_rows;
  /* whether the compiler splits loads and stores of vectors that may not be aligned */
  bool splits_vectors;
  /* Thousands of floating-point operations of one compute unit in the time of a launch. Steps with
   * fewer run on one unit. 0: steps are queued op by op. */
  unsigned launch_kiloflops;
} quern__cl_tuning;

/* A device's limits. */
typedef struct quern__cl_limits {
  size_t work_group;     /* work-items in a work-group */
  uint64_t local_memory; /* bytes of a work-group */
  unsigned vector_width; /* floats in the widest vector of a CPU; 0: any */
  bool fused;            /* a multiply-add is one instruction */
} quern__cl_limits;

/* All rows. */
const quern__cl_tuning *quern__cl_tuning_rows(size_t *count);

/* Halves the row's work-groups until the device can run them. */
void quern__cl_tuning_fit(quern__cl_tuning *tuning, quern__cl_limits limits);

const quern__cl_tuning *quern__cl_tuning_find(const quern_device_info *info,
                                              quern__cl_limits limits);

/* How a work-group shares the sums of normalization: the adjacent vectors whose columns it sums, a
 * line of memory if it has the work-items; and the work-items that sum one row. */
unsigned quern__cl_columns_per_group(const quern__cl_tuning *tuning);
unsigned quern__cl_items_per_row(const quern__cl_tuning *tuning);

/* The work-items of a tile's work-group, and the vectors of local memory that it needs. */
size_t quern__cl_group_items(const quern__cl_group_tile *tile);
size_t quern__cl_group_local_vectors(const quern__cl_group_tile *tile, unsigned vector_width);

/* The largest of the row's tiles that divides rows x columns into at least one tile per compute
 * unit; the smallest if none does. */
quern__group_size quern__cl_group_choose(const quern__cl_tuning *tuning, size_t rows,
                                         size_t columns, size_t compute_units);

#endif
