/* Gathers samples by index: rows, labels, one-hot targets. Checks. */
#include "../base/error.h"
#include "check.h"

enum { F = sizeof(float), I = sizeof(int32_t) };

quern_status quern_gather_rows(quern_context *context, quern_element element, quern_tensor source,
                               quern_tensor indices, float scale, float offset, quern_tensor x) {
  quern__check check = quern__check_begin("gather rows", context);
  QUERN__CHECK(&check, element == QUERN_ELEMENT_FLOAT32 || element == QUERN_ELEMENT_UINT8,
               QUERN_ERROR_ARGUMENT, "gather rows: unknown element type %d", (int)element);
  size_t element_bytes = element == QUERN_ELEMENT_UINT8 ? 1 : F;
  const quern_gather_rows_op op = {.source_rows = source.rows,
                                   .n = indices.columns,
                                   .columns = source.columns,
                                   .element = element,
                                   .source =
                                       quern__check_tensor(&check, "source", source, element_bytes),
                                   .indices = quern__check_tensor(&check, "indices", indices, I),
                                   .scale = scale,
                                   .offset = offset,
                                   .x = quern__check_tensor(&check, "x", x, F)};
  quern__check_shape(&check, "indices", indices, 1, indices.columns, "one row of indices");
  quern__check_shape(&check, "x", x, op.n, op.columns,
                     "a row for each index, the columns of source");
  quern__check_apart(&check, "x", x, "source", source, F, element_bytes);
  quern__check_apart(&check, "x", x, "indices", indices, F, I);
  if (check.status != QUERN_OK) return check.status;
  return QUERN__CALL(context, context->backend->gather_rows(context->state, &op));
}

quern_status quern_gather_labels(quern_context *context, quern_tensor source, quern_tensor indices,
                                 quern_tensor out) {
  quern__check check = quern__check_begin("gather labels", context);
  const quern_gather_labels_op op = {.source_rows = source.columns,
                                     .n = indices.columns,
                                     .source = quern__check_tensor(&check, "source", source, I),
                                     .indices = quern__check_tensor(&check, "indices", indices, I),
                                     .out = quern__check_tensor(&check, "out", out, I)};
  quern__check_shape(&check, "source", source, 1, source.columns, "one row of labels");
  quern__check_shape(&check, "indices", indices, 1, indices.columns, "one row of indices");
  quern__check_shape(&check, "out", out, 1, op.n, "one for each index");
  quern__check_apart(&check, "out", out, "source", source, I, I);
  quern__check_apart(&check, "out", out, "indices", indices, I, I);
  if (check.status != QUERN_OK) return check.status;
  return QUERN__CALL(context, context->backend->gather_labels(context->state, &op));
}

quern_status quern_one_hot(quern_context *context, quern_tensor labels, quern_tensor y) {
  quern__check check = quern__check_begin("one-hot", context);
  const quern_one_hot_op op = {.n = y.rows,
                               .k = y.columns,
                               .labels = quern__check_tensor(&check, "labels", labels, I),
                               .y = quern__check_tensor(&check, "y", y, F)};
  quern__check_shape(&check, "labels", labels, 1, y.rows, "one for each row of y");
  quern__check_apart(&check, "y", y, "labels", labels, F, I);
  if (check.status != QUERN_OK) return check.status;
  return QUERN__CALL(context, context->backend->one_hot(context->state, &op));
}
