/* Argmax, the count of correct predictions, and sums: checks. */
#include "../base/error.h"
#include "check.h"

enum { F = sizeof(float), I = sizeof(int32_t) };

quern_status quern_argmax(quern_context *context, quern_tensor z, quern_tensor classes) {
  quern__check check = quern__check_begin("argmax", context);
  const quern_argmax_op op = {.n = z.rows,
                              .k = z.columns,
                              .z = quern__check_tensor(&check, "z", z, F),
                              .classes = quern__check_tensor(&check, "classes", classes, I)};
  quern__check_shape(&check, "classes", classes, 1, z.rows, "one for each row of z");
  quern__check_apart(&check, "classes", classes, "z", z, I, F);
  if (check.status != QUERN_OK) return check.status;
  return QUERN__CALL(context, context->backend->argmax(context->state, &op));
}

quern_status quern_count_correct(quern_context *context, quern_tensor classes, quern_tensor labels,
                                 bool accumulate, quern_tensor count) {
  quern__check check = quern__check_begin("count correct", context);
  const quern_count_correct_op op = {.n = classes.columns,
                                     .accumulate = accumulate,
                                     .classes = quern__check_tensor(&check, "classes", classes, I),
                                     .labels = quern__check_tensor(&check, "labels", labels, I),
                                     .count = quern__check_tensor(&check, "count", count, I)};
  quern__check_shape(&check, "classes", classes, 1, classes.columns, "one row of classes");
  quern__check_shape(&check, "labels", labels, 1, op.n, "one for each class");
  quern__check_shape(&check, "count", count, 1, 1, "a single number");
  quern__check_apart(&check, "count", count, "classes", classes, I, I);
  quern__check_apart(&check, "count", count, "labels", labels, I, I);
  if (check.status != QUERN_OK) return check.status;
  return QUERN__CALL(context, context->backend->count_correct(context->state, &op));
}

quern_status quern_sum(quern_context *context, quern_tensor x, quern_tensor sum) {
  quern__check check = quern__check_begin("sum", context);
  const quern_sum_op op = {.count = x.rows * x.columns,
                           .x = quern__check_tensor(&check, "x", x, F),
                           .sum = quern__check_tensor(&check, "sum", sum, F)};
  quern__check_shape(&check, "sum", sum, 1, 1, "a single number");
  quern__check_apart(&check, "sum", sum, "x", x, F, F);
  if (check.status != QUERN_OK) return check.status;
  return QUERN__CALL(context, context->backend->sum(context->state, &op));
}

quern_status quern_sum_squares(quern_context *context, quern_tensor x, quern_tensor squares) {
  quern__check check = quern__check_begin("sum of squares", context);
  const quern_sum_squares_op op = {.count = x.rows * x.columns,
                                   .parts = squares.columns,
                                   .x = quern__check_tensor(&check, "x", x, F),
                                   .squares = quern__check_tensor(&check, "squares", squares, F)};
  quern__check_shape(&check, "squares", squares, 1, op.parts, "one row of parts");
  quern__check_apart(&check, "squares", squares, "x", x, F, F);
  if (check.status != QUERN_OK) return check.status;
  if (context->backend->sum_squares == NULL) return quern__fail_no_op(&check);
  return QUERN__CALL(context, context->backend->sum_squares(context->state, &op));
}
