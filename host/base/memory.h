/* Whether memory is there, before it is taken: systems promise more than they have, and end the
 * process that uses it. */
#ifndef QUERN_HOST_BASE_MEMORY_H
#define QUERN_HOST_BASE_MEMORY_H

#include <quern/device.h>
#include <quern/status.h>

/* Bytes of host memory that this process can still have: the least of what the machine has
 * available, of the address space that the process may still take, and of what its control groups
 * leave. UINT64_MAX where nothing says. */
uint64_t quern__memory_available(void);

/* The first and the last of these by the files below a folder, "" for the machine's own: for tests.
 */
uint64_t quern__memory_machine(const char *root);
uint64_t quern__memory_groups(const char *root);

/* What is to be taken, for a message: "network of 9 parameters", and what takes less. */
typedef struct quern__demand {
  const char *what, *cure;
  size_t bytes;
} quern__demand;

/* QUERN_ERROR_OUT_OF_MEMORY, with both numbers, where the host has less left. */
quern_status quern__memory_check_host(const quern__demand *demand);

/* The same of a device, QUERN_ERROR_OUT_OF_DEVICE_MEMORY: what it has in all, which is known, and
 * where it computes in the host's memory what that has left; the second alone; and one buffer of
 * it. */
quern_status quern__memory_check_device(const quern_device_info *info, const quern__demand *demand);
quern_status quern__memory_check_shared(const quern_device_info *info, const quern__demand *demand);
quern_status quern__memory_check_buffer(const quern_device_info *info, const quern__demand *demand);

/* Bytes that a device has for one more thing; UINT64_MAX where nothing says. */
uint64_t quern__memory_of_device(const quern_device_info *info);

#endif
