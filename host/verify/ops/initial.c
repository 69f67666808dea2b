/* Fill and random numbers: equal bits. */
#include "../sweep.h"

#include "../../base/error.h"
#include <math.h>

static const struct {
  size_t rows, columns;
  uint64_t seed;
  uint32_t stream;
  float low, high;
  bool large;
} cases[] = {{1, 1, 0, 0, 0.0f, 1.0f, false},
             {1, 2, 1, 0, -1.0f, 1.0f, false},
             {3, 1, 1, 1, -0.5f, 0.25f, false},
             {1, 4, 0xFFFFFFFFFFFFFFFFu, 0xFFFFFFFFu, -1.0f, 1.0f, false},
             {5, 7, 0x100000000u, 2, -0.087f, 0.087f, false},
             {1, 63, 42, 3, 1e-30f, 1.0f, false},
             {64, 1, 43, 4, -1e30f, 1e30f, false},
             {13, 5, 44, 5, 100.0f, 101.0f, false},
             {1, 257, 45, 6, -0.1f, 0.1f, false},
             {127, 130, 46, 7, -0.3f, 0.3f, true},
             {784, 128, 47, 0, -0.0875f, 0.0875f, true}};
enum { CASES = sizeof cases / sizeof *cases };

static quern_status random_uniform(quern_context *context, const quern_tensor *t,
                                   const void *number) {
  const size_t i = *(const size_t *)number;
  return quern_random_uniform(context, cases[i].seed, cases[i].stream, cases[i].low, cases[i].high,
                              t[0]);
}

quern_status quern__sweep_random_uniform(quern__verify *v) {
  for (size_t i = 0; i < CASES; i++) {
    if (cases[i].large && v->small) continue;
    quern__op op = {.call = random_uniform, .arguments = &i, .bound = {.kind = QUERN__BITS}};
    quern__values_next(&v->values);
    quern__op_title(&op, "random uniform %zux%zu seed %llx", cases[i].rows, cases[i].columns,
                    (unsigned long long)cases[i].seed);
    quern__op_operand(&op, 0, "x", QUERN__OUT, QUERN__FLOAT, cases[i].rows, cases[i].columns, NULL);
    QUERN__FORWARD(quern__verify_check(v, &op));
  }
  return QUERN_OK;
}

static quern_status fill(quern_context *context, const quern_tensor *t, const void *value) {
  return quern_fill(context, *(const float *)value, t[0]);
}

quern_status quern__sweep_fill(quern__verify *v) {
  static const float values[] = {0.0f, -0.0f, 1.5f, -INFINITY, NAN, 3e38f};
  for (size_t i = 0; i < CASES; i++) {
    if (cases[i].large && v->small) continue;
    const size_t rows = cases[i].rows, columns = cases[i].columns;
    const float value = values[i % (sizeof values / sizeof *values)];
    quern__op op = {.call = fill, .arguments = &value, .bound = {.kind = QUERN__BITS}};
    quern__values_next(&v->values);
    quern__op_title(&op, "fill %zux%zu with %g", rows, columns, (double)value);
    quern__op_operand(&op, 0, "x", QUERN__OUT, QUERN__FLOAT, rows, columns, NULL);
    op.operands[0].nans = isnan(value) ? rows * columns : 0;
    QUERN__FORWARD(quern__verify_check(v, &op));
  }
  return QUERN_OK;
}
