/* Views, which are buffers over parts of a buffer, and setting bytes, on the default device and on
 * the reference. */
#include "test.h"

#include <string.h>

static const char *const devices[] = {"auto", "reference"};
enum { DEVICES = sizeof devices / sizeof *devices, COUNT = 40, FIRST = 6, INSIDE = 20 };

static quern_context *context;
static quern_buffer *whole;

/* A buffer of COUNT floats with their indices. */
static void open_whole(size_t device) {
  float values[COUNT];
  for (size_t i = 0; i < COUNT; i++) values[i] = (float)i;
  assert_ok(quern_context_create(devices[device], &context));
  assert_ok(quern_buffer_create(context, sizeof values, &whole));
  assert_ok(quern_buffer_write(whole, 0, sizeof values, values, QUERN_WAIT));
}

static quern_buffer *view_of(quern_buffer *buffer, size_t first, size_t count) {
  quern_buffer *view;
  assert_ok(quern_buffer_view(buffer, first * sizeof(float), count * sizeof(float), &view));
  assert_int_equal(quern_buffer_bytes(view), count * sizeof(float));
  return view;
}

/* Checks that element i is as(i). */
static void expect(quern_buffer *buffer, size_t count, float (*as)(size_t i)) {
  float values[COUNT];
  assert_ok(quern_buffer_read(buffer, 0, count * sizeof(float), values, QUERN_WAIT));
  for (size_t i = 0; i < count; i++)
    if (!(values[i] == as(i)))
      fail_msg("element %zu is %g, expected %g", i, (double)values[i], (double)as(i));
}

static float place(size_t i) {
  return (float)i;
}

static float place_in_view(size_t i) {
  return (float)(FIRST + i);
}

/* The buffer's contents after test_same_memory. */
static float written(size_t i) {
  if (i == FIRST + 3 || i == FIRST + 4) return -1.0f;
  if (i >= FIRST + 10 && i < FIRST + 15) return 7.0f;
  return (float)i;
}

/* Writes, ops and reads through a view affect its part of the memory only. */
static void test_same_memory(void **state) {
  (void)state;
  for (size_t d = 0; d < DEVICES; d++) {
    open_whole(d);
    quern_buffer *view = view_of(whole, FIRST, INSIDE);
    expect(view, INSIDE, place_in_view);
    const float two[] = {-1.0f, -1.0f};
    assert_ok(quern_buffer_write(view, 3 * sizeof(float), sizeof two, two, QUERN_NO_WAIT));
    assert_ok(quern_fill(context, 7.0f, quern_vector(view, 10, 5)));
    expect(whole, COUNT, written);
    quern_buffer_free(view);
    quern_buffer_free(whole);
    quern_context_free(context);
  }
}

static float second_view(size_t i) {
  return (float)(FIRST + 4 + i);
}

/* A view of a view is a view of the whole, and the last one keeps the memory alive, in any order of
 * freeing. */
static void test_lifetimes(void **state) {
  (void)state;
  for (size_t d = 0; d < DEVICES; d++) {
    open_whole(d);
    quern_buffer *outer = view_of(whole, FIRST, INSIDE), *inner = view_of(outer, 4, 5);
    quern_buffer_free(outer);
    quern_context_free(context);
    quern_buffer_free(whole);
    expect(inner, 5, second_view);
    quern_buffer_free(inner);
  }
}

/* Copies between a buffer and its views: allowed if the ranges are disjoint, an error if they
 * overlap. */
static void test_copies(void **state) {
  (void)state;
  for (size_t d = 0; d < DEVICES; d++) {
    open_whole(d);
    quern_buffer *low = view_of(whole, 0, FIRST), *view = view_of(whole, FIRST, INSIDE);
    assert_fails(quern_buffer_copy(whole, FIRST * sizeof(float) + 4, view, 0, 8),
                 QUERN_ERROR_ARGUMENT, "overlap");
    assert_fails(quern_buffer_copy(view, 0, whole, (FIRST - 1) * sizeof(float), 8),
                 QUERN_ERROR_ARGUMENT, "overlap");
    expect(whole, COUNT, place);
    assert_ok(quern_buffer_copy(view, 0, low, 0, FIRST * sizeof(float)));
    expect(low, FIRST, place_in_view);
    expect(view, INSIDE, place_in_view);
    quern_buffer_free(low);
    quern_buffer_free(view);
    quern_buffer_free(whole);
    quern_context_free(context);
  }
}

/* Ops detect overlaps through views as within one buffer; neighboring views do not overlap. */
static void test_overlaps(void **state) {
  (void)state;
  for (size_t d = 0; d < DEVICES; d++) {
    open_whole(d);
    quern_buffer *low = view_of(whole, 0, 8), *high = view_of(whole, 8, 8),
                 *middle = view_of(whole, 4, 8);
    const quern_activation relu = quern_activation_of(QUERN_ACTIVATION_RELU);
    const quern_tensor z = quern_vector(low, 0, 8);
    assert_fails(quern_activation_forward(context, relu, z, quern_vector(middle, 0, 8)),
                 QUERN_ERROR_ARGUMENT, "h overlaps z");
    assert_fails(quern_activation_forward(context, relu, z, quern_vector(whole, 7, 8)),
                 QUERN_ERROR_ARGUMENT, "h overlaps z");
    assert_fails(quern_activation_forward(context, relu, z, quern_vector(low, 1, 8)),
                 QUERN_ERROR_SHAPE, "a buffer of 36 bytes and has one of 32");
    /* The same range under another name is the same range. */
    assert_ok(quern_activation_forward(context, relu, z, quern_vector(whole, 0, 8)));
    assert_ok(quern_activation_forward(context, relu, z, quern_vector(high, 0, 8)));
    expect(high, 8, place);
    quern_buffer_free(low);
    quern_buffer_free(high);
    quern_buffer_free(middle);
    quern_buffer_free(whole);
    quern_context_free(context);
  }
}

static void test_view_refuses(void **state) {
  (void)state;
  for (size_t d = 0; d < DEVICES; d++) {
    open_whole(d);
    quern_buffer *view = (quern_buffer *)1, *inner = view_of(whole, FIRST, INSIDE);
    assert_fails(quern_buffer_view(NULL, 0, 4, &view), QUERN_ERROR_ARGUMENT, "view", "NULL");
    assert_null(view);
    assert_fails(quern_buffer_view(whole, 0, 4, NULL), QUERN_ERROR_ARGUMENT, "view",
                 "result pointer");
    assert_fails(quern_buffer_view(whole, 0, 0, &view), QUERN_ERROR_ARGUMENT, "view", "0 bytes");
    assert_fails(quern_buffer_view(whole, 2, 4, &view), QUERN_ERROR_ARGUMENT, "view", "byte 2",
                 "4");
    assert_fails(quern_buffer_view(whole, 4, COUNT * sizeof(float), &view), QUERN_ERROR_SHAPE,
                 "160 bytes");
    assert_fails(quern_buffer_view(whole, SIZE_MAX - 3, 8, &view), QUERN_ERROR_SHAPE, "view");
    assert_fails(quern_buffer_view(inner, 4, INSIDE * sizeof(float), &view), QUERN_ERROR_SHAPE,
                 "80 bytes");
    assert_null(view);
    quern_buffer_free(inner);
    quern_buffer_free(whole);
    quern_context_free(context);
  }
}

/* Bytes are set in order with other ops, at any offset, also through a view. */
static void test_fill(void **state) {
  (void)state;
  for (size_t d = 0; d < DEVICES; d++) {
    open_whole(d);
    quern_buffer *view = view_of(whole, FIRST, INSIDE);
    uint8_t got[COUNT * sizeof(float)], expected[sizeof got];
    assert_ok(quern_buffer_fill(whole, 0, sizeof got, 0xab));
    assert_ok(quern_fill(context, 1.0f, quern_vector(view, 0, 2)));
    assert_ok(quern_buffer_fill(view, 5, 70, 0x11));
    assert_ok(quern_buffer_read(whole, 0, sizeof got, got, QUERN_WAIT));
    memset(expected, 0xab, sizeof expected);
    memcpy(expected + FIRST * sizeof(float), (const float[]){1.0f, 1.0f}, 2 * sizeof(float));
    memset(expected + FIRST * sizeof(float) + 5, 0x11, 70);
    assert_memory_equal(got, expected, sizeof got);

    assert_ok(quern_buffer_fill(whole, sizeof got, 0, 1));
    assert_fails(quern_buffer_fill(NULL, 0, 1, 1), QUERN_ERROR_ARGUMENT, "buffer fill", "NULL");
    assert_fails(quern_buffer_fill(whole, 1, sizeof got, 1), QUERN_ERROR_SHAPE, "buffer fill",
                 "160 bytes", "byte 1");
    assert_fails(quern_buffer_fill(view, INSIDE * sizeof(float), 1, 1), QUERN_ERROR_SHAPE,
                 "buffer fill", "80 bytes");
    assert_ok(quern_buffer_read(whole, 0, sizeof got, got, QUERN_WAIT));
    assert_memory_equal(got, expected, sizeof got);
    quern_buffer_free(view);
    quern_buffer_free(whole);
    quern_context_free(context);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_same_memory),  QUERN_TEST(test_lifetimes),
                                     QUERN_TEST(test_copies),       QUERN_TEST(test_overlaps),
                                     QUERN_TEST(test_view_refuses), QUERN_TEST(test_fill)};
  return cmocka_run_group_tests_name("api/view", tests, NULL, NULL);
}
