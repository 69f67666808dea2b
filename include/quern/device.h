/* Device discovery and selection. */
#ifndef QUERN_DEVICE_H
#define QUERN_DEVICE_H

#include <quern/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum quern_device_kind {
  QUERN_DEVICE_GPU,      /* a GPU or another accelerator */
  QUERN_DEVICE_CPU,      /* an OpenCL implementation on the CPU, such as PoCL */
  QUERN_DEVICE_EMULATOR, /* an implementation for testing, not for speed: Oclgrind, llvmpipe */
  QUERN_DEVICE_REFERENCE /* the reference backend: scalar C, double accumulation, no OpenCL */
} quern_device_kind;

/* The device list owns the strings. */
typedef struct quern_device_info {
  quern_device_kind kind;
  const char *backend;  /* as from quern_backend_name */
  const char *name;     /* as reported by the driver, blanks trimmed */
  const char *platform; /* the OpenCL platform's name; "quern" for the reference */
  /* device version, e.g. "OpenCL 3.0 PoCL HSTR: …"; "" for the reference */
  const char *version;
  const char *driver; /* driver version; "" for the reference */
  /* first half of "platform:device"; SIZE_MAX if not OpenCL */
  size_t platform_index;
  size_t device_index;     /* second half */
  uint32_t compute_units;  /* 1 for the reference */
  uint64_t memory;         /* bytes of global memory; 0 if unknown */
  uint64_t max_allocation; /* bytes of the largest single buffer; 0 if unlimited */
} quern_device_info;

typedef struct quern_device quern_device;
typedef struct quern_device_list quern_device_list;

/* The backends of this process, in the order of their devices in a list: "opencl" if its loader is
 * found at run time, those registered with quern_backend_register (backend.h), and always
 * "reference", last. quern_backend_name returns NULL past the end. */
QUERN_API size_t quern_backend_count(void);
QUERN_API const char *quern_backend_name(size_t index);

/* Finds all devices of all backends; the reference is always present, last. A machine without
 * OpenCL is not an error: see quern_device_list_note. The caller owns *list, which owns the devices
 * and their strings. */
QUERN_API quern_status quern_device_list_create(quern_device_list **list);

/* Frees a list with its devices and strings. Contexts made from it stay valid. NULL is accepted. */
QUERN_API void quern_device_list_free(quern_device_list *list);

/* Returns the number of devices, at least 1. */
QUERN_API size_t quern_device_list_count(const quern_device_list *list);

/* Returns the device at index, owned by the list; NULL past the end. */
QUERN_API const quern_device *quern_device_list_at(const quern_device_list *list, size_t index);

/* Returns one line on why devices may be missing ("no OpenCL: libOpenCL.so.1 was not found; …"), or
 * "". */
QUERN_API const char *quern_device_list_note(const quern_device_list *list);

/* Finds the device that a user's text names:
 *   "auto"              the best: GPU before CPU before emulator before reference
 *   "reference"         the reference
 *   "2"                 an index into the list
 *   "1:0"               OpenCL platform 1, device 0
 *   anything else       part of a device or platform name, case-insensitive; must match exactly one
 *                       device
 *
 * NULL or "" means QUERN_DEVICE, or "auto" if that is unset or empty. QUERN_ERROR_NO_DEVICE if no
 * device or several match; quern_last_error then lists the devices. QUERN_ERROR_FORKED for "auto"
 * in a child of a process that opened OpenCL before fork(): see context.h. */
QUERN_API quern_status quern_device_list_find(const quern_device_list *list, const char *text,
                                              const quern_device **device);

/* Finds the devices that a user's text names: one as for quern_device_list_find, several separated
 * by commas, or "all": every GPU and CPU, or the best device if there is neither. NULL or "" means
 * QUERN_DEVICE, or "auto" if that is unset or empty.
 *
 * devices: room for quern_device_list_count pointers; the list owns the devices. *count: how many
 * were found, in the order of the text; 0 on failure. QUERN_ERROR_NO_DEVICE for a name that is
 * empty or fits no or several devices; QUERN_ERROR_ARGUMENT if a device is named twice;
 * QUERN_ERROR_FORKED as for quern_device_list_find. */
QUERN_API quern_status quern_device_list_find_all(const quern_device_list *list, const char *text,
                                                  const quern_device **devices, size_t *count);

/* Describes a device. The list owns the strings. */
QUERN_API void quern_device_describe(const quern_device *device, quern_device_info *info);

/* Returns "gpu", "cpu", "emulator" or "reference". Static. */
QUERN_API const char *quern_device_kind_name(quern_device_kind kind);

#ifdef __cplusplus
}
#endif
#endif
