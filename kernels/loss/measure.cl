/* Metrics and sums. argmax has one row per work-item. One work-group computes each count or sum, in
 * a fixed order. Needs common.cl. */

/* classes_r = the first a with the largest Z_ra, or -1 if the row has a NaN. Z [n][k]. */
__kernel void argmax(uint n, uint k, __global const float *z, ulong z_offset, __global int *classes,
                     ulong classes_offset) {
  const size_t row = get_global_id(0);
  if (row >= n) return;
  __global const float *z_row = z + z_offset + row * k;
  float largest = z_row[0];
  int best = 0;
  bool numbers = true;
  for (uint a = 0; a < k; a++) {
    const float value = z_row[a];
    numbers = numbers && value == value;
    if (value > largest) {
      largest = value;
      best = (int)a;
    }
  }
  classes[classes_offset + row] = numbers ? best : -1;
}

/* cells[0] ← Σ cells, as a tree over the whole work-group. Every work-item must reach it. */
#define REDUCE(cells)                                                                              \
  for (uint width = 1; width < GROUP; width *= 2) {                                                \
    barrier(CLK_LOCAL_MEM_FENCE);                                                                  \
    if (item % (2 * width) == 0 && item + width < GROUP) cells[item] += cells[item + width];       \
  }

/* count = the number of rows with classes_r = labels_r ≠ -1, added to count if `accumulate`. */
__attribute__((reqd_work_group_size(GROUP, 1, 1))) __kernel void
count_correct(uint n, __global const int *classes, ulong classes_offset, __global const int *labels,
              ulong labels_offset, int accumulate, __global int *count, ulong count_offset) {
  __local int cells[GROUP];
  const uint item = (uint)get_local_id(0);
  int correct = 0;
  for (size_t row = item; row < n; row += GROUP) {
    const int guess = classes[classes_offset + row];
    if (guess != -1 && guess == labels[labels_offset + row]) correct++;
  }
  cells[item] = correct;
  REDUCE(cells)
  if (item == 0) count[count_offset] = (accumulate ? count[count_offset] : 0) + cells[0];
}

/* Vectors that a work-item adds sequentially; beyond that it adds pairwise. */
#define BLOCK 8
/* Levels of the pairwise sum: one per bit of the block count. */
#define LEVELS 64

/* Returns one work-item's part of the sum of `count` values, or of their squares. Work-item i takes
 * the vectors i, i + GROUP, i + 2 GROUP, … in blocks. As in a binary counter with carries, the sum
 * of block b is merged with earlier sums once per trailing 1 bit of b. levels[j] holds the sum of
 * 2^j blocks while bit j of `blocks` is set. */
float sum_strided(__global const float *values, ulong count, uint item, bool squared) {
  const ulong stride = (ulong)GROUP * VECTOR_WIDTH;
  float levels[LEVELS];
  ulong blocks = 0;
  for (ulong at = (ulong)item * VECTOR_WIDTH; at < count; blocks++) {
    quern_vector block = (quern_vector)(0.0f);
    for (uint i = 0; i < BLOCK && at < count; i++, at += stride) {
      const quern_vector value =
          quern_load_part(values + at, (uint)min((ulong)VECTOR_WIDTH, count - at));
      block += squared ? value * value : value;
    }
    float merged = quern_sum_lanes(block);
    uint level = 0;
    for (; (blocks >> level) & 1; level++) merged += levels[level];
    levels[level] = merged;
  }
  float total = 0.0f;
  for (uint level = 0; level < LEVELS; level++)
    if ((blocks >> level) & 1) total += levels[level];
  return total;
}

/* sum = Σ x, by one work-group. */
__attribute__((reqd_work_group_size(GROUP, 1, 1))) __kernel void
sum(ulong count, __global const float *x, ulong x_offset, __global float *result,
    ulong result_offset) {
  __local float cells[GROUP];
  const uint item = (uint)get_local_id(0);
  cells[item] = sum_strided(x + x_offset, count, item, false);
  REDUCE(cells)
  if (item == 0) result[result_offset] = cells[0];
}

/* squares_p = Σ x² over the p-th `part` of x, one work-group per part. */
__attribute__((reqd_work_group_size(GROUP, 1, 1))) __kernel void
sum_squares(ulong count, ulong part, __global const float *x, ulong x_offset,
            __global float *squares, ulong squares_offset) {
  __local float cells[GROUP];
  const uint item = (uint)get_local_id(0);
  const ulong group = get_group_id(0);
  const ulong first = min(group * part, count);
  cells[item] = sum_strided(x + x_offset + first, min(part, count - first), item, true);
  REDUCE(cells)
  if (item == 0) squares[squares_offset + group] = cells[0];
}
