/* Verifies all ops but the matrix products on an open state of a backend. */
#include "others.h"

#include "../base/error.h"
#include "../device/context.h"
#include "reference.h"
#include "sweep.h"

quern_status quern__verify_others(const quern_backend *backend, void *state) {
  const quern_device_info info = {
      .backend = backend->name, .name = "the device", .platform = "", .version = "", .driver = ""};
  quern__verify v = {.small = true, .few = true};
  quern_status status;
  QUERN__TRY(quern__context_borrow(backend, &info, state, &v.device));
  QUERN__TRY(quern__verify_reference(&v.reference));
  for (size_t i = 0; i < quern__sweep_count; i++) {
    if (quern__sweeps[i].what != QUERN__SWEEP_OTHER) continue;
    QUERN__TRY(quern__sweeps[i].run(&v));
    if (v.outcome.wrong == 0) continue;
    status = quern__fail(QUERN_ERROR_DATA, "%s", v.outcome.why);
    goto cleanup;
  }

cleanup:
  quern_context_free(v.device);
  quern_context_free(v.reference);
  return status;
}
