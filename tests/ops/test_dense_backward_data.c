/* Dense backward data on a device against the reference. */
#include "dense.h"

#include <stdio.h>

typedef struct arguments {
  quern_activation activation;
  bool accumulate;
} arguments;

static quern_status call(quern_context *context, const quern_tensor *t, const void *opaque) {
  const arguments *a = opaque;
  return quern_dense_backward_data(context, t[0], t[1], a->activation, t[2], a->accumulate, t[3]);
}

/* |f'| is at most 1, so the sum without it bounds the error. */
static quern_status magnitude(quern_context *context, const quern_tensor *t, const void *opaque) {
  const arguments *a = opaque;
  return quern_dense_backward_data(context, t[0], t[1], quern_activation_of(QUERN_IDENTITY), quern_none(),
                                   a->accumulate, t[3]);
}

typedef enum output { WRITE, ACCUMULATE, OVER_H } output;

/* What f can have put out; whole numbers where f' of them is whole or a half. */
static float *outputs_of(test_random *random, size_t count, quern_activation activation, bool whole) {
  if (whole) return test_random_whole(random, count, -2, 2);
  return test_random_floats(random, count, activation.kind == QUERN_SIGMOID ? 0.0f : -1.0f, 1.0f);
}

static void check(test_rig *rig, const dense_shape *s, quern_activation activation, output to, bool whole) {
  static const char *const names[] = {"", " accumulate", " over h"};
  test_random *random = test_rig_next(rig);
  const bool has_h = activation.kind != QUERN_IDENTITY;
  const arguments a = {activation, to == ACCUMULATE};
  test_op op = {.call = call, .magnitude = magnitude, .arguments = &a};
  op.bound = (test_bound){.kind = whole ? TEST_EXACT : TEST_CLOSE, .terms = (double)s->out + 4};
  snprintf(op.title, sizeof op.title, "dense backward data %zux%zux%zu %s%s%s", s->n, s->in, s->out,
           quern_activation_name(activation.kind), names[to], whole ? " whole" : "");
  test_op_operand(&op, 0, "dz", TEST_IN, TEST_FLOAT, s->n, s->out,
                  dense_values(random, s->n * s->out, whole));
  test_op_operand(&op, 1, "w", TEST_IN, TEST_FLOAT, s->in, s->out,
                  dense_values(random, s->in * s->out, whole));
  if (has_h)
    test_op_operand(&op, 2, "h", TEST_IN, TEST_FLOAT, s->n, s->in,
                    outputs_of(random, s->n * s->in, activation, whole));
  if (to == ACCUMULATE)
    test_op_operand(&op, 3, "dx", TEST_INOUT, TEST_FLOAT, s->n, s->in,
                    dense_values(random, s->n * s->in, whole));
  else
    test_op_operand(&op, 3, "dx", TEST_OUT, TEST_FLOAT, s->n, s->in, NULL);
  if (to == OVER_H) op.operands[3].same_as = 1 + 2;
  test_op_check(rig, &op);
}

static void test_shapes(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 0);
  for (size_t i = 0; i < DENSE_SHAPES; i++) {
    unsigned variant = 0;
    for (unsigned kind = QUERN_IDENTITY; kind <= QUERN_TANH; kind++)
      for (output to = WRITE; to <= OVER_H; to++)
        for (unsigned whole = 0; whole < 2; whole++, variant++) {
          const quern_activation activation = dense_activation(kind);
          if (whole && !dense_exact(activation)) continue;
          if (to == OVER_H && activation.kind == QUERN_IDENTITY) continue;
          if (dense_skip(&rig, i, variant)) continue;
          check(&rig, &dense_shapes[i], activation, to, whole);
        }
  }
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_shapes)};
  return cmocka_run_group_tests_name("ops/dense_backward_data", tests, NULL, NULL);
}
