/* Argmax, counting and sums. */
#include "../sweep.h"

#include "../../base/error.h"
#include <math.h>
#include <stdlib.h>

static const struct {
  size_t rows, columns;
  bool large;
} shapes[] = {{1, 1, false},   {1, 2, false},    {3, 1, false},    {7, 10, false},
              {1, 63, false},  {64, 3, false},   {65, 2, false},   {16, 17, false},
              {1, 257, false}, {33, 31, false},  {130, 9, false},  {1, 1000, false},
              {1, 4097, true}, {257, 127, true}, {1, 65537, true}, {999, 1001, true}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

/* True if this device cannot or need not run the shape. */
static bool skips(const quern__verify *v, size_t i) {
  if (shapes[i].large && v->small) return true;
  return v->loop_rounds > 0 && shapes[i].rows * shapes[i].columns > v->loop_rounds;
}

static quern_status argmax(quern_context *context, const quern_tensor *t, const void *opaque) {
  (void)opaque;
  return quern_argmax(context, t[0], t[1]);
}

/* Few different values, so that there are many ties; some rows have a NaN. */
static quern_status check_argmax(quern__verify *v, size_t n, size_t k, bool with_nan) {
  quern__op op = {.call = argmax};
  quern__values_next(&v->values);
  quern__op_title(&op, "argmax %zux%zu%s", n, k, with_nan ? " with NaN" : "");
  float *z = quern__values_whole(&v->values, n * k, -3, 3);
  for (size_t r = 0; with_nan && z != NULL && r < n; r += 2)
    z[r * k + quern__values_below(&v->values, (uint32_t)k)] = NAN;
  quern__op_operand(&op, 0, "z", QUERN__IN, QUERN__FLOAT, n, k, z);
  quern__op_operand(&op, 1, "classes", QUERN__OUT, QUERN__INT, 1, n, NULL);
  return quern__verify_check(v, &op);
}

/* Ties, infinities and NaN. */
static quern_status check_argmax_special(quern__verify *v) {
  static const float z[][4] = {{1, 2, 3, 4},
                               {4, 4, 4, 4},
                               {-INFINITY, -INFINITY, -INFINITY, -INFINITY},
                               {0, INFINITY, INFINITY, 0},
                               {NAN, 1, 2, 3},
                               {1, 2, 3, NAN},
                               {-3e38f, -2e38f, -3e38f, -3e38f},
                               {-0.0f, 0.0f, -1, 0.0f},
                               {INFINITY, NAN, 0, 0}};
  enum { ROWS = sizeof z / sizeof *z };
  quern__op op = {.title = "argmax of ties, infinities and NaN", .call = argmax};
  quern__values_next(&v->values);
  quern__op_operand(&op, 0, "z", QUERN__IN, QUERN__FLOAT, ROWS, 4,
                    quern__values_copy(z, ROWS, sizeof *z));
  quern__op_operand(&op, 1, "classes", QUERN__OUT, QUERN__INT, 1, ROWS, NULL);
  return quern__verify_check(v, &op);
}

quern_status quern__sweep_argmax(quern__verify *v) {
  for (size_t i = 0; i < SHAPES; i++) {
    if (skips(v, i)) continue;
    QUERN__FORWARD(check_argmax(v, shapes[i].rows, shapes[i].columns, false));
    QUERN__FORWARD(check_argmax(v, shapes[i].rows, shapes[i].columns, true));
  }
  return check_argmax_special(v);
}

static quern_status count_correct(quern_context *context, const quern_tensor *t,
                                  const void *accumulate) {
  return quern_count_correct(context, t[0], t[1], *(const bool *)accumulate, t[2]);
}

static quern_status check_count(quern__verify *v, size_t n, bool accumulate) {
  static const int32_t before = 1000;
  quern__op op = {.call = count_correct, .arguments = &accumulate};
  quern__values_next(&v->values);
  quern__op_title(&op, "count correct %zu%s", n, accumulate ? " accumulate" : "");
  int32_t *classes = quern__values_labels(&v->values, n, 4),
          *labels = quern__values_labels(&v->values, n, 4);
  for (size_t i = 0; classes != NULL && labels != NULL && i < n; i += 5)
    classes[i] = labels[i] = -1;
  quern__op_operand(&op, 0, "classes", QUERN__IN, QUERN__INT, 1, n, classes);
  quern__op_operand(&op, 1, "labels", QUERN__IN, QUERN__INT, 1, n, labels);
  quern__op_operand(&op, 2, "count", accumulate ? QUERN__INOUT : QUERN__OUT, QUERN__INT, 1, 1,
                    accumulate ? quern__values_copy(&before, 1, sizeof before) : NULL);
  return quern__verify_check(v, &op);
}

quern_status quern__sweep_count_correct(quern__verify *v) {
  for (size_t i = 0; i < SHAPES; i++) {
    if (skips(v, i)) continue;
    QUERN__FORWARD(check_count(v, shapes[i].rows * shapes[i].columns, false));
    QUERN__FORWARD(check_count(v, shapes[i].rows * shapes[i].columns, true));
  }
  return QUERN_OK;
}

static quern_status sum(quern_context *context, const quern_tensor *t, const void *opaque) {
  (void)opaque;
  return quern_sum(context, t[0], t[1]);
}

/* A pairwise sum: the error grows with the logarithm of the count. A work-item may first add a few
 * values in sequence. */
static quern_status check_sum(quern__verify *v, size_t rows, size_t columns, bool whole) {
  const size_t count = rows * columns;
  quern__op op = {.call = sum,
                  .magnitude = sum,
                  .bound = {.kind = whole ? QUERN__EXACT : QUERN__CLOSE,
                            .terms = ceil(log2((double)count)) + 8}};
  quern__values_next(&v->values);
  quern__op_title(&op, "sum %zux%zu%s", rows, columns, whole ? " whole" : "");
  quern__op_operand(&op, 0, "x", QUERN__IN, QUERN__FLOAT, rows, columns,
                    whole ? quern__values_whole(&v->values, count, -8, 8)
                          : quern__values_floats(&v->values, count, -1.0f, 2.0f));
  quern__op_operand(&op, 1, "sum", QUERN__OUT, QUERN__FLOAT, 1, 1, NULL);
  return quern__verify_check(v, &op);
}

quern_status quern__sweep_sum(quern__verify *v) {
  for (size_t i = 0; i < SHAPES; i++) {
    if (skips(v, i)) continue;
    QUERN__FORWARD(check_sum(v, shapes[i].rows, shapes[i].columns, false));
    QUERN__FORWARD(check_sum(v, shapes[i].rows, shapes[i].columns, true));
  }
  return QUERN_OK;
}
