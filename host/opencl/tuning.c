/* The table of kernel parameters by device. */
#include "tuning.h"

#include "../base/size.h"
#include <string.h>

/* Compilers of emulators take minutes for tiles that are fully unrolled, so theirs are small. On a
 * CPU, a work-item of a matrix product computes a register tile, and a work-group is one work-item.
 * The row for any other GPU needs only what every device has: 64 work-items and 16 KiB.
 * docs/measurements.md has what was timed.
 *
 * A CPU's registers hold a tile's sums, a row of the panel, a scalar and, without fused
 * multiply-adds, a product. AVX-512 (vectors of 16) and NEON (vectors of 4, fused) have 32
 * registers; AVX2, AVX and SSE have 16. NEON has not been timed. */
static const quern__cl_tuning table[] = {
    {.pattern = "",
     .kind = QUERN_DEVICE_CPU,
     .vector_width = 16,
     .fused = true,
     .forward = {8, 2, 512},
     .backward_data = {8, 2, 512},
     .backward_weights = {4, 4, 128},
     .local = {1, 1},
     .group = 16,
     .launch_kiloflops = 1000},
    {.pattern = "",
     .kind = QUERN_DEVICE_CPU,
     .vector_width = 8,
     .fused = true,
     .forward = {4, 3, 512},
     .backward_data = {4, 3, 512},
     .backward_weights = {2, 4, 128},
     .local = {1, 1},
     .group = 16,
     .launch_kiloflops = 1000},
    {.pattern = "",
     .kind = QUERN_DEVICE_CPU,
     .vector_width = 8,
     .forward = {4, 2, 512},
     .backward_data = {4, 2, 512},
     .backward_weights = {2, 4, 128},
     .local = {1, 1},
     .group = 16,
     .launch_kiloflops = 700},
    {.pattern = "",
     .kind = QUERN_DEVICE_CPU,
     .vector_width = 4,
     .fused = true,
     .forward = {8, 2, 512},
     .backward_data = {8, 2, 512},
     .backward_weights = {4, 4, 128},
     .local = {1, 1},
     .group = 16,
     .launch_kiloflops = 500},
    {.pattern = "",
     .kind = QUERN_DEVICE_CPU,
     .vector_width = 4,
     .forward = {2, 4, 512},
     .backward_data = {2, 4, 512},
     .backward_weights = {2, 4, 128},
     .local = {1, 1},
     .group = 16,
     .launch_kiloflops = 350},
    {.pattern = "NVIDIA",
     .kind = QUERN_DEVICE_GPU,
     .vector_width = 4,
     .dense = QUERN__DENSE_GROUP,
     .groups = {{128, 128, 8, 8, 8, 1, 2, 1},
                {64, 64, 16, 8, 4, 2, 2, 1},
                {32, 32, 64, 4, 4, 4, 1, 1},
                {16, 16, 128, 4, 4, 16, 1, 1}},
     .group = 64,
     .shares_rows = true,
     .splits_vectors = true},
    {.pattern = "AMD",
     .kind = QUERN_DEVICE_GPU,
     .vector_width = 4,
     .dense = QUERN__DENSE_GROUP,
     .groups = {{128, 128, 8, 8, 8, 1, 2, 1},
                {64, 64, 16, 4, 4, 1, 2, 1},
                {32, 32, 32, 4, 4, 4, 1, 1},
                {16, 16, 64, 4, 4, 16, 1, 1}},
     .group = 64,
     .shares_rows = true},
    {.pattern = "Intel",
     .kind = QUERN_DEVICE_GPU,
     .vector_width = 4,
     .dense = QUERN__DENSE_GROUP,
     .groups = {[QUERN__GROUP_medium] = {64, 64, 16, 8, 4, 1, 1, 1},
                [QUERN__GROUP_small] = {32, 32, 32, 4, 4, 2, 1, 1},
                [QUERN__GROUP_tiny] = {16, 16, 32, 4, 4, 8, 1, 1}},
     .group = 64,
     .shares_rows = true},
    {.pattern = "",
     .kind = QUERN_DEVICE_GPU,
     .vector_width = 4,
     .dense = QUERN__DENSE_GROUP,
     .groups = {[QUERN__GROUP_small] = {32, 32, 16, 4, 4, 1, 1, 1},
                [QUERN__GROUP_tiny] = {16, 16, 32, 4, 4, 4, 1, 1}},
     .group = 64,
     .shares_rows = true},
    {.pattern = "",
     .any_kind = true,
     .vector_width = 4,
     .forward = {2, 1, 16},
     .backward_data = {2, 1, 16},
     .backward_weights = {2, 1, 16},
     .local = {4, 2},
     .group = 8,
     .shares_rows = true},
};

unsigned quern__cl_columns_per_group(const quern__cl_tuning *tuning) {
  const unsigned line = QUERN__CL_LINE / tuning->vector_width;
  return line < tuning->group ? line : tuning->group;
}

unsigned quern__cl_items_per_row(const quern__cl_tuning *tuning) {
  return tuning->shares_rows ? tuning->group : 1;
}

size_t quern__cl_group_items(const quern__cl_group_tile *tile) {
  if (tile->rows == 0) return 0;
  return (size_t)(tile->rows / tile->item_rows) * (tile->columns / tile->item_columns) *
         tile->slices;
}

/* LOCAL_VECTORS in kernels/dense/dense_group_tile.cl. */
size_t quern__cl_group_local_vectors(const quern__cl_group_tile *tile, unsigned vector_width) {
  const size_t sides = (tile->rows + tile->columns) / vector_width;
  const size_t blocks = (sides + 2 * (size_t)tile->padding) * tile->depth * tile->buffers;
  const size_t sums = (size_t)tile->rows * tile->columns / vector_width * (tile->slices / 2);
  const size_t items = quern__cl_group_items(tile);
  const size_t larger = blocks > sums ? blocks : sums;
  return larger > items ? larger : items;
}

static bool can_run(const quern__cl_tuning *row, quern__cl_limits limits) {
  if (limits.vector_width > 0 &&
      (row->vector_width > limits.vector_width || (row->fused && !limits.fused)))
    return false;
  if (row->dense != QUERN__DENSE_GROUP) return true;
  for (int size = 0; size < QUERN__GROUP_SIZE_COUNT; size++) {
    const quern__cl_group_tile *tile = &row->groups[size];
    const uint64_t vectors = quern__cl_group_local_vectors(tile, row->vector_width);
    if (quern__cl_group_items(tile) > limits.work_group ||
        vectors * row->vector_width * sizeof(float) > limits.local_memory)
      return false;
  }
  return true;
}

const quern__cl_tuning *quern__cl_tuning_rows(size_t *count) {
  *count = sizeof table / sizeof *table;
  return table;
}

void quern__cl_tuning_fit(quern__cl_tuning *tuning, quern__cl_limits limits) {
  unsigned *local = tuning->local;
  while (tuning->group > 1 && tuning->group > limits.work_group) tuning->group /= 2;
  while (local[0] > 1 && (size_t)local[0] * local[1] > limits.work_group) local[0] /= 2;
  while (local[1] > 1 && (size_t)local[0] * local[1] > limits.work_group) local[1] /= 2;
}

const quern__cl_tuning *quern__cl_tuning_find(const quern_device_info *info,
                                              quern__cl_limits limits) {
  const quern__cl_tuning *row = table;
  while (!row->any_kind && (row->kind != info->kind ||
                            strstr(info->platform, row->pattern) == NULL || !can_run(row, limits)))
    row++;
  return row;
}

quern__group_size quern__cl_group_choose(const quern__cl_tuning *tuning, size_t rows,
                                         size_t columns, size_t compute_units) {
  quern__group_size chosen = QUERN__GROUP_large;
  for (quern__group_size size = QUERN__GROUP_large; size < QUERN__GROUP_SIZE_COUNT; size++) {
    const quern__cl_group_tile *tile = &tuning->groups[size];
    if (tile->rows == 0) continue;
    chosen = size;
    const size_t down = quern__divide_up(rows, tile->rows),
                 across = quern__divide_up(columns, tile->columns);
    if (down >= compute_units || across >= compute_units || down * across >= compute_units) break;
  }
  return chosen;
}
