/* The inside of contexts and buffers, for the layers between the public API and the backend table. */
#ifndef QUERN_HOST_CONTEXT_H
#define QUERN_HOST_CONTEXT_H

#include "backend.h"

struct quern_context {
  const quern__backend *backend;
  void *state;            /* the backend's part */
  quern_device_info info; /* strings owned */
  size_t holds;           /* the caller's, and one for each buffer, plan and trainer */
};

struct quern_buffer {
  quern_context *context; /* held */
  void *memory;           /* the backend's */
  size_t bytes;
};

/* One more or one less reason to keep the context. The last release closes it. */
void quern__context_hold(quern_context *context);
void quern__context_release(quern_context *context);

/* Copies info with strings of its own; quern__device_info_free lets go of them. */
quern_status quern__device_info_copy(const quern_device_info *from, quern_device_info *to);
void quern__device_info_free(quern_device_info *info);

#endif
