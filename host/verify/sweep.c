/* The table of sweeps: every op of the backend table, and whole networks. */
#include "sweep.h"

#include <string.h>

const quern__sweep quern__sweeps[] = {
// clang-format off
#define SWEEP(op, type, need, kind, name) {name, QUERN__SWEEP_##kind, quern__sweep_##op},
    QUERN_OPS(SWEEP)
#undef SWEEP
    // clang-format on
    {"gradients", QUERN__SWEEP_NETWORK, quern__sweep_gradients},
    {"training", QUERN__SWEEP_NETWORK, quern__sweep_training},
};
const size_t quern__sweep_count = sizeof quern__sweeps / sizeof *quern__sweeps;

const quern__sweep *quern__sweep_find(const char *name) {
  for (size_t i = 0; i < quern__sweep_count; i++)
    if (strcmp(quern__sweeps[i].name, name) == 0) return &quern__sweeps[i];
  return NULL;
}
