/* Softmax. */
#include "reference.h"

#include <math.h>

quern__softmax_row quern__reference_softmax_row(const float *z, size_t k) {
  quern__softmax_row row = {0, z[0], 0, 0};
  for (size_t a = 1; a < k; a++) {
    if (z[a] > row.max) {
      row.largest = a;
      row.max = z[a];
    }
  }
  for (size_t a = 0; a < k; a++)
    if (a != row.largest) row.rest += exp(z[a] - row.max);
  row.sum = 1 + row.rest;
  return row;
}

quern_status quern__reference_softmax(void *state, const quern_softmax_op *op) {
  (void)state;
  for (size_t r = 0; r < op->n; r++) {
    const float *z = quern__reference_floats(op->z) + r * op->k;
    float *o = quern__reference_floats(op->o) + r * op->k;
    const quern__softmax_row row = quern__reference_softmax_row(z, op->k);
    for (size_t a = 0; a < op->k; a++) o[a] = (float)(exp(z[a] - row.max) / row.sum);
  }
  return QUERN_OK;
}
