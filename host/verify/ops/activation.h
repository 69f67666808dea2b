/* Operands of the ops that go through an activation. */
#ifndef QUERN_HOST_VERIFY_OPS_ACTIVATION_H
#define QUERN_HOST_VERIFY_OPS_ACTIVATION_H

#include "../values.h"
#include <quern/activation.h>

/* Draws `count` values that f' may read: f(z) with z uniform in [-range, range), or that z if
 * quern_activation_reads_z. The caller frees them; NULL if memory is out. */
float *quern__values_activated(quern__values *values, size_t count, quern_activation activation,
                               float range);

#endif
