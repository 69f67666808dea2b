/* The definition of a device. */
#ifndef QUERN_HOST_DEVICE_DEVICE_H
#define QUERN_HOST_DEVICE_DEVICE_H

#include "backend.h"

struct quern_device {
  quern_device_info info;       /* strings owned */
  const quern_backend *backend; /* held */
  void *handle;                 /* the backend's */
};

#endif
