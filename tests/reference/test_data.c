/* The reference's buffers, data ops, measures and fill, compared with results by hand; and errors
 * in data. */
#include "reference_test.h"

#include "device/fault.h"

#include <string.h>

static quern_status count_device(void *list, const quern_device_info *info, void *handle) {
  (void)handle;
  (*(size_t *)list)++;
  assert_int_equal(info->kind, QUERN_DEVICE_REFERENCE);
  assert_string_equal(info->backend, "reference");
  assert_string_equal(info->name, "reference");
  assert_string_equal(info->platform, "quern");
  assert_true(info->platform_index == SIZE_MAX);
  assert_int_equal(info->compute_units, 1);
  assert_true(info->memory > (1u << 20));
  return QUERN_OK;
}

static quern_status refuse_device(void *list, const quern_device_info *info, void *handle) {
  (void)list;
  (void)info;
  (void)handle;
  return QUERN_ERROR_OUT_OF_MEMORY;
}

static void test_enumerate(void **state) {
  (void)state;
  size_t count = 0;
  char note[80] = "";
  assert_ok(TABLE->enumerate(count_device, &count, note, sizeof note));
  assert_int_equal(count, 1);
  assert_string_equal(note, "");
  assert_int_equal(TABLE->enumerate(refuse_device, NULL, note, sizeof note),
                   QUERN_ERROR_OUT_OF_MEMORY);
}

static void test_buffers(void **state) {
  void *from, *to;
  const unsigned char bytes[] = {1, 2, 3, 4, 5};
  unsigned char got[5] = {0};
  assert_ok(TABLE->buffer_create(*state, 5, &from));
  assert_ok(TABLE->buffer_create(*state, 7, &to));
  assert_ok(TABLE->buffer_write(*state, from, 0, 5, bytes, true));
  assert_ok(TABLE->buffer_write(*state, from, 3, 1, bytes, false));
  assert_ok(TABLE->buffer_copy(*state, from, 1, to, 3, 4));
  assert_ok(TABLE->buffer_read(*state, to, 3, 4, got + 1, true));
  const unsigned char wanted[] = {0, 2, 3, 1, 5};
  assert_memory_equal(got, wanted, sizeof got);
  TABLE->buffer_free(*state, from);
  TABLE->buffer_free(*state, to);
  TABLE->buffer_free(*state, NULL);
  /* The fixture's device has 2^30 bytes. */
  assert_fails(TABLE->buffer_create(*state, (size_t)1 << 40, &from),
               QUERN_ERROR_OUT_OF_DEVICE_MEMORY, "1099511627776", "1073741824");
}

static void test_gather_rows(void **state) {
  const float floats[] = {-9, 1, 2, 3, 4, 5, 6}; /* 3 x 2 from element 1 on */
  const uint8_t bytes[] = {99, 0, 255, 3, 4, 5, 6};
  const uint32_t indices[] = {7, 2, 0, 2}; /* three from element 1 on */
  float x[8];
  quern_gather_rows_op op = {.source_rows = 3,
                             .n = 3,
                             .columns = 2,
                             .element = QUERN_ELEMENT_FLOAT32,
                             .source = {(void *)(uintptr_t)floats, 1},
                             .indices = {(void *)(uintptr_t)indices, 1},
                             .scale = 2,
                             .offset = 0.5f,
                             .x = {x, 2}};
  x[0] = x[1] = -7;
  assert_ok(TABLE->gather_rows(*state, &op));
  const float wanted[] = {-7, -7, 10.5f, 12.5f, 2.5f, 4.5f, 10.5f, 12.5f};
  assert_memory_equal(x, wanted, sizeof x);

  op.element = QUERN_ELEMENT_UINT8;
  op.source.memory = (void *)(uintptr_t)bytes;
  op.scale = 1.0f / 255;
  op.offset = -1;
  assert_ok(TABLE->gather_rows(*state, &op));
  /* One rounding: the float 1/255 times 255 is not 1, and a separate rounding of the product would
   * make it 1. */
  const double third = 255.0 * (1.0f / 255) - 1;
  assert_true(third != 0);
  assert_true(x[4] == -1);
  assert_rounded(x[5], third);
  assert_ok(TABLE->finish(*state));
}

static void test_bad_indices(void **state) {
  const float rows[] = {1, 2, 3, 4};
  const int32_t labels[] = {5, 6};
  const uint32_t indices[] = {1, 0, 2, UINT32_MAX};
  float x[8];
  int32_t out[4];
  const quern_gather_rows_op gather = {.source_rows = 2,
                                       .n = 4,
                                       .columns = 2,
                                       .element = QUERN_ELEMENT_FLOAT32,
                                       .source = span_of(rows),
                                       .indices = span_of(indices),
                                       .scale = 1,
                                       .x = span_of(x)};
  const quern_gather_labels_op gather_labels = {2, 4, span_of(labels), span_of(indices),
                                                span_of(out)};
  assert_ok(TABLE->gather_rows(*state, &gather));
  assert_true(x[0] == 3 && x[1] == 4 && x[2] == 1 && x[3] == 2);
  for (size_t i = 4; i < 8; i++) assert_true(isnan(x[i]));
  assert_fails(TABLE->buffer_write(*state, x, 0, sizeof rows, rows, true), QUERN_ERROR_DATA,
               "gather of rows", "index", "row 2", "0 … 1");
  assert_ok(TABLE->finish(*state));

  /* A label that a bad index gathered is the index's error; reads report too, if they wait. */
  assert_ok(TABLE->gather_labels(*state, &gather_labels));
  const int32_t wanted[] = {6, 5, -1, -1};
  assert_memory_equal(out, wanted, sizeof out);
  const quern_one_hot_op one_hot = {4, 2, span_of(out), span_of(x)};
  assert_ok(TABLE->one_hot(*state, &one_hot));
  int32_t got[4];
  assert_ok(TABLE->buffer_read(*state, out, 0, sizeof got, got, false));
  assert_fails(TABLE->buffer_read(*state, out, 0, sizeof got, got, true), QUERN_ERROR_DATA,
               "gather of labels", "index", "row 2", "0 … 1");
  assert_memory_equal(got, wanted, sizeof got);
  assert_ok(TABLE->finish(*state));
}

static void test_one_hot(void **state) {
  const int32_t labels[] = {2, 3, 0, -1};
  float y[12];
  const quern_one_hot_op op = {4, 3, span_of(labels), span_of(y)};
  assert_ok(TABLE->one_hot(*state, &op));
  const float first[] = {0, 0, 1}, third[] = {1, 0, 0};
  assert_memory_equal(y, first, sizeof first);
  assert_memory_equal(y + 6, third, sizeof third);
  for (size_t a = 0; a < 3; a++) assert_true(isnan(y[3 + a]) && isnan(y[9 + a]));
  assert_fails(TABLE->finish(*state), QUERN_ERROR_DATA, "one-hot", "label", "row 1", "0 … 2");
}

/* The lowest bad row since the last waiting call is reported, whichever op came first. */
static void test_lowest_fault_is_kept(void **state) {
  const int32_t late[] = {0, 0, 9}, early[] = {0, 9, 9};
  float y[3];
  const quern_one_hot_op first = {3, 1, span_of(late), span_of(y)},
                         second = {3, 1, span_of(early), span_of(y)};
  assert_ok(TABLE->one_hot(*state, &first));
  assert_ok(TABLE->one_hot(*state, &second));
  assert_ok(TABLE->one_hot(*state, &first));
  assert_fails(TABLE->finish(*state), QUERN_ERROR_DATA, "row 1");
}

/* The message of a backend that only knows the rows. */
static void test_fault_words(void **state) {
  (void)state;
  int32_t rows[QUERN__FAULT_COUNT] = {QUERN__FAULT_NONE, QUERN__FAULT_NONE};
  assert_ok(quern__fail_faults(rows));
  rows[QUERN__FAULT_LABEL] = 0;
  assert_fails(quern__fail_faults(rows), QUERN_ERROR_DATA, "the label in row 0", "the classes");
  rows[QUERN__FAULT_INDEX] = 12;
  assert_fails(quern__fail_faults(rows), QUERN_ERROR_DATA, "the sample index in row 12",
               "the source's rows");
}

static void test_argmax(void **state) {
  const float z[] = {1, 3, 3, -1, -3, -2, NAN, 5, 6, 5, 6, NAN, -INFINITY, -INFINITY, -INFINITY};
  int32_t classes[5];
  const quern_argmax_op op = {5, 3, span_of(z), span_of(classes)};
  assert_ok(TABLE->argmax(*state, &op));
  const int32_t wanted[] = {1, 0, -1, -1, 0};
  assert_memory_equal(classes, wanted, sizeof classes);
}

static void test_count_correct(void **state) {
  const int32_t classes[] = {1, 2, -1, 0, 4}, labels[] = {1, 0, -1, 0, 4};
  int32_t count = 100;
  quern_count_correct_op op = {5, false, span_of(classes), span_of(labels), span_of(&count)};
  assert_ok(TABLE->count_correct(*state, &op));
  assert_int_equal(count, 3);
  op.accumulate = true;
  assert_ok(TABLE->count_correct(*state, &op));
  assert_int_equal(count, 6);
}

/* 2^24 and then ones: a float accumulator would not change. */
static void test_sum(void **state) {
  float x[9] = {0x1p24f}, sum = NAN;
  for (size_t i = 1; i < 9; i++) x[i] = 1;
  const quern_sum_op op = {9, span_of(x), span_of(&sum)};
  assert_ok(TABLE->sum(*state, &op));
  assert_true(sum == 0x1p24f + 8);
}

/* In float, 2^24 + 1 would be lost; parts have the same length, and are empty past the end. */
static void test_sum_squares(void **state) {
  const float x[] = {0x1p12f, 1, 1, 1, 1, 3, -4};
  float squares[5];
  const quern_sum_squares_op op = {7, 5, span_of(x), span_of(squares)};
  assert_ok(TABLE->sum_squares(*state, &op));
  const float wanted[] = {(float)(0x1p24 + 1), 2, 10, 16, 0};
  assert_memory_equal(squares, wanted, sizeof wanted);
  float whole = NAN;
  const quern_sum_squares_op all = {5, 1, span_of(x), span_of(&whole)};
  assert_ok(TABLE->sum_squares(*state, &all));
  assert_true(whole == 0x1p24f + 4);
}

/* 3-4-5: to a norm of 1, minus the effect of the 10⁻⁶ in the formula. */
static void test_clip_norm(void **state) {
  float x[] = {3, -4}, squares = 25;
  quern_clip_norm_op op = {2, 1.0f, span_of(&squares), span_of(x)};
  assert_ok(TABLE->clip_norm(*state, &op));
  assert_rounded(x[0], 3.0 / 5.000001);
  assert_rounded(x[1], -4.0 / 5.000001);
  op.max_norm = 5.1f;
  x[0] = 3;
  assert_ok(TABLE->clip_norm(*state, &op));
  assert_true(x[0] == 3);
  squares = INFINITY;
  assert_ok(TABLE->clip_norm(*state, &op));
  assert_true(x[0] == 0);
  squares = NAN;
  assert_ok(TABLE->clip_norm(*state, &op));
  assert_true(isnan(x[0]) && isnan(x[1]));
}

static void test_fill(void **state) {
  float x[4] = {1, 1, 1, 1};
  const quern_fill_op op = {2, -0.5f, {x, 1}};
  assert_ok(TABLE->fill(*state, &op));
  const float wanted[] = {1, -0.5f, -0.5f, 1};
  assert_memory_equal(x, wanted, sizeof x);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_enumerate),   REFERENCE_TEST(test_buffers),
      REFERENCE_TEST(test_gather_rows),   REFERENCE_TEST(test_bad_indices),
      REFERENCE_TEST(test_one_hot),       REFERENCE_TEST(test_lowest_fault_is_kept),
      cmocka_unit_test(test_fault_words), REFERENCE_TEST(test_argmax),
      REFERENCE_TEST(test_count_correct), REFERENCE_TEST(test_sum),
      REFERENCE_TEST(test_sum_squares),   REFERENCE_TEST(test_clip_norm),
      REFERENCE_TEST(test_fill),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
