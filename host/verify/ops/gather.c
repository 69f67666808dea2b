/* Gathering samples and labels by index, and one-hot targets: equal bits. */
#include "../sweep.h"

#include "../../base/error.h"

enum { BAD = 3 }; /* number of indices or labels out of range in a case with bad ones */

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

static quern_status gather_labels(quern_context *context, const quern_tensor *t,
                                  const void *opaque) {
  (void)opaque;
  return quern_gather_labels(context, t[0], t[1], t[2]);
}

static quern_status one_hot(quern_context *context, const quern_tensor *t, const void *opaque) {
  (void)opaque;
  return quern_one_hot(context, t[0], t[1]);
}

/* Creates `count` >= 7 numbers below `bound`. With `bad`, BAD of them are out of range, the first
 * at index 2. */
static int32_t *indices_of(quern__values *values, size_t count, size_t bound, bool bad) {
  int32_t *indices = quern__values_labels(values, count, bound);
  if (bad && indices != NULL) {
    indices[2] = (int32_t)bound;
    indices[count / 2] = -1;
    indices[count - 1] = INT32_MIN;
  }
  return indices;
}

static const char *suffix(size_t i) {
  return cases[i].bad ? ", some out of range" : "";
}

static const char *expected_fault(size_t i) {
  return cases[i].bad ? "row 2 " : NULL;
}

static quern_status check_rows(quern__verify *v, size_t i, quern_element element) {
  const size_t source_rows = cases[i].source_rows, columns = cases[i].columns, n = cases[i].n;
  const bool bytes = element == QUERN_ELEMENT_UINT8;
  const arguments a = {element, cases[i].scale, cases[i].offset};
  quern__op op = {.call = gather_rows,
                  .arguments = &a,
                  .bound = {.kind = QUERN__BITS},
                  .expected_fault = expected_fault(i)};
  quern__values_next(&v->values);
  quern__op_title(&op, "gather %zu of %zux%zu %s%s", n, source_rows, columns,
                  bytes ? "bytes" : "floats", suffix(i));
  void *source = bytes
                     ? (void *)quern__values_bytes(&v->values, source_rows * columns)
                     : (void *)quern__values_floats(&v->values, source_rows * columns, -9.0f, 9.0f);
  quern__op_operand(&op, 0, "source", QUERN__IN, bytes ? QUERN__BYTE : QUERN__FLOAT, source_rows,
                    columns, source);
  quern__op_operand(&op, 1, "indices", QUERN__IN, QUERN__INT, 1, n,
                    indices_of(&v->values, n, source_rows, cases[i].bad));
  quern__op_operand(&op, 2, "x", QUERN__OUT, QUERN__FLOAT, n, columns, NULL);
  op.operands[2].nans = cases[i].bad ? BAD * columns : 0;
  return quern__verify_check(v, &op);
}

quern_status quern__sweep_gather_rows(quern__verify *v) {
  for (size_t i = 0; i < CASES; i++) {
    if (cases[i].large && v->small) continue;
    QUERN__FORWARD(check_rows(v, i, QUERN_ELEMENT_FLOAT32));
    QUERN__FORWARD(check_rows(v, i, QUERN_ELEMENT_UINT8));
  }
  return QUERN_OK;
}

quern_status quern__sweep_gather_labels(quern__verify *v) {
  for (size_t i = 0; i < CASES; i++) {
    if (cases[i].large && v->small) continue;
    const size_t source_rows = cases[i].source_rows, n = cases[i].n;
    quern__op op = {.call = gather_labels, .expected_fault = expected_fault(i)};
    quern__values_next(&v->values);
    quern__op_title(&op, "gather %zu of %zu labels%s", n, source_rows, suffix(i));
    quern__op_operand(&op, 0, "source", QUERN__IN, QUERN__INT, 1, source_rows,
                      quern__values_labels(&v->values, source_rows, 1000));
    quern__op_operand(&op, 1, "indices", QUERN__IN, QUERN__INT, 1, n,
                      indices_of(&v->values, n, source_rows, cases[i].bad));
    quern__op_operand(&op, 2, "out", QUERN__OUT, QUERN__INT, 1, n, NULL);
    QUERN__FORWARD(quern__verify_check(v, &op));
  }
  return QUERN_OK;
}

quern_status quern__sweep_one_hot(quern__verify *v) {
  for (size_t i = 0; i < CASES; i++) {
    if (cases[i].large && v->small) continue;
    const size_t n = cases[i].n, k = cases[i].columns;
    quern__op op = {
        .call = one_hot, .bound = {.kind = QUERN__BITS}, .expected_fault = expected_fault(i)};
    quern__values_next(&v->values);
    quern__op_title(&op, "one-hot %zux%zu%s", n, k, suffix(i));
    quern__op_operand(&op, 0, "labels", QUERN__IN, QUERN__INT, 1, n,
                      indices_of(&v->values, n, k, cases[i].bad));
    quern__op_operand(&op, 1, "y", QUERN__OUT, QUERN__FLOAT, n, k, NULL);
    op.operands[1].nans = cases[i].bad ? BAD * k : 0;
    QUERN__FORWARD(quern__verify_check(v, &op));
  }
  return QUERN_OK;
}
