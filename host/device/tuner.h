/* Tuning, which a built-in backend may offer beyond its table. */
#ifndef QUERN_HOST_DEVICE_TUNER_H
#define QUERN_HOST_DEVICE_TUNER_H

#include "backend.h"
#include <quern/tune.h>

typedef struct quern__tuner {
  /* Implements quern_tune. Opens the device itself, and fills an empty report. */
  quern_status (*tune)(const quern_device_info *info, void *handle,
                       const quern_tune_options *options, quern_tune_report *report);
  /* Implements quern_tune_reset. */
  quern_status (*reset)(const quern_device_info *info, size_t *removed);
  /* Implement quern_context_tuning and quern_context_note for a context's state. */
  const char *(*file)(const void *state);
  const char *(*note)(const void *state);
} quern__tuner;

extern const quern__tuner quern__opencl_tuner;

/* Returns the backend's tuner; NULL if it has nothing to tune. */
const quern__tuner *quern__tuner_of(const quern_backend *backend);

#endif
