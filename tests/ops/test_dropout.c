/* Dropout on a device, compared with the reference and with its definition; and statistics of a
 * mask. */
#include "functions/philox.h"
#include "op_check.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

static void test_dropout(void **state) {
  (void)state;
  test_sweep("dropout");
}

/* The mask itself: dropout of ones. The caller frees it. */
static float *mask_of(quern_context *context, quern_dropout_mask mask, size_t n, size_t units) {
  const size_t bytes = n * units * sizeof(float);
  float *values = test_alloc(n * units, sizeof *values);
  quern_buffer *buffer;
  assert_ok(quern_buffer_create(context, bytes, &buffer));
  const quern_tensor tensor = quern_matrix(buffer, 0, n, units);
  assert_ok(quern_fill(context, 1.0f, tensor));
  assert_ok(quern_dropout(context, mask, tensor, tensor));
  assert_ok(quern_buffer_read(buffer, 0, bytes, values, QUERN_WAIT));
  quern_buffer_free(buffer);
  return values;
}

/* The definition in ops.h, computed from the generator. */
static void test_by_definition(void **state) {
  (void)state;
  enum { N = 5, UNITS = 7, FIRST = 3 };
  const quern_dropout_mask mask = {.p = 0.25f,
                                   .seed = 0x0123456789ABCDEFu,
                                   .step = 0x500000006u,
                                   .layer = 2,
                                   .first_row = FIRST};
  test_rig rig;
  test_rig_open(&rig, 110);
  float *got = mask_of(rig.device, mask, N, UNITS);
  uint32_t key[4];
  quern__philox((const uint32_t[]){6, 5, 2, 1}, (const uint32_t[]){0x89ABCDEFu, 0x01234567u}, key);
  for (uint32_t r = 0; r < N; r++)
    for (uint32_t j = 0; j < UNITS; j++) {
      uint32_t words[4];
      quern__philox((const uint32_t[]){j / 4, FIRST + r, 0, 0}, key, words);
      assert_true(got[r * UNITS + j] == (words[j % 4] < 0x40000000u ? 0.0f : (float)(1.0 / 0.75)));
    }
  free(got);
  test_rig_close(&rig);
}

/* The dropped share is p within five standard deviations, units and samples drop independently of
 * their neighbors, and the rest is scaled to keep the mean. */
static void test_share(void **state) {
  (void)state;
  enum { N = 257, UNITS = 131, COUNT = N * UNITS };
  test_rig rig;
  test_rig_open(&rig, 111);
  for (size_t c = 0; c < 2; c++)
    for (size_t i = 1; i < 10; i += 4) {
      const float p = 0.1f * (float)i;
      float *mask = mask_of(c == 0 ? rig.reference : rig.device,
                            (quern_dropout_mask){.p = p, .seed = i}, N, UNITS);
      size_t dropped = 0, beside = 0, below = 0;
      for (size_t k = 0; k < COUNT; k++) {
        const bool gone = mask[k] == 0.0f;
        assert_true(gone || mask[k] == (float)(1.0 / (1.0 - (double)p)));
        dropped += gone;
        beside += gone && k + 1 < COUNT && mask[k + 1] == 0.0f;
        below += gone && k + UNITS < COUNT && mask[k + UNITS] == 0.0f;
      }
      const double share = (double)p, pairs = share * share;
      assert_true(fabs((double)dropped - COUNT * share) <= 5 * sqrt(COUNT * share * (1 - share)));
      assert_true(fabs((double)beside - (COUNT - 1) * pairs) <= 5 * sqrt(3 * COUNT * pairs));
      assert_true(fabs((double)below - (COUNT - UNITS) * pairs) <= 5 * sqrt(3 * COUNT * pairs));
      free(mask);
    }
  test_rig_close(&rig);
}

/* Another seed, step or layer has another mask; a part of a batch has its part of the batch's
 * mask. */
static void test_identity_of_a_mask(void **state) {
  (void)state;
  enum { N = 12, UNITS = 30, FROM = 5 };
  const quern_dropout_mask mask = {.p = 0.5f, .seed = 7, .step = 3, .layer = 1};
  quern_dropout_mask others[] = {mask, mask, mask, mask, mask};
  others[0].seed++;
  others[1].seed += (uint64_t)1 << 32;
  others[2].step++;
  others[3].step += (uint64_t)1 << 32;
  others[4].layer++;
  test_rig rig;
  test_rig_open(&rig, 112);
  float *whole = mask_of(rig.device, mask, N, UNITS);
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    float *other = mask_of(rig.device, others[i], N, UNITS);
    size_t same = 0;
    for (size_t k = 0; k < N * UNITS; k++) same += other[k] == whole[k];
    assert_true(same > N * UNITS / 3 && same < N * UNITS * 2 / 3); /* half of them, by chance */
    free(other);
  }
  quern_dropout_mask part = mask;
  part.first_row = FROM;
  float *rows = mask_of(rig.device, part, N - FROM, UNITS);
  assert_memory_equal(rows, whole + FROM * UNITS, (N - FROM) * UNITS * sizeof *rows);
  free(rows);
  free(whole);
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_dropout), QUERN_TEST(test_by_definition),
                                     QUERN_TEST(test_share), QUERN_TEST(test_identity_of_a_mask)};
  return cmocka_run_group_tests_name("ops/dropout", tests, NULL, NULL);
}
