/* The internals of the reference backend: every op in plain scalar C, stored in float32, computed
 * in double, executed at once. Devices are checked against it, so it is written for clarity, not
 * speed. */
#ifndef QUERN_HOST_REFERENCE_REFERENCE_H
#define QUERN_HOST_REFERENCE_REFERENCE_H

#include "../device/backend.h"
#include "../device/fault.h"

/* The bad row of one kind, for the next waiting call to report. */
typedef struct quern__reference_fault {
  int32_t row; /* QUERN__FAULT_NONE: nothing to report */
  const char *op;
  size_t limit;
} quern__reference_fault;

/* The backend's part of a context (quern_context.state). */
typedef struct quern__reference {
  uint64_t memory; /* of the machine, in bytes; 0 if unknown */
  quern__reference_fault faults[QUERN__FAULT_COUNT];
} quern__reference;

/* Records a bad row for the next waiting call. The lowest row of a kind wins, as on devices. `op`
 * is static. */
void quern__reference_report(quern__reference *reference, quern__fault fault, const char *op,
                             size_t row, size_t limit);

/* Pointers to the elements of a span; NULL for none. */
static inline float *quern__reference_floats(quern_span span) {
  return span.memory == NULL ? NULL : (float *)span.memory + span.offset;
}

static inline int32_t *quern__reference_ints(quern_span span) {
  return span.memory == NULL ? NULL : (int32_t *)span.memory + span.offset;
}

static inline const uint32_t *quern__reference_indices(quern_span span) {
  return span.memory == NULL ? NULL : (const uint32_t *)span.memory + span.offset;
}

/* f(z); and f'(z) computed from h = f(z), or from z if quern_activation_reads_z. See the table in
 * quern/activation.h. */
double quern__reference_activate(quern_activation activation, double z);
double quern__reference_derivative(quern_activation activation, double value);

/* Returns the updated parameter. *m and *v are the optimizer's state; each is NULL if the rule does
 * not read it. */
float quern__reference_optimizer_step(const quern_optimizer_step *update, double gradient,
                                      float parameter, float *m, float *v);

/* The sums that softmax needs for a row of k logits. A NaN among them makes every output NaN. */
typedef struct quern__softmax_row {
  size_t largest; /* index of the largest logit, the first of several */
  double max;     /* the largest logit */
  /* Σ exp(z_a - max) over the others, apart so that log1p keeps the digits of a small one */
  double rest;
  double sum; /* 1 + rest */
} quern__softmax_row;

quern__softmax_row quern__reference_softmax_row(const float *z, size_t k);

/* quern__reference_<op> for each op of the table: dense.c, activation.c, … */
#define QUERN__REFERENCE_OP(op, type, need, kind, name)                                            \
  quern_status quern__reference_##op(void *state, const type *op);
QUERN_OPS(QUERN__REFERENCE_OP)
#undef QUERN__REFERENCE_OP

#endif
