/* The losses on a device against the reference. */
#include "loss.h"

static const struct {
  size_t n, k;
  bool large;
} shapes[] = {{1, 1, false},   {1, 2, false},   {3, 1, false},   {2, 3, false},    {7, 10, false},
              {16, 16, false}, {17, 15, false}, {65, 7, false},  {1, 257, false},  {33, 64, false},
              {130, 3, false}, {3, 1000, true}, {257, 33, true}, {1000, 10, true}, {63, 130, true}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

static void check(test_rig *rig, loss_kind kind, size_t n, size_t k, float range, loss_outputs wanted) {
  loss_case c = {.kind = kind, .n = n, .k = k, .scale = 1.0f / (float)n, .outputs = wanted};
  test_random *random = test_rig_next(rig);
  c.z = test_random_floats(random, n * k, -range, range);
  c.y = test_random_floats(random, n * k, 0.0f, 1.0f);
  c.labels = test_random_labels(random, n, k);
  /* Half of the targets are hard, as the worked example's are. */
  for (size_t r = 0; r < n; r += 2)
    for (size_t a = 0; a < k; a++) c.y[r * k + a] = a == (size_t)c.labels[r] ? 1.0f : 0.0f;
  loss_check(rig, &c);
}

static void test_shapes(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 0);
  for (size_t i = 0; i < SHAPES; i++) {
    if (shapes[i].large && rig.slow) continue;
    for (unsigned kind = 0; kind < LOSS_KINDS; kind++) {
      if (kind == ELEMENTWISE && shapes[i].k < 2) continue;
      for (unsigned wanted = 0; wanted < LOSS_OUTPUTS; wanted++)
        check(&rig, (loss_kind)kind, shapes[i].n, shapes[i].k, (i + wanted) % 2 ? 1.0f : 15.0f,
              (loss_outputs)wanted);
    }
  }
  test_rig_close(&rig);
}

/* Logits of any size: nothing is NaN, and an infinite loss is one that is truly past the floats. */
static void test_extreme_logits(void **state) {
  (void)state;
  static const float z[][3] = {{3e38f, -3e38f, 0.0f}, {3e38f, 3e38f, -3e38f}, {-3e38f, -3e38f, -3e38f},
                               {1e4f, 1e4f, 1e4f},    {-1e4f, 0.0f, -1e4f},   {90.0f, 0.0f, -90.0f}};
  static const int32_t labels[] = {0, 1, 2};
  enum { ROWS = sizeof z / sizeof *z, COUNT = sizeof z / sizeof(float) };
  test_rig rig;
  test_rig_open(&rig, 500);
  for (unsigned kind = 0; kind < LOSS_KINDS; kind++)
    for (size_t label = 0; label < 3; label++) {
      if (kind == SQUARED) continue; /* squares what it is given: 9e76 is past the floats */
      loss_case c = {.kind = (loss_kind)kind, .n = ROWS, .k = 3, .scale = 0.5f, .outputs = LOSS_AND_GRADIENT};
      c.z = memcpy(test_alloc(COUNT, sizeof(float)), z, sizeof z);
      c.y = test_alloc(COUNT, sizeof(float));
      c.labels = test_alloc(ROWS, sizeof(int32_t));
      for (size_t r = 0; r < ROWS; r++) {
        c.labels[r] = labels[label];
        for (size_t a = 0; a < 3; a++) c.y[r * 3 + a] = a == label ? 1.0f : 0.0f;
      }
      loss_check(&rig, &c);
    }
  test_rig_close(&rig);
}

/* A label outside is reported, once, with the first such row; its loss is NaN, its gradient zero, and the
 * other rows are as ever. */
static void test_labels_out_of_range(void **state) {
  (void)state;
  static const int32_t wrong[] = {-1, 5, INT32_MAX, INT32_MIN, 6};
  test_rig rig;
  test_rig_open(&rig, 600);
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    enum { N = 37, K = 5 };
    loss_case c = {
        .kind = CATEGORICAL, .n = N, .k = K, .scale = 1.0f, .outputs = LOSS_AND_GRADIENT, .nans = 3};
    test_random *random = test_rig_next(&rig);
    c.z = test_random_floats(random, N * K, -2.0f, 2.0f);
    c.y = test_random_floats(random, N * K, 0.0f, 1.0f);
    c.labels = test_random_labels(random, N, K);
    c.labels[3] = wrong[i];
    c.labels[17] = c.labels[36] = wrong[(i + 1) % 5];
    c.complaint = "row 3 ";
    loss_check(&rig, &c);
  }
  test_rig_close(&rig);
}

/* One sample of two equal logits: the formulas of ops.h by hand. */
static void test_known_values(void **state) {
  (void)state;
  static const struct {
    loss_kind kind;
    double loss, dz;
  } known[] = {
      {CATEGORICAL, 0.69314718056, -0.5}, /* log 2;            1/2 - 1 */
      {ELEMENTWISE, 1.38629436112, -1.0}, /* 2 log 2;          -1/2 - 1/2 (1 - 1)… = D_* - O R = -1 */
      {BINARY, 0.69314718056, -0.25},     /* log 2;            (1/2 - 1) / 2 */
      {SQUARED, 0.5, -1.0}};              /* ((0 - 1)² + 0)/2; 2/2 (0 - 1) */
  test_rig rig;
  test_rig_open(&rig, 700);
  quern_context *contexts[] = {rig.reference, rig.device};
  for (size_t c = 0; c < 2; c++)
    for (size_t i = 0; i < sizeof known / sizeof *known; i++) {
      /* z, y, a zero that is the label, and place for the loss and the gradient. */
      static const float values[] = {0.0f, 0.0f, 1.0f, 0.0f, 0.0f, NAN, NAN, NAN};
      const bool labelled = known[i].kind == CATEGORICAL;
      float got[3];
      quern_buffer *buffer;
      assert_ok(quern_buffer_create(contexts[c], sizeof values, &buffer));
      assert_ok(quern_buffer_write(buffer, 0, sizeof values, values, QUERN_WAIT));
      const quern_tensor target = labelled ? quern_vector(buffer, 4, 1) : quern_vector(buffer, 2, 2);
      assert_ok(loss_call(known[i].kind)(contexts[c], quern_vector(buffer, 0, 2), target, 1.0f,
                                         quern_vector(buffer, 5, 1), quern_vector(buffer, 6, 2)));
      assert_ok(quern_buffer_read(buffer, 5 * sizeof *got, sizeof got, got, QUERN_WAIT));
      quern_buffer_free(buffer);
      const float expected[] = {(float)known[i].loss, (float)known[i].dz};
      test_assert_close("known loss", loss_name(known[i].kind), got, expected, 2, 2,
                        (test_bound){.terms = 4});
    }
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_shapes), QUERN_TEST(test_extreme_logits),
                                     QUERN_TEST(test_labels_out_of_range), QUERN_TEST(test_known_values)};
  return cmocka_run_group_tests_name("ops/loss", tests, NULL, NULL);
}
