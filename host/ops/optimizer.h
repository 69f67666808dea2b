/* Checks shared by the ops with an optimizer. */
#ifndef QUERN_HOST_OPS_OPTIMIZER_H
#define QUERN_HOST_OPS_OPTIMIZER_H

#include "../functions/optimizer.h"
#include "check.h"

/* m and v if the optimizer keeps them, else none. */
typedef struct quern__kept {
  quern_span momentum, square;
} quern__kept;

/* Checks that there is an optimizer, and that its step is at least 1. The optimizer's settings are
 * the caller's responsibility. */
void quern__check_step(quern__check *check, const quern_optimizer *optimizer, uint64_t step);

/* Checks the optimizer's state of a tensor of parameters: present, of the same shape, and
 * overlapping neither the tensor nor each other. Both may be none. */
quern__kept quern__check_state(quern__check *check, const quern_optimizer *optimizer,
                               const char *name, quern_tensor parameters,
                               quern_optimizer_state state);

#endif
