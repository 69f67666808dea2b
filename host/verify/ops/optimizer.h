/* Optimizers as cases of their sweeps. */
#ifndef QUERN_HOST_VERIFY_OPS_OPTIMIZER_H
#define QUERN_HOST_VERIFY_OPS_OPTIMIZER_H

#include "../sweep.h"

typedef struct quern__optimizer_case {
  const char *name;
  quern_optimizer optimizer;
  uint64_t step;
  bool fresh; /* m is zero, as before the first step */
} quern__optimizer_case;

extern const quern__optimizer_case quern__optimizer_cases[];
extern const size_t quern__optimizer_case_count;

/* Roundings behind an updated parameter, for the bound. */
double quern__optimizer_terms(const quern__optimizer_case *c);

/* The step with its sign turned. On absolute values everything then adds up: p + lr (…). */
quern__optimizer_case quern__optimizer_magnitude(const quern__optimizer_case *c);

/* Adds m and v, if the optimizer keeps them, as operands `first` and `first` + 1. */
void quern__optimizer_operands(quern__op *op, size_t first, const quern__optimizer_case *c,
                               size_t rows, size_t columns, float scale, quern__values *values);

#endif
