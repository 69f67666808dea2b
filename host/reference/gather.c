/* Gathers batches from a data set: rows and labels by index, labels as one-hot rows. */
#include "reference.h"

#include <math.h>

quern_status quern__reference_gather_rows(void *state, const quern_gather_rows_op *op) {
  const uint32_t *indices = quern__reference_indices(op->indices);
  const float *floats = op->source.memory;
  const uint8_t *bytes = op->source.memory;
  float *x = quern__reference_floats(op->x);
  for (size_t r = 0; r < op->n; r++) {
    float *row = x + r * op->columns;
    if (indices[r] >= op->source_rows) {
      quern__reference_report(state, QUERN__FAULT_INDEX, "gather of rows", r, op->source_rows);
      for (size_t j = 0; j < op->columns; j++) row[j] = NAN;
      continue;
    }
    const size_t first = op->source.offset + indices[r] * op->columns;
    for (size_t j = 0; j < op->columns; j++) {
      const float value =
          op->element == QUERN_ELEMENT_UINT8 ? (float)bytes[first + j] : floats[first + j];
      row[j] = fmaf(value, op->scale, op->offset);
    }
  }
  return QUERN_OK;
}

quern_status quern__reference_gather_labels(void *state, const quern_gather_labels_op *op) {
  const uint32_t *indices = quern__reference_indices(op->indices);
  const int32_t *source = quern__reference_ints(op->source);
  int32_t *out = quern__reference_ints(op->out);
  for (size_t r = 0; r < op->n; r++) {
    if (indices[r] < op->source_rows) {
      out[r] = source[indices[r]];
    } else {
      quern__reference_report(state, QUERN__FAULT_INDEX, "gather of labels", r, op->source_rows);
      out[r] = -1;
    }
  }
  return QUERN_OK;
}

quern_status quern__reference_one_hot(void *state, const quern_one_hot_op *op) {
  const int32_t *labels = quern__reference_ints(op->labels);
  float *y = quern__reference_floats(op->y);
  for (size_t r = 0; r < op->n; r++) {
    float *row = y + r * op->k;
    const bool inside = labels[r] >= 0 && (size_t)labels[r] < op->k;
    if (!inside) quern__reference_report(state, QUERN__FAULT_LABEL, "one-hot", r, op->k);
    for (size_t a = 0; a < op->k; a++) row[a] = inside ? 0 : NAN;
    if (inside) row[labels[r]] = 1;
  }
  return QUERN_OK;
}
