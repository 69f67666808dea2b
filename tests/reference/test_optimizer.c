/* The reference's optimizers, compared with the published algorithms, in double, over many
 * steps. */
#include "reference_test.h"

#include <quern/quern.h>

enum { COUNT = 7, STEPS = 25 };

/* One parameter as in the papers and PyTorch's manual: explicit bias correction, and decay in its
 * own place. */
typedef struct scalar {
  double p, m, v;
} scalar;

static void textbook(const quern_optimizer *o, double t, double g, scalar *s) {
  const double lr = o->learning_rate;
  if (o->kind == QUERN_OPTIMIZER_ADAMW)
    s->p -= lr * o->weight_decay * s->p;
  else
    g += o->weight_decay * s->p;
  switch (o->kind) {
  case QUERN_OPTIMIZER_SGD:
    s->p -= lr * g;
    break;
  case QUERN_OPTIMIZER_MOMENTUM:
    s->m = t == 1 ? g : o->momentum * s->m + g;
    s->p -= lr * s->m;
    break;
  case QUERN_OPTIMIZER_NESTEROV:
    s->m = t == 1 ? g : o->momentum * s->m + g;
    s->p -= lr * (g + o->momentum * s->m);
    break;
  case QUERN_OPTIMIZER_ADAM:
  case QUERN_OPTIMIZER_ADAMW: {
    s->m = o->beta1 * s->m + (1 - o->beta1) * g;
    s->v = o->beta2 * s->v + (1 - o->beta2) * g * g;
    const double m = s->m / (1 - pow(o->beta1, t)), v = s->v / (1 - pow(o->beta2, t));
    s->p -= lr * m / (sqrt(v) + o->epsilon);
    break;
  }
  case QUERN_OPTIMIZER_RMSPROP:
    s->v = o->alpha * s->v + (1 - o->alpha) * g * g;
    s->m = o->momentum * s->m + g / (sqrt(s->v) + o->epsilon);
    s->p -= lr * s->m;
    break;
  }
}

/* A gradient whose sign changes now and then. */
static float gradient(size_t i, size_t step) {
  return (float)sin(0.7 * (double)step + (double)(i * i)) + 0.25f * (float)i - 0.5f;
}

static void check(quern_context *context, const quern_optimizer *optimizer) {
  quern_buffer *memory;
  float got[COUNT], g[COUNT];
  scalar expected[COUNT];
  for (size_t i = 0; i < COUNT; i++) {
    got[i] = 0.5f * (float)i - 1.0f;
    expected[i] = (scalar){.p = (double)got[i]};
  }
  assert_ok(quern_buffer_create(context, 4 * sizeof got, &memory));
  assert_ok(quern_buffer_write(memory, 0, sizeof got, got, QUERN_WAIT));
  const quern_tensor p = quern_vector(memory, 0, COUNT),
                     gradients = quern_vector(memory, COUNT, COUNT);
  const quern_optimizer_state state = {quern_vector(memory, (size_t)2 * COUNT, COUNT),
                                       quern_vector(memory, (size_t)3 * COUNT, COUNT)};
  assert_ok(quern_fill(context, 0.0f, state.momentum));
  assert_ok(quern_fill(context, 0.0f, state.square));
  for (size_t step = 1; step <= STEPS; step++) {
    for (size_t i = 0; i < COUNT; i++) {
      g[i] = gradient(i, step);
      textbook(optimizer, (double)step, (double)g[i], &expected[i]);
    }
    assert_ok(quern_buffer_write(memory, sizeof g, sizeof g, g, QUERN_WAIT));
    assert_ok(quern_optimizer_update(context, optimizer, step, gradients, p, state));
    assert_ok(quern_buffer_read(memory, 0, sizeof got, got, QUERN_WAIT));
    /* A few roundings per step, of numbers up to 8; later steps at most double each error. */
    for (size_t i = 0; i < COUNT; i++)
      assert_near((double)got[i], expected[i].p, 8 * (double)step * 8 * FLOAT_ROUNDING);
  }
  quern_buffer_free(memory);
}

static void test_published(void **state) {
  (void)state;
  quern_context *context;
  assert_ok(quern_context_create("reference", &context));
  for (quern_optimizer_kind kind = QUERN_OPTIMIZER_SGD; kind <= QUERN_OPTIMIZER_RMSPROP; kind++)
    for (int decays = 0; decays < 2; decays++) {
      quern_optimizer optimizer = quern_optimizer_of(kind, 0.05);
      optimizer.weight_decay = decays ? 0.1 : 0.0;
      check(context, &optimizer);
      if (kind != QUERN_OPTIMIZER_RMSPROP) continue;
      optimizer.momentum = 0.9;
      optimizer.learning_rate = 0.01;
      check(context, &optimizer);
    }
  quern_context_free(context);
}

/* Adam's first step is the learning rate, whatever the gradient: bias correction removes the effect
 * of m and v starting at zero. */
static void test_first_step(void **state) {
  (void)state;
  quern_context *context;
  quern_buffer *memory;
  assert_ok(quern_context_create("reference", &context));
  const float start[8] = {1.0f, 1.0f, 1e-3f, -100.0f};
  float got[2];
  assert_ok(quern_buffer_create(context, sizeof start, &memory));
  assert_ok(quern_buffer_write(memory, 0, sizeof start, start, QUERN_WAIT));
  const quern_optimizer adam = quern_optimizer_of(QUERN_OPTIMIZER_ADAM, 0.125);
  assert_ok(quern_optimizer_update(
      context, &adam, 1, quern_vector(memory, 2, 2), quern_vector(memory, 0, 2),
      (quern_optimizer_state){quern_vector(memory, 4, 2), quern_vector(memory, 6, 2)}));
  assert_ok(quern_buffer_read(memory, 0, sizeof got, got, QUERN_WAIT));
  assert_near((double)got[0], 0.875, 2e-6); /* epsilon is 1e-5 of this gradient */
  assert_near((double)got[1], 1.125, 4 * FLOAT_ROUNDING);
  quern_buffer_free(memory);
  quern_context_free(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_published), QUERN_TEST(test_first_step)};
  return cmocka_run_group_tests_name("reference/optimizers", tests, NULL, NULL);
}
