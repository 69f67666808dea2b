/* Softmax. */
#include "../sweep.h"

#include "../../base/error.h"
#include <float.h>
#include <math.h>

static const struct {
  size_t n, k;
  bool large;
} shapes[] = {{1, 1, false},   {1, 2, false},   {3, 1, false},   {2, 3, false},    {7, 10, false},
              {16, 16, false}, {17, 15, false}, {65, 7, false},  {1, 257, false},  {33, 64, false},
              {130, 3, false}, {3, 1000, true}, {257, 33, true}, {1000, 10, true}, {63, 130, true}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static quern_status call_softmax(quern_context *context, const quern_tensor *t,
                                 const void *arguments) {
  (void)arguments;
  return quern_softmax(context, t[0], t[1]);
}

/* Every output is accurate relative to itself: k terms in the sum, and the rounding of z - m, which
 * exp turns into a relative error of that size. Results that underflow may be flushed to zero. */
static quern__bound bound_for(size_t k, double range) {
  return (quern__bound){.terms = (double)k + 2 * range + 8, .absolute = 2.0 * (double)FLT_MIN};
}

static quern_status check_softmax(quern__verify *v, size_t n, size_t k, float range,
                                  bool in_place) {
  quern__op op = {.call = call_softmax, .bound = bound_for(k, 2.0 * (double)range)};
  quern__values_next(&v->values);
  quern__op_title(&op, "softmax %zux%zu to %g%s", n, k, (double)range, in_place ? " in place" : "");
  quern__op_operand(&op, 0, "z", QUERN__IN, QUERN__FLOAT, n, k,
                    quern__values_floats(&v->values, n * k, -range, range));
  quern__op_operand(&op, 1, "o", QUERN__OUT, QUERN__FLOAT, n, k, NULL);
  op.operands[1].same_as = in_place ? 1 : 0;
  return quern__verify_check(v, &op);
}

/* Logits of any size, and a NaN. */
static quern_status check_extreme(quern__verify *v) {
  static const float z[][3] = {{3e38f, -3e38f, 0.0f},    {3e38f, 3e38f, -3e38f},
                               {-3e38f, -3e38f, -3e38f}, {1e4f, 1e4f, 1e4f},
                               {-1e4f, 0.0f, -1e4f},     {0.0f, NAN, 0.0f}};
  enum { ROWS = sizeof z / sizeof *z, COUNT = sizeof z / sizeof(float) };
  quern__op op = {
      .title = "softmax of extreme logits", .call = call_softmax, .bound = bound_for(3, 1)};
  quern__values_next(&v->values);
  quern__op_operand(&op, 0, "z", QUERN__IN, QUERN__FLOAT, ROWS, 3,
                    quern__values_copy(z, COUNT, sizeof **z));
  quern__op_operand(&op, 1, "o", QUERN__OUT, QUERN__FLOAT, ROWS, 3, NULL);
  op.operands[1].nans = 3;
  return quern__verify_check(v, &op);
}

quern_status quern__sweep_softmax(quern__verify *v) {
  for (size_t i = 0; i < SHAPES; i++) {
    if (shapes[i].large && v->small) continue;
    QUERN__FORWARD(check_softmax(v, shapes[i].n, shapes[i].k, 1.0f, i % 2 != 0));
    QUERN__FORWARD(check_softmax(v, shapes[i].n, shapes[i].k, 30.0f, i % 2 == 0));
  }
  return check_extreme(v);
}
