/* Gathers samples and labels by index, and makes one-hot rows of labels. An index or label out of
 * range is reported and never used. Needs common.cl. */

/* Returns how many columns of its row work-item (v, row) fills from v · VECTOR_WIDTH on; 0 past the
 * end. */
uint strip_columns(uint n, uint columns) {
  const size_t column = get_global_id(0) * VECTOR_WIDTH;
  if (get_global_id(1) >= n || column >= columns) return 0;
  return (uint)min((size_t)VECTOR_WIDTH, columns - column);
}

/* Loads `count` bytes from pointer as floats and fills the remaining lanes with zeros. */
quern_vector load_bytes(__global const uchar *pointer, uint count) {
#if VECTOR_WIDTH == 1
  return (float)*pointer;
#else
  if (count >= VECTOR_WIDTH)
    return QUERN_JOIN(convert_float, VECTOR_WIDTH)(QUERN_JOIN(vload, VECTOR_WIDTH)(0, pointer));
  float lanes[VECTOR_WIDTH];
  for (uint i = 0; i < VECTOR_WIDTH; i++) lanes[i] = i < count ? (float)pointer[i] : 0.0f;
  return QUERN_VLOAD(lanes);
#endif
}

/* X_r = fma(source_{indices_r}, scale, offset), or a row of NaN if the index is out of range. X
 * [n][columns]. The function fills a strip of one row: `lanes` columns from `column`, at `at`. */
#define GATHER_ROWS(element_name, element, load)                                                   \
  void QUERN_JOIN(gather_strip_, element_name)(                                                    \
      __global const element *source, uint source_rows, uint index, uint columns, size_t column,   \
      uint lanes, float scale, float offset, __global float *at) {                                 \
    quern_vector value = (quern_vector)(NAN);                                                      \
    if (index < source_rows)                                                                       \
      value = fma(load(source + (size_t)index * columns + column, lanes), (quern_vector)(scale),   \
                  (quern_vector)(offset));                                                         \
    quern_store_part(value, at, lanes);                                                            \
  }                                                                                                \
  __kernel void QUERN_JOIN(gather_rows_, element_name)(                                            \
      uint source_rows, uint n, uint columns, __global const element *source, ulong source_offset, \
      __global const uint *indices, ulong indices_offset, float scale, float offset,               \
      __global float *x, ulong x_offset, __global int *faults) {                                   \
    const size_t row = get_global_id(1), column = get_global_id(0) * VECTOR_WIDTH;                 \
    const uint lanes = strip_columns(n, columns);                                                  \
    if (lanes == 0) return;                                                                        \
    const uint index = indices[indices_offset + row];                                              \
    if (index >= source_rows && column == 0) quern_fault(faults, QUERN_FAULT_INDEX, (uint)row);    \
    QUERN_JOIN(gather_strip_, element_name)                                                        \
    (source + source_offset, source_rows, index, columns, column, lanes, scale, offset,            \
     x + x_offset + row * columns + column);                                                       \
  }

GATHER_ROWS(float, float, quern_load_part)
GATHER_ROWS(byte, uchar, load_bytes)

/* out_r = source_{indices_r}, or -1 if the index is out of range. */
__kernel void gather_labels(uint source_rows, uint n, __global const int *source,
                            ulong source_offset, __global const uint *indices, ulong indices_offset,
                            __global int *out, ulong out_offset, __global int *faults) {
  const size_t row = get_global_id(0);
  if (row >= n) return;
  const uint index = indices[indices_offset + row];
  int label = -1;
  if (index < source_rows)
    label = source[source_offset + index];
  else
    quern_fault(faults, QUERN_FAULT_INDEX, (uint)row);
  out[out_offset + row] = label;
}

/* Y_ra = [a = label_r], or a row of NaN if the label is out of range. Y [n][columns]. */
__kernel void one_hot(uint n, uint columns, __global const int *labels, ulong labels_offset,
                      __global float *y, ulong y_offset, __global int *faults) {
  const size_t row = get_global_id(1), column = get_global_id(0) * VECTOR_WIDTH;
  const uint lanes = strip_columns(n, columns);
  if (lanes == 0) return;
  const int label = labels[labels_offset + row];
  const bool inside = label >= 0 && (uint)label < columns;
  if (!inside && column == 0) quern_fault(faults, QUERN_FAULT_LABEL, (uint)row);
  __global float *strip = y + y_offset + row * columns + column;
  for (uint i = 0; i < lanes; i++)
    strip[i] = !inside ? NAN : column + i == (size_t)label ? 1.0f : 0.0f;
}
