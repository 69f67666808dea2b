/* Checks that the ops with an optimizer share. */
#ifndef QUERN_HOST_OPS_UPDATE_H
#define QUERN_HOST_OPS_UPDATE_H

#include "../functions/optimizer.h"
#include "check.h"

/* m and v where the optimizer keeps them, else none. */
typedef struct quern__kept {
  quern_span momentum, square;
} quern__kept;

/* There is an optimizer, and its steps count from 1. Its numbers are the caller's. */
void quern__check_step(quern__check *check, const quern_optimizer *optimizer, uint64_t step);

/* What the optimizer keeps of the tensor `of`, apart from it and from each other; nothing of none.
 */
quern__kept quern__check_state(quern__check *check, const quern_optimizer *optimizer,
                               const char *name, quern_tensor parameters,
                               quern_optimizer_state state);

#endif
