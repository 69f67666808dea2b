/* The sweeps: every op over its shapes and kinds, held to the reference. One row of the table in
 * sweep.c an op. */
#ifndef QUERN_HOST_VERIFY_SWEEP_H
#define QUERN_HOST_VERIFY_SWEEP_H

#include "op.h"

/* Runs all cases of an op; what is wrong goes to the outcome, as with quern__verify_check. */
typedef quern_status (*quern__sweep_call)(quern__verify *verify);

typedef struct quern__sweep {
  const char *name;
  quern__sweep_kind what;
  quern__sweep_call run;
} quern__sweep;

extern const quern__sweep quern__sweeps[];
extern const size_t quern__sweep_count;

/* NULL where there is no such op. */
const quern__sweep *quern__sweep_find(const char *name);

/* quern__sweep_<op> for each op of the table, by family as in host/ops/: dense.c … */
#define QUERN__SWEEP(op, type, need, kind, name)                                                   \
  quern_status quern__sweep_##op(quern__verify *verify);
QUERN_OPS(QUERN__SWEEP)
#undef QUERN__SWEEP
/* Whole networks: gradients against finite differences, and a training against the reference's. */
quern_status quern__sweep_gradients(quern__verify *verify);
quern_status quern__sweep_training(quern__verify *verify);

#endif
