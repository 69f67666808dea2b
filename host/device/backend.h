/* The backends that are part of the library, and how the library goes through all there are. The
 * table itself, with its contract, is public: include/quern/backend.h. */
#ifndef QUERN_HOST_DEVICE_BACKEND_H
#define QUERN_HOST_DEVICE_BACKEND_H

#include <quern/backend.h>

extern const quern_backend quern__reference_backend;
extern const quern_backend quern__opencl_backend;

/* Whether OpenCL's loader is there; opens it. */
bool quern__opencl_found(void);

/* The backend at index, opencl first, then those registered, the reference last; NULL past the end.
 * It is held until quern__backend_release, which keeps it from being unregistered. */
const quern_backend *quern__backend_hold_at(size_t index);
void quern__backend_hold(const quern_backend *backend);
void quern__backend_release(const quern_backend *backend);

#endif
