/* Checks of available memory before an allocation: Linux grants more than it has, and later kills
 * the process. */
#ifndef QUERN_HOST_BASE_MEMORY_H
#define QUERN_HOST_BASE_MEMORY_H

#include <quern/device.h>
#include <quern/status.h>

/* Returns the bytes of host memory that this process can still use: the least of the machine's
 * available memory, the address space limit, and the limits of the control groups. UINT64_MAX if
 * unknown. */
uint64_t quern__memory_available(void);

/* Return the machine's available memory, and what the control groups leave, from the files below
 * the folder `root`. "" is the machine's own; tests pass another. */
uint64_t quern__memory_machine(const char *root);
uint64_t quern__memory_groups(const char *root);

/* A planned allocation: its name for messages, e.g. "network of 9 parameters", and what the user
 * can do to need less. */
typedef struct quern__demand {
  const char *what, *cure;
  size_t bytes;
} quern__demand;

/* QUERN_ERROR_OUT_OF_MEMORY with both sizes if the host has fewer bytes available. */
quern_status quern__memory_check_host(const quern__demand *demand);

/* Check a demand against a device; QUERN_ERROR_OUT_OF_DEVICE_MEMORY if it does not fit.
 *
 *   _device   all of the device's memory, and then as _shared
 *   _shared   the host's available memory, unless the device is a GPU with memory of its own
 *   _buffer   the largest single buffer */
quern_status quern__memory_check_device(const quern_device_info *info, const quern__demand *demand);
quern_status quern__memory_check_shared(const quern_device_info *info, const quern__demand *demand);
quern_status quern__memory_check_buffer(const quern_device_info *info, const quern__demand *demand);

/* Returns the bytes that a device has for one more allocation; UINT64_MAX if unknown. */
uint64_t quern__memory_of_device(const quern_device_info *info);

#endif
