/* Dropout: equal bits. */
#include "../sweep.h"

#include "../../base/error.h"
#include <math.h>

static const struct {
  size_t n, units;
  quern_dropout_mask mask;
  bool large;
} cases[] = {{1, 1, {0.5f, 0, 0, 0, 0}, false},
             {3, 2, {0.2f, 1, 0, 0, 0}, false},
             {2, 3, {0.5f, 1, 1, 0, 0}, false},
             {5, 4, {0.9f, 0xFFFFFFFFFFFFFFFFu, 0xFFFFFFFFFFFFFFFFu, 0xFFFFFFFFu, 0}, false},
             {7, 13, {0.5f, 0x100000000u, 2, 1, 3}, false},
             {16, 16, {0.1f, 42, 0x100000000u, 2, 16}, false},
             {4, 7, {0.3f, 43, 4, 3, 0xFFFFFFFFu - 3}, false},
             {65, 7, {0.75f, 44, 5, 0, 1}, false},
             {1, 257, {0.0f, 45, 6, 0, 0}, false},
             {2, 63, {0.99999994f, 46, 7, 1, 0}, false},
             {33, 130, {0.5f, 47, 8, 1, 64}, true},
             {128, 509, {0.2f, 48, 9, 2, 0}, true}};
enum { CASES = sizeof cases / sizeof *cases };

static quern_status dropout(quern_context *context, const quern_tensor *t, const void *mask) {
  return quern_dropout(context, *(const quern_dropout_mask *)mask, t[0], t[1]);
}

/* Dropped values become 0, but infinities and NaN become NaN. With p = 0 nothing is dropped. */
static quern_status check_special(quern__verify *v, float p, size_t nans) {
  static const float x[] = {INFINITY, -INFINITY, NAN, 3e38f, -0.0f};
  enum { COUNT = sizeof x / sizeof *x };
  const quern_dropout_mask mask = {.p = p, .seed = 1};
  quern__op op = {.call = dropout, .arguments = &mask, .bound = {.kind = QUERN__BITS}};
  quern__values_next(&v->values);
  quern__op_title(&op, "dropout of infinities and NaN by %g", (double)p);
  quern__op_operand(&op, 0, "x", QUERN__IN, QUERN__FLOAT, 1, COUNT,
                    quern__values_copy(x, COUNT, sizeof *x));
  quern__op_operand(&op, 1, "y", QUERN__OUT, QUERN__FLOAT, 1, COUNT, NULL);
  op.operands[1].nans = nans;
  return quern__verify_check(v, &op);
}

quern_status quern__sweep_dropout(quern__verify *v) {
  for (size_t i = 0; i < CASES; i++) {
    const size_t n = cases[i].n, units = cases[i].units;
    if (cases[i].large && v->small) continue;
    quern__op op = {.call = dropout, .arguments = &cases[i].mask, .bound = {.kind = QUERN__BITS}};
    quern__values_next(&v->values);
    const bool in_place = i % 2 != 0;
    quern__op_title(&op, "dropout %zux%zu by %g from row %zu%s", n, units, (double)cases[i].mask.p,
                    cases[i].mask.first_row, in_place ? " in place" : "");
    quern__op_operand(&op, 0, "x", QUERN__IN, QUERN__FLOAT, n, units,
                      quern__values_floats(&v->values, n * units, -3.0f, 3.0f));
    quern__op_operand(&op, 1, "y", QUERN__OUT, QUERN__FLOAT, n, units, NULL);
    op.operands[1].same_as = in_place ? 1 : 0;
    QUERN__FORWARD(quern__verify_check(v, &op));
  }
  QUERN__FORWARD(check_special(v, 0.0f, 1));
  return check_special(v, 0.99999994f, 3);
}
