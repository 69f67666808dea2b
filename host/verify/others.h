/* Verifies all ops but the matrix products, for the tuner, whose parameters affect all kernels. */
#ifndef QUERN_HOST_VERIFY_OTHERS_H
#define QUERN_HOST_VERIFY_OTHERS_H

#include "../device/backend.h"

/* Runs their sweeps with small shapes on a backend's open state. QUERN_ERROR_DATA: a result was
 * wrong. */
quern_status quern__verify_others(const quern_backend *backend, void *state);

#endif
