/* Dense forward on a device against the reference. */
#include "dense.h"

#include <stdio.h>

typedef struct arguments {
  quern_activation activation;
} arguments;

static quern_status call(quern_context *context, const quern_tensor *t, const void *opaque) {
  const arguments *a = opaque;
  return quern_dense_forward(context, t[0], t[1], t[2], a->activation, t[3]);
}

/* No activation has a slope above 1, so the error of Z bounds that of Y. */
static quern_status magnitude(quern_context *context, const quern_tensor *t, const void *opaque) {
  (void)opaque;
  return quern_dense_forward(context, t[0], t[1], t[2], quern_activation_of(QUERN_IDENTITY), t[3]);
}

static void check(test_rig *rig, const dense_shape *s, quern_activation activation, bool bias, bool whole) {
  test_random *random = test_rig_next(rig);
  const arguments a = {activation};
  test_op op = {.call = call, .magnitude = magnitude, .arguments = &a};
  /* exp and tanh are allowed a few units in the last place of values up to 1. */
  op.bound = (test_bound){.kind = whole ? TEST_EXACT : TEST_CLOSE,
                          .terms = (double)s->in + 3,
                          .absolute = dense_exact(activation) ? 0 : 0x1p-21};
  snprintf(op.title, sizeof op.title, "dense forward %zux%zux%zu %s%s%s", s->n, s->in, s->out,
           quern_activation_name(activation.kind), bias ? " bias" : "", whole ? " whole" : "");
  test_op_operand(&op, 0, "x", TEST_IN, TEST_FLOAT, s->n, s->in, dense_values(random, s->n * s->in, whole));
  test_op_operand(&op, 1, "w", TEST_IN, TEST_FLOAT, s->in, s->out,
                  dense_values(random, s->in * s->out, whole));
  if (bias) test_op_operand(&op, 2, "b", TEST_IN, TEST_FLOAT, 1, s->out, dense_values(random, s->out, whole));
  test_op_operand(&op, 3, "y", TEST_OUT, TEST_FLOAT, s->n, s->out, NULL);
  test_op_check(rig, &op);
}

static void test_shapes(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 0);
  for (size_t i = 0; i < DENSE_SHAPES; i++) {
    unsigned variant = 0;
    for (unsigned kind = QUERN_IDENTITY; kind <= QUERN_TANH; kind++)
      for (unsigned bias = 0; bias < 2; bias++)
        for (unsigned whole = 0; whole < 2; whole++, variant++) {
          const quern_activation activation = dense_activation(kind);
          if (whole && !dense_exact(activation)) continue;
          if (dense_skip(&rig, i, variant + kind)) continue;
          check(&rig, &dense_shapes[i], activation, bias, whole);
        }
  }
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_shapes)};
  return cmocka_run_group_tests_name("ops/dense_forward", tests, NULL, NULL);
}
