/* Dropout. */
#include "../functions/philox.h"
#include "reference.h"

quern_status quern__reference_dropout(void *state, const quern_dropout_op *op) {
  (void)state;
  const float *x = quern__reference_floats(op->x);
  float *y = quern__reference_floats(op->y);
  uint32_t words[4];
  for (size_t r = 0; r < op->n; r++)
    for (size_t j = 0; j < op->units; j++) {
      const uint32_t counter[4] = {(uint32_t)(j / 4), op->first_row + (uint32_t)r, 0, 0};
      if (j % 4 == 0) quern__philox(counter, op->key, words);
      y[r * op->units + j] =
          x[r * op->units + j] * (words[j % 4] < op->threshold ? 0.0f : op->scale);
    }
  return QUERN_OK;
}
