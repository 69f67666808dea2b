/* Clipping by a norm: sums of squares in parts, and the scaling. */
#include "../sweep.h"

#include "../../base/error.h"
#include <math.h>

static const struct {
  size_t rows, columns, parts;
  bool large;
} sums[] = {{1, 1, 1, false},    {1, 1, 3, false},    {1, 7, 64, false},   {3, 5, 2, false},
            {1, 64, 64, false},  {1, 65, 64, false},  {16, 17, 5, false},  {33, 31, 64, false},
            {1, 1000, 1, false}, {1, 4097, 64, true}, {257, 127, 7, true}, {1, 100003, 64, true}};

static quern_status sum_squares(quern_context *context, const quern_tensor *t, const void *opaque) {
  (void)opaque;
  return quern_sum_squares(context, t[0], t[1]);
}

/* Whole numbers: every order gives the same sum. Others: pairwise, with a few in a row first. */
static quern_status check_sum(quern__verify *v, size_t rows, size_t columns, size_t parts,
                              bool whole) {
  const size_t count = rows * columns;
  quern__op op = {.call = sum_squares,
                  .magnitude = sum_squares,
                  .bound = {.kind = whole ? QUERN__EXACT : QUERN__CLOSE,
                            .terms = ceil(log2((double)count)) + 10}};
  quern__values_next(&v->values);
  quern__op_title(&op, "sum of squares %zux%zu in %zu%s", rows, columns, parts,
                  whole ? " whole" : "");
  quern__op_operand(&op, 0, "x", QUERN__IN, QUERN__FLOAT, rows, columns,
                    whole ? quern__values_whole(&v->values, count, -8, 8)
                          : quern__values_floats(&v->values, count, -1.0f, 2.0f));
  quern__op_operand(&op, 1, "squares", QUERN__OUT, QUERN__FLOAT, 1, parts, NULL);
  return quern__verify_check(v, &op);
}

quern_status quern__sweep_sum_squares(quern__verify *v) {
  for (size_t i = 0; i < sizeof sums / sizeof *sums; i++) {
    if (sums[i].large && v->small) continue;
    if (v->loop_rounds > 0 && sums[i].rows * sums[i].columns > v->loop_rounds) continue;
    QUERN__FORWARD(check_sum(v, sums[i].rows, sums[i].columns, sums[i].parts, false));
    QUERN__FORWARD(check_sum(v, sums[i].rows, sums[i].columns, sums[i].parts, true));
  }
  return QUERN_OK;
}

static quern_status clip_norm(quern_context *context, const quern_tensor *t, const void *max_norm) {
  return quern_clip_norm(context, *(const float *)max_norm, t[0], t[1]);
}

/* A square root, a sum, a quotient, which OpenCL rounds within 3, 1 and 2.5 units, and a product.
 */
static quern_status check_clip(quern__verify *v, size_t rows, size_t columns, float max_norm,
                               float squares) {
  quern__op op = {.call = clip_norm, .arguments = &max_norm, .bound = {.terms = 8}};
  quern__values_next(&v->values);
  quern__op_title(&op, "clip norm %zux%zu to %g from sqrt(%g)", rows, columns, (double)max_norm,
                  (double)squares);
  quern__op_operand(&op, 0, "squares", QUERN__IN, QUERN__FLOAT, 1, 1,
                    quern__values_copy(&squares, 1, sizeof squares));
  quern__op_operand(&op, 1, "x", QUERN__INOUT, QUERN__FLOAT, rows, columns,
                    quern__values_floats(&v->values, rows * columns, -2.0f, 2.0f));
  if (isnan(squares)) op.operands[1].nans = rows * columns;
  return quern__verify_check(v, &op);
}

quern_status quern__sweep_clip_norm(quern__verify *v) {
  static const size_t shapes[][2] = {{1, 1}, {1, 3}, {7, 9}, {1, 63}, {64, 1}, {1, 65}, {16, 17}};
  static const float squares[] = {0.0f, 1e-30f, 0.25f, 1.0f, 4.0f, 1e30f, INFINITY, NAN};
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
    for (size_t s = 0; s < sizeof squares / sizeof *squares; s++)
      QUERN__FORWARD(
          check_clip(v, shapes[i][0], shapes[i][1], s % 2 == 0 ? 1.0f : 0.3f, squares[s]));
  return QUERN_OK;
}
