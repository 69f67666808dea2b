/* The inside of the reference backend: every op in plain scalar C, stored in float32, computed in
 * double, executed at once. It is what the devices are held to, so it is written to be read, not to
 * be fast. */
#ifndef QUERN_HOST_REFERENCE_REFERENCE_H
#define QUERN_HOST_REFERENCE_REFERENCE_H

#include "../device/backend.h"
#include "../device/fault.h"

/* The bad row of one kind that the next waiting call reports. */
typedef struct quern__reference_fault {
  int32_t row; /* QUERN__FAULT_NONE: nothing to report */
  const char *op;
  size_t limit;
} quern__reference_fault;

/* The backend's part of a context (quern_context.state). */
typedef struct quern__reference {
  uint64_t memory; /* of the machine, in bytes; 0 where unknown */
  quern__reference_fault faults[QUERN__FAULT_COUNT];
} quern__reference;

/* Keeps a bad row for the next waiting call; the lowest row of a kind wins, as on devices. op is
 * static. */
void quern__reference_report(quern__reference *reference, quern__fault fault, const char *op,
                             size_t row, size_t limit);

/* The elements that a span means; NULL for none. */
static inline float *quern__reference_floats(quern_span span) {
  return span.memory == NULL ? NULL : (float *)span.memory + span.offset;
}

static inline int32_t *quern__reference_ints(quern_span span) {
  return span.memory == NULL ? NULL : (int32_t *)span.memory + span.offset;
}

static inline const uint32_t *quern__reference_indices(quern_span span) {
  return span.memory == NULL ? NULL : (const uint32_t *)span.memory + span.offset;
}

/* f(z), and f'(z) from h = f(z), or from z where quern_activation_reads_z: the table in
 * quern/activation.h. */
double quern__reference_activate(quern_activation activation, double z);
double quern__reference_derivative(quern_activation activation, double value);

/* p - lr (g + decay p), rounded once. */
float quern__reference_sgd(quern_sgd sgd, double gradient, float parameter);

/* The parameter after its step; *m and *v, each NULL where the rule does not read it, are what the
 * optimizer keeps. */
float quern__reference_update(const quern_update *update, double gradient, float parameter,
                              float *m, float *v);

/* What softmax needs to know of a row of k logits. A NaN among them makes every output NaN. */
typedef struct quern__softmax_row {
  size_t largest; /* where the largest logit is, the first of several */
  double max;     /* that logit */
  double rest;    /* Σ exp(z_a - max) over the others: log1p keeps its digits where it is small */
  double sum;     /* 1 + rest */
} quern__softmax_row;

quern__softmax_row quern__reference_softmax_row(const float *z, size_t k);

/* quern__reference_<op> for each op of the table: dense.c, activation.c, … */
#define QUERN__REFERENCE_OP(op, type, need, kind, name)                                            \
  quern_status quern__reference_##op(void *state, const type *op);
QUERN_OPS(QUERN__REFERENCE_OP)
#undef QUERN__REFERENCE_OP

#endif
