/* Gathering of samples and labels by index, and one-hot targets, on a device against the reference: bit for
 * bit. */
#include "op_check.h"
#include <stdio.h>

enum { BAD = 3 }; /* indices or labels put out of range in a case that has some */

static const struct {
  size_t source_rows, columns, n;
  float scale, offset;
  bool bad, large;
} cases[] = {{1, 1, 1, 1.0f, 0.0f, false, false},
             {1, 3, 7, 0.5f, 1.0f, false, false},
             {7, 1, 3, 1.0f / 255, 0.0f, false, false},
             {5, 16, 9, 1.0f / 16, 0.0f, true, false},
             {10, 17, 33, 1.0f / 3, -0.5f, true, false},
             {33, 15, 8, 2.0f, 0.1f, false, false},
             {64, 64, 31, 1.0f / 255, 0.0f, false, false},
             {65, 63, 65, 1.0f / 7, 0.3f, true, false},
             {1000, 784, 64, 1.0f / 255, 0.0f, false, true},
             {127, 257, 130, 1.0f / 255, -0.1f, true, true}};
enum { CASES = sizeof cases / sizeof *cases };

typedef struct arguments {
  quern_element element;
  float scale, offset;
} arguments;

static quern_status gather_rows(quern_context *context, const quern_tensor *t, const void *opaque) {
  const arguments *a = opaque;
  return quern_gather_rows(context, a->element, t[0], t[1], a->scale, a->offset, t[2]);
}

static quern_status gather_labels(quern_context *context, const quern_tensor *t, const void *opaque) {
  (void)opaque;
  return quern_gather_labels(context, t[0], t[1], t[2]);
}

static quern_status one_hot(quern_context *context, const quern_tensor *t, const void *opaque) {
  (void)opaque;
  return quern_one_hot(context, t[0], t[1]);
}

/* `count` >= 7 numbers below `bound`, with BAD of them out of range, the first in place 2, where asked. */
static int32_t *indices_of(test_random *random, size_t count, size_t bound, bool bad) {
  int32_t *indices = test_random_labels(random, count, bound);
  if (bad) {
    indices[2] = (int32_t)bound;
    indices[count / 2] = -1;
    indices[count - 1] = INT32_MIN;
  }
  return indices;
}

static void check_rows(test_rig *rig, size_t i, quern_element element) {
  const size_t source_rows = cases[i].source_rows, columns = cases[i].columns, n = cases[i].n;
  const bool bytes = element == QUERN_UINT8;
  const arguments a = {element, cases[i].scale, cases[i].offset};
  test_random *random = test_rig_next(rig);
  test_op op = {.call = gather_rows, .arguments = &a, .bound = {.kind = TEST_BITS}};
  if (cases[i].bad) op.complaint = "row 2 ";
  snprintf(op.title, sizeof op.title, "gather %zu of %zux%zu %s%s", n, source_rows, columns,
           bytes ? "bytes" : "floats", cases[i].bad ? ", some out of range" : "");
  void *source = bytes ? (void *)test_random_bytes(random, source_rows * columns)
                       : (void *)test_random_floats(random, source_rows * columns, -9.0f, 9.0f);
  test_op_operand(&op, 0, "source", TEST_IN, bytes ? TEST_BYTE : TEST_FLOAT, source_rows, columns, source);
  test_op_operand(&op, 1, "indices", TEST_IN, TEST_INT, 1, n,
                  indices_of(random, n, source_rows, cases[i].bad));
  test_op_operand(&op, 2, "x", TEST_OUT, TEST_FLOAT, n, columns, NULL);
  op.operands[2].nans = cases[i].bad ? BAD * columns : 0;
  test_op_check(rig, &op);
}

static void check_labels(test_rig *rig, size_t i) {
  const size_t source_rows = cases[i].source_rows, n = cases[i].n;
  test_random *random = test_rig_next(rig);
  test_op op = {.call = gather_labels};
  if (cases[i].bad) op.complaint = "row 2 ";
  snprintf(op.title, sizeof op.title, "gather %zu of %zu labels%s", n, source_rows,
           cases[i].bad ? ", some out of range" : "");
  test_op_operand(&op, 0, "source", TEST_IN, TEST_INT, 1, source_rows,
                  test_random_labels(random, source_rows, 1000));
  test_op_operand(&op, 1, "indices", TEST_IN, TEST_INT, 1, n,
                  indices_of(random, n, source_rows, cases[i].bad));
  test_op_operand(&op, 2, "out", TEST_OUT, TEST_INT, 1, n, NULL);
  test_op_check(rig, &op);
}

static void check_one_hot(test_rig *rig, size_t i) {
  const size_t n = cases[i].n, k = cases[i].columns;
  test_random *random = test_rig_next(rig);
  test_op op = {.call = one_hot, .bound = {.kind = TEST_BITS}};
  if (cases[i].bad) op.complaint = "row 2 ";
  snprintf(op.title, sizeof op.title, "one-hot %zux%zu%s", n, k, cases[i].bad ? ", some out of range" : "");
  test_op_operand(&op, 0, "labels", TEST_IN, TEST_INT, 1, n, indices_of(random, n, k, cases[i].bad));
  test_op_operand(&op, 1, "y", TEST_OUT, TEST_FLOAT, n, k, NULL);
  op.operands[1].nans = cases[i].bad ? BAD * k : 0;
  test_op_check(rig, &op);
}

static void test_cases(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 0);
  for (size_t i = 0; i < CASES; i++) {
    if (cases[i].large && rig.slow) continue;
    check_rows(&rig, i, QUERN_FLOAT32);
    check_rows(&rig, i, QUERN_UINT8);
    check_labels(&rig, i);
    check_one_hot(&rig, i);
  }
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_cases)};
  return cmocka_run_group_tests_name("ops/gather", tests, NULL, NULL);
}
