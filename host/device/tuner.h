/* What a backend of quern's own may offer beyond its table: parameters that can be tuned. */
#ifndef QUERN_HOST_DEVICE_TUNER_H
#define QUERN_HOST_DEVICE_TUNER_H

#include "backend.h"
#include <quern/tune.h>

typedef struct quern__tuner {
  /* quern_tune: fills an empty report, and opens the device for itself. */
  quern_status (*tune)(const quern_device_info *info, void *handle,
                       const quern_tune_options *options, quern_tune_report *report);
  /* quern_tune_reset. */
  quern_status (*reset)(const quern_device_info *info, size_t *removed);
  /* quern_context_tuning and quern_context_note, of a context's state. */
  const char *(*file)(const void *state);
  const char *(*note)(const void *state);
} quern__tuner;

extern const quern__tuner quern__opencl_tuner;

/* The backend's tuner, or NULL: it has nothing to tune. */
const quern__tuner *quern__tuner_of(const quern_backend *backend);

#endif
