/* Argmax, the count of correct predictions, and sums. */
#include "../base/size.h"
#include "reference.h"

#include <math.h>

/* Index of the first of the largest; -1 if one is NaN. */
static int32_t largest_of(const float *z, size_t k) {
  size_t largest = 0;
  for (size_t a = 0; a < k; a++) {
    if (isnan(z[a])) return -1;
    if (z[a] > z[largest]) largest = a;
  }
  return (int32_t)largest;
}

quern_status quern__reference_argmax(void *state, const quern_argmax_op *op) {
  (void)state;
  const float *z = quern__reference_floats(op->z);
  int32_t *classes = quern__reference_ints(op->classes);
  for (size_t r = 0; r < op->n; r++) classes[r] = largest_of(z + r * op->k, op->k);
  return QUERN_OK;
}

quern_status quern__reference_count_correct(void *state, const quern_count_correct_op *op) {
  (void)state;
  const int32_t *classes = quern__reference_ints(op->classes);
  const int32_t *labels = quern__reference_ints(op->labels);
  int32_t *count = quern__reference_ints(op->count);
  /* unsigned: it wraps past 2^31, as on devices */
  uint32_t correct = op->accumulate ? (uint32_t)*count : 0;
  for (size_t r = 0; r < op->n; r++) correct += classes[r] != -1 && classes[r] == labels[r];
  *count = (int32_t)correct;
  return QUERN_OK;
}

quern_status quern__reference_sum(void *state, const quern_sum_op *op) {
  (void)state;
  const float *x = quern__reference_floats(op->x);
  double sum = 0;
  for (size_t i = 0; i < op->count; i++) sum += x[i];
  *quern__reference_floats(op->sum) = (float)sum;
  return QUERN_OK;
}

quern_status quern__reference_sum_squares(void *state, const quern_sum_squares_op *op) {
  (void)state;
  const float *x = quern__reference_floats(op->x);
  float *squares = quern__reference_floats(op->squares);
  const size_t part = quern__divide_up(op->count, op->parts);
  size_t i = 0;
  for (size_t p = 0; p < op->parts; p++) {
    double sum = 0;
    for (size_t taken = 0; taken < part && i < op->count; taken++, i++)
      sum += (double)x[i] * (double)x[i];
    squares[p] = (float)sum;
  }
  return QUERN_OK;
}
