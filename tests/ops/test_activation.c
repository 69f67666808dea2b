/* Activations, forward and backward, on a device, compared with the reference. */
#include "op_check.h"
#include <float.h>
#include <math.h>

static void test_activation_forward(void **state) {
  (void)state;
  test_sweep("activation forward");
}

static void test_activation_backward(void **state) {
  (void)state;
  test_sweep("activation backward");
}

/* Expected values of each formula. An activation without a row has only the properties below
 * checked. */
#define TINY  1e-30f
#define LARGE 3e38f
static const float special_z[] = {0.0f, TINY, -TINY, LARGE, -LARGE, INFINITY, -INFINITY, NAN};
enum { SPECIAL = sizeof special_z / sizeof *special_z, AT_LARGE = 3, AT_INFINITY = 5, AT_NAN = 7 };
static const float special_h[][SPECIAL] = {
    [QUERN_ACTIVATION_IDENTITY] = {0.0f, TINY, -TINY, LARGE, -LARGE, INFINITY, -INFINITY, NAN},
    [QUERN_ACTIVATION_RELU] = {0.0f, TINY, 0.0f, LARGE, 0.0f, INFINITY, 0.0f, NAN},
    [QUERN_ACTIVATION_LEAKY_RELU] = {0.0f, TINY, -TINY / 4, LARGE, -LARGE / 4, INFINITY, -INFINITY,
                                     NAN},
    [QUERN_ACTIVATION_SIGMOID] = {0.5f, 0.5f, 0.5f, 1.0f, 0.0f, 1.0f, 0.0f, NAN},
    [QUERN_ACTIVATION_TANH] = {0.0f, TINY, -TINY, 1.0f, -1.0f, 1.0f, -1.0f, NAN},
    [QUERN_ACTIVATION_ELU] = {0.0f, TINY, -TINY / 4, LARGE, -0.25f, INFINITY, -0.25f, NAN},
    [QUERN_ACTIVATION_SELU] = {0.0f, 1.05070099f * TINY, -1.75809934f * TINY, 1.05070099f * LARGE,
                               -1.75809934f, INFINITY, -1.75809934f, NAN},
    [QUERN_ACTIVATION_GELU] = {0.0f, TINY / 2, -TINY / 2, LARGE, 0.0f, INFINITY, 0.0f, NAN},
    [QUERN_ACTIVATION_GELU_TANH] = {0.0f, TINY / 2, -TINY / 2, LARGE, 0.0f, INFINITY, 0.0f, NAN},
    [QUERN_ACTIVATION_SILU] = {0.0f, TINY / 2, -TINY / 2, LARGE, 0.0f, INFINITY, 0.0f, NAN},
    [QUERN_ACTIVATION_SOFTPLUS] = {0.693147181f, 0.693147181f, 0.693147181f, LARGE, 0.0f, INFINITY,
                                   0.0f, NAN},
};

static void read_back(quern_context *context, quern_activation activation, const float *z, float *h,
                      size_t count) {
  quern_buffer *buffer;
  assert_ok(quern_buffer_create(context, count * sizeof *z, &buffer));
  assert_ok(quern_buffer_write(buffer, 0, count * sizeof *z, z, QUERN_WAIT));
  const quern_tensor tensor = quern_vector(buffer, 0, count);
  assert_ok(quern_activation_forward(context, activation, tensor, tensor));
  assert_ok(quern_buffer_read(buffer, 0, count * sizeof *h, h, QUERN_WAIT));
  quern_buffer_free(buffer);
}

/* f of NaN is NaN, f of an infinity the limit of f. */
static void check_limits(const char *name, const float h[SPECIAL]) {
  if (!isnan(h[AT_NAN])) fail_msg("%s of NaN is %g", name, (double)h[AT_NAN]);
  for (size_t i = 0; i < 2; i++) {
    const float large = h[AT_LARGE + i], limit = h[AT_INFINITY + i];
    const bool grows = fabsf(large) > 1e30f;
    if (grows ? !isinf(limit) || signbit(limit) != signbit(large) : limit != large)
      fail_msg("%s of %g is %g, of %g %g", name, (double)special_z[AT_LARGE + i], (double)large,
               (double)special_z[AT_INFINITY + i], (double)limit);
  }
}

static void test_special_values(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 100);
  quern_context *contexts[] = {rig.reference, rig.device};
  for (size_t c = 0; c < 2; c++)
    for (size_t kind = 0; quern_activation_name((quern_activation_kind)kind) != NULL; kind++) {
      const char *name = quern_activation_name((quern_activation_kind)kind);
      const quern_activation activation = {(quern_activation_kind)kind, 0.25f};
      float h[SPECIAL];
      read_back(contexts[c], activation, special_z, h, SPECIAL);
      check_limits(name, h);
      if (kind >= sizeof special_h / sizeof *special_h) continue;
      /* Units in the last place, and where a tiny result may be flushed to zero. */
      const quern__bound bound = {.terms = 6, .absolute = 2.0 * FLT_MIN, .nans = 1};
      test_assert_close(c == 0 ? "special values, reference" : "special values, device", name, h,
                        special_h[kind], SPECIAL, SPECIAL, bound);
    }
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_activation_forward),
                                     QUERN_TEST(test_activation_backward),
                                     QUERN_TEST(test_special_values)};
  return cmocka_run_group_tests_name("ops/activation", tests, NULL, NULL);
}
