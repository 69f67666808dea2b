/* The generator, compared with Random123's published answers and words of an independent
 * implementation (randomgen.Philox with number 4, width 32); and its statistics. */
#include "reference_test.h"

#include "functions/philox.h"

#include <stdlib.h>
#include <string.h>

static const uint64_t seed = 0x0123456789ABCDEF;
enum { stream = 7 };

/* Random123, tests/kat_vectors: philox4x32 10. */
static void test_known_answers(void **state) {
  (void)state;
  static const struct {
    uint32_t counter[4], key[2], out[4];
  } answers[] = {
      {{0, 0, 0, 0}, {0, 0}, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
      {{0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
       {0xffffffff, 0xffffffff},
       {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
      {{0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344},
       {0xa4093822, 0x299f31d0},
       {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
  };
  for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
    uint32_t out[4];
    quern__philox(answers[i].counter, answers[i].key, out);
    assert_memory_equal(out, answers[i].out, sizeof out);
  }
}

static void test_words(void **state) {
  (void)state;
  static const uint32_t words[] = {0x34b23a77, 0x8ec43d26, 0xfdbf9305, 0xa6c02cf2,
                                   0xf9a36445, 0x1ee17293, 0x3ec6e16d, 0xc5949040,
                                   0x69dc405d, 0x6f5e7b6a, 0xa027a73f, 0x362598d3};
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    assert_int_equal(quern__philox_word(seed, stream, i), words[i]);
  /* A counter past 2^32. */
  assert_int_equal(quern__philox_word(seed, stream, 0x800000004), 0x51aa6e17);
  assert_int_equal(quern__philox_word(seed, stream, 0x800000007), 0xf8860b42);
}

static void test_uniform_known_values(void **state) {
  const float low = 0.1f, scale = (0.3f - 0.1f) * 0x1p-24f;
  static const float values[] = {0x1.211d2ap-3f, 0x1.b139fcp-3f, 0x1.316610p-2f,
                                 0x1.d799e2p-3f, 0x1.2e1c52p-2f, 0x1.fc6b08p-4f};
  enum { count = sizeof values / sizeof values[0] };
  float got[count];
  quern__philox_uniform(seed, stream, low, scale, count, got);
  assert_memory_equal(got, values, sizeof got);

  float from_table[count];
  const quern_random_uniform_op op = {count, seed, stream, low, scale, span_of(from_table)};
  assert_ok(TABLE->random_uniform(*state, &op));
  assert_memory_equal(from_table, values, sizeof from_table);
}

/* Mean and variance of 2^16 numbers from [-1, 1), within five standard errors: variance 1/3, fourth
 * moment 1/5. */
static void test_uniform_moments(void **state) {
  (void)state;
  enum { count = 1 << 16 };
  float *values = test_alloc(count, sizeof *values);
  quern__philox_uniform(1, 0, -1, 0x1p-23f, count, values);
  double sum = 0, squares = 0;
  for (size_t i = 0; i < count; i++) {
    assert_true(values[i] >= -1 && values[i] < 1);
    sum += values[i];
    squares += (double)values[i] * values[i];
  }
  free(values);
  assert_near(sum / count, 0, 5 * sqrt(1.0 / 3 / count));
  assert_near(squares / count, 1.0 / 3, 5 * sqrt((1.0 / 5 - 1.0 / 9) / count));
}

static double chi_square(const uint32_t *counts, size_t cells, double expected) {
  double sum = 0;
  for (size_t i = 0; i < cells; i++)
    sum += (counts[i] - expected) * (counts[i] - expected) / expected;
  return sum;
}

/* Six degrees of freedom: above 30 once in 25,000 seeds, and the seed is fixed. */
static void test_below_is_even(void **state) {
  (void)state;
  enum { bound = 7, draws = 70000 };
  uint32_t counts[bound] = {0};
  uint64_t index = 0;
  for (size_t i = 0; i < draws; i++) {
    const uint32_t drawn = quern__philox_below(3, 1, &index, bound);
    assert_true(drawn < bound);
    counts[drawn]++;
  }
  assert_true(index >= draws);
  assert_true(chi_square(counts, bound, draws / (double)bound) < 30);
}

/* With bound 3·2^30, results that are multiples of 3 would be twice as frequent without
 * rejection. */
static void test_below_rejects(void **state) {
  (void)state;
  enum { draws = 30000 };
  const uint32_t bound = 3u << 30;
  uint32_t counts[3] = {0};
  uint64_t index = 0;
  for (size_t i = 0; i < draws; i++) {
    const uint32_t drawn = quern__philox_below(3, 2, &index, bound);
    assert_true(drawn < bound);
    counts[drawn % 3]++;
  }
  /* two degrees of freedom: once in 250,000 */
  assert_true(chi_square(counts, 3, draws / 3.0) < 25);
  assert_near((double)index / draws, 4.0 / 3, 0.02); /* one word in four is rejected */
}

static void test_below_one(void **state) {
  (void)state;
  uint64_t index = 0;
  assert_int_equal(quern__philox_below(seed, stream, &index, 1), 0);
}

static void test_shuffle_known_orders(void **state) {
  (void)state;
  static const uint32_t eight[] = {7, 2, 0, 4, 6, 5, 3, 1};
  static const uint32_t ten[] = {1, 3, 9, 6, 0, 8, 4, 7, 5, 2};
  uint32_t order[10];
  quern__shuffle(seed, stream, 8, order);
  assert_memory_equal(order, eight, sizeof eight);
  quern__shuffle(seed, stream, 10, order);
  assert_memory_equal(order, ten, sizeof ten);
}

static void test_shuffle_is_a_permutation(void **state) {
  (void)state;
  static const uint32_t sizes[] = {0, 1, 2, 3, 1000, 4099};
  for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
    const uint32_t count = sizes[s];
    uint32_t *order = test_alloc(count, sizeof *order);
    unsigned char *seen = test_alloc(count, 1);
    memset(seen, 0, count);
    quern__shuffle(5, QUERN__STREAM_SHUFFLE + 1, count, order);
    for (uint32_t i = 0; i < count; i++) {
      assert_true(order[i] < count);
      assert_false(seen[order[i]]);
      seen[order[i]] = 1;
    }
    free(order);
    free(seen);
  }
}

static void test_shuffle_depends_on_seed_and_stream(void **state) {
  (void)state;
  enum { count = 100 };
  uint32_t order[count], same[count], other_seed[count], other_stream[count];
  quern__shuffle(1, 1, count, order);
  quern__shuffle(1, 1, count, same);
  quern__shuffle(UINT64_C(1) << 32 | 1, 1, count, other_seed); /* the upper half of a seed counts */
  quern__shuffle(1, 2, count, other_stream);
  assert_memory_equal(order, same, sizeof order);
  assert_memory_not_equal(order, other_seed, sizeof order);
  assert_memory_not_equal(order, other_stream, sizeof order);
}

/* Each of the 24 orders of four, over 24,000 streams: 23 degrees of freedom, above 65 once in
 * 150,000. */
static void test_shuffle_is_even(void **state) {
  (void)state;
  enum { count = 4, orders = 24, draws = 24000 };
  uint32_t counts[orders] = {0};
  for (uint32_t i = 0; i < draws; i++) {
    uint32_t order[count];
    quern__shuffle(11, i, count, order);
    size_t rank = 0; /* in the factorial number system */
    for (size_t a = 0; a < count; a++) {
      size_t smaller = 0;
      for (size_t b = a + 1; b < count; b++) smaller += order[b] < order[a];
      rank = rank * (count - a) + smaller;
    }
    assert_true(rank < orders);
    counts[rank]++;
  }
  assert_true(chi_square(counts, orders, draws / (double)orders) < 65);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_known_answers),
      cmocka_unit_test(test_words),
      REFERENCE_TEST(test_uniform_known_values),
      cmocka_unit_test(test_uniform_moments),
      cmocka_unit_test(test_below_is_even),
      cmocka_unit_test(test_below_rejects),
      cmocka_unit_test(test_below_one),
      cmocka_unit_test(test_shuffle_known_orders),
      cmocka_unit_test(test_shuffle_is_a_permutation),
      cmocka_unit_test(test_shuffle_depends_on_seed_and_stream),
      cmocka_unit_test(test_shuffle_is_even),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
