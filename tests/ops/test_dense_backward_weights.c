/* Dense backward weights, as gradients and as an SGD step in place, on a device against the reference. */
#include "dense.h"

#include <stdio.h>

typedef struct arguments {
  bool accumulate, update;
  quern_sgd sgd;
} arguments;

static quern_status call(quern_context *context, const quern_tensor *t, const void *opaque) {
  const arguments *a = opaque;
  if (a->update) return quern_dense_backward_sgd(context, t[0], t[1], a->sgd, t[2], t[3]);
  return quern_dense_backward_weights(context, t[0], t[1], a->accumulate, t[2], t[3]);
}

/* On absolute values, w + lr (Σ|x||dz| + decay w): the step with its sign turned. */
static quern_status magnitude(quern_context *context, const quern_tensor *t, const void *opaque) {
  arguments a = *(const arguments *)opaque;
  a.sgd.learning_rate = -a.sgd.learning_rate;
  return call(context, t, &a);
}

typedef enum mode { WRITE, ACCUMULATE, UPDATE } mode;
typedef enum wanted { BOTH, WEIGHTS, BIAS } wanted;

static void output(test_op *op, size_t index, const char *name, size_t rows, size_t columns, mode m,
                   test_random *random, bool whole) {
  float *values = m == WRITE ? NULL : dense_values(random, rows * columns, whole);
  test_op_operand(op, index, name, m == WRITE ? TEST_OUT : TEST_INOUT, TEST_FLOAT, rows, columns, values);
}

static void check(test_rig *rig, const dense_shape *s, mode m, wanted w, bool whole) {
  static const char *const modes[] = {"", " accumulate", " update"}, *const parts[] = {"", " weights",
                                                                                       " bias"};
  test_random *random = test_rig_next(rig);
  const arguments a = {m == ACCUMULATE, m == UPDATE,
                       whole ? (quern_sgd){0.5f, 0.25f} : (quern_sgd){0.3f, 0.01f}};
  test_op op = {.call = call, .magnitude = magnitude, .arguments = &a};
  op.bound = (test_bound){.kind = whole ? TEST_EXACT : TEST_CLOSE, .terms = (double)s->n + 5};
  snprintf(op.title, sizeof op.title, "dense backward weights %zux%zux%zu%s%s%s", s->n, s->in, s->out,
           modes[m], parts[w], whole ? " whole" : "");
  test_op_operand(&op, 0, "x", TEST_IN, TEST_FLOAT, s->n, s->in, dense_values(random, s->n * s->in, whole));
  test_op_operand(&op, 1, "dz", TEST_IN, TEST_FLOAT, s->n, s->out,
                  dense_values(random, s->n * s->out, whole));
  if (w != BIAS) output(&op, 2, "w", s->in, s->out, m, random, whole);
  if (w != WEIGHTS) output(&op, 3, "b", 1, s->out, m, random, whole);
  test_op_check(rig, &op);
}

static void test_shapes(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 0);
  for (size_t i = 0; i < DENSE_SHAPES; i++) {
    unsigned variant = 0;
    for (mode m = WRITE; m <= UPDATE; m++)
      for (wanted w = BOTH; w <= BIAS; w++)
        for (unsigned whole = 0; whole < 2; whole++, variant++) {
          if (dense_skip(&rig, i, variant)) continue;
          check(&rig, &dense_shapes[i], m, w, whole);
        }
  }
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_shapes)};
  return cmocka_run_group_tests_name("ops/dense_backward_weights", tests, NULL, NULL);
}
