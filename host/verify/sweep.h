/* The sweeps: every op over its shapes and kinds, checked against the reference. The table in
 * sweep.c has one row per op. */
#ifndef QUERN_HOST_VERIFY_SWEEP_H
#define QUERN_HOST_VERIFY_SWEEP_H

#include "op.h"

/* Runs all cases of an op. Wrong results are recorded in the outcome, as by quern__verify_check. */
typedef quern_status (*quern__sweep_call)(quern__verify *verify);

typedef struct quern__sweep {
  const char *name;
  quern__sweep_kind what;
  quern__sweep_call run;
} quern__sweep;

extern const quern__sweep quern__sweeps[];
extern const size_t quern__sweep_count;

/* NULL if unknown. */
const quern__sweep *quern__sweep_find(const char *name);

/* quern__sweep_<op> for each op of the table, in files by family as in host/ops/. */
#define QUERN__SWEEP(op, type, need, kind, name)                                                   \
  quern_status quern__sweep_##op(quern__verify *verify);
QUERN_OPS(QUERN__SWEEP)
#undef QUERN__SWEEP
/* Whole networks: gradients against finite differences, and training runs against the reference. */
quern_status quern__sweep_gradients(quern__verify *verify);
quern_status quern__sweep_training(quern__verify *verify);

#endif
