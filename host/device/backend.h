/* The built-in backends, and access to the list of all backends. The public table and its contract
 * are in include/quern/backend.h. */
#ifndef QUERN_HOST_DEVICE_BACKEND_H
#define QUERN_HOST_DEVICE_BACKEND_H

#include <quern/backend.h>

extern const quern_backend quern__reference_backend;
extern const quern_backend quern__opencl_backend;

/* Loads OpenCL's loader; false if it is missing. */
bool quern__opencl_found(void);

/* Returns the backend at index: opencl first, then the registered ones, the reference last; NULL
 * past the end. It cannot be unregistered until the caller has called quern__backend_release. */
const quern_backend *quern__backend_hold_at(size_t index);
void quern__backend_hold(const quern_backend *backend);
void quern__backend_release(const quern_backend *backend);

#endif
