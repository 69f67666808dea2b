/* Devices: what quern can run on, found and named. */
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
  QUERN_DEVICE_EMULATOR, /* an implementation for checking, not for speed: Oclgrind, llvmpipe */
  QUERN_DEVICE_REFERENCE /* the reference backend: scalar C, double accumulation, no OpenCL */
} quern_device_kind;

/* Strings are owned by the device list that the device came from. */
typedef struct quern_device_info {
  quern_device_kind kind;
  const char *backend;  /* a name as quern_backend_name gives it */
  const char *name;     /* as the driver says it, blanks trimmed */
  const char *platform; /* the OpenCL platform's name; "quern" for the reference */
  /* device version, e.g. "OpenCL 3.0 PoCL HSTR: …"; "" for the reference */
  const char *version;
  const char *driver; /* driver version; "" for the reference */
  /* the first half of "platform:device"; SIZE_MAX where there is none: not OpenCL */
  size_t platform_index;
  size_t device_index;     /* the second half */
  uint32_t compute_units;  /* 1 for the reference */
  uint64_t memory;         /* bytes of global memory; 0 where unknown */
  uint64_t max_allocation; /* bytes of the largest single buffer; 0 where unlimited */
} quern_device_info;

typedef struct quern_device quern_device;
typedef struct quern_device_list quern_device_list;

/* The backends of this process, in the order in which device lists have their devices: "opencl",
 * where its loader is found at run time; those registered with quern_backend_register (backend.h);
 * "reference", always, last. quern_backend_name gives NULL past the end. */
QUERN_API size_t quern_backend_count(void);
QUERN_API const char *quern_backend_name(size_t index);

/* Finds every device of every backend. The reference is always there, last. A machine without
 * OpenCL is no error: see quern_device_list_note. The caller owns *list; devices and their strings
 * live as long as it does. */
QUERN_API quern_status quern_device_list_create(quern_device_list **list);
QUERN_API void quern_device_list_free(quern_device_list *list);

QUERN_API size_t quern_device_list_count(const quern_device_list *list);
/* The device at index; NULL past the end. */
QUERN_API const quern_device *quern_device_list_at(const quern_device_list *list, size_t index);

/* One plain line on why devices may be missing ("no OpenCL: libOpenCL.so.1 was not found; …"), or
 * "". */
QUERN_API const char *quern_device_list_note(const quern_device_list *list);

/* Chooses a device by what a person wrote:
 *   "auto"              the best: GPU before CPU before emulator before reference
 *   "reference"         the reference
 *   "2"                 an index into the list
 *   "1:0"               OpenCL platform 1, its device 0
 *   anything else       part of a device's or platform's name, upper and lower case alike; must
 *                       fit one device only
 * NULL or "" stands for the environment variable QUERN_DEVICE, and for "auto" where that is unset
 * or empty. QUERN_ERROR_NO_DEVICE when nothing fits or several do; quern_last_error then lists the
 * devices. QUERN_ERROR_FORKED for "auto" in a child of a process that had opened OpenCL before
 * fork(): see context.h. */
QUERN_API quern_status quern_device_list_find(const quern_device_list *list, const char *text,
                                              const quern_device **device);

/* Fills *info. Strings stay owned by the list. */
QUERN_API void quern_device_describe(const quern_device *device, quern_device_info *info);

/* "gpu", "cpu", "emulator", "reference". Static. */
QUERN_API const char *quern_device_kind_name(quern_device_kind kind);

#ifdef __cplusplus
}
#endif
#endif
