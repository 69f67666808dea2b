/* Dropout: checks, and the mask's key, threshold and scale, computed once for every backend. */
#include "../functions/dropout.h"
#include "../base/error.h"
#include "../functions/philox.h"
#include "check.h"

enum { F = sizeof(float) };

quern_status quern_dropout(quern_context *context, quern_dropout_mask mask, quern_tensor x,
                           quern_tensor y) {
  quern__check check = quern__check_begin("dropout", context);
  quern_dropout_op op = {.n = x.rows,
                         .units = x.columns,
                         .first_row = (uint32_t)mask.first_row,
                         .x = quern__check_tensor(&check, "x", x, F),
                         .y = quern__check_tensor(&check, "y", y, F)};
  QUERN__CHECK(&check, mask.p >= 0.0f && mask.p < 1.0f, QUERN_ERROR_ARGUMENT,
               "dropout: a probability of %g, expected at least 0 and less than 1", (double)mask.p);
  QUERN__CHECK(&check, mask.first_row <= UINT32_MAX - (x.rows - 1), QUERN_ERROR_ARGUMENT,
               "dropout: %zu rows from row %zu on, expected at most 2^32 rows per batch", x.rows,
               mask.first_row);
  quern__check_shape(&check, "y", y, x.rows, x.columns, "the shape of x");
  quern__check_apart_or_same(&check, "y", y, "x", x);
  if (check.status != QUERN_OK) return check.status;
  if (context->backend->dropout == NULL) return quern__fail_no_op(&check);
  const uint32_t counter[4] = {(uint32_t)mask.step, (uint32_t)(mask.step >> 32), mask.layer, 1};
  const uint32_t key[2] = {(uint32_t)mask.seed, (uint32_t)(mask.seed >> 32)};
  uint32_t words[4];
  quern__philox(counter, key, words);
  op.key[0] = words[0];
  op.key[1] = words[1];
  op.threshold = quern__dropout_threshold(mask.p);
  op.scale = quern__dropout_scale(mask.p);
  return QUERN__CALL(context, context->backend->dropout(context->state, &op));
}
