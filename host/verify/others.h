/* All ops but the products, for the tuner: it changes what all kernels are built with. */
#ifndef QUERN_HOST_VERIFY_OTHERS_H
#define QUERN_HOST_VERIFY_OTHERS_H

#include "../device/backend.h"

/* Runs the sweeps of small shapes on what a backend has opened. QUERN_ERROR_DATA says what is
 * wrong. */
quern_status quern__verify_others(const quern_backend *backend, void *state);

#endif
