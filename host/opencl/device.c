/* Finds OpenCL devices. A driver that fails is skipped and named in the note, since others may
 * work. If quern itself runs out of memory the search fails, since it would hide a device. */
#include "../device/context.h"
#include "state.h"

#include <CL/cl_ext.h>
#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

typedef struct device_search {
  quern_device_sink sink;
  void *list;
  char *note;
  size_t note_size;
  size_t found;
} device_search;

/* Appends a sentence to the note, truncated to fit. */
QUERN__PRINTF(2, 3)
static void note(device_search *search, const char *format, ...) {
  size_t used = strlen(search->note);
  if (used > 0) used += (size_t)snprintf(search->note + used, search->note_size - used, "; ");
  if (used >= search->note_size) return;
  va_list arguments;
  va_start(arguments, format);
  vsnprintf(search->note + used, search->note_size - used, format, arguments);
  va_end(arguments);
}

static char *trim(char *text) {
  while (isspace((unsigned char)*text)) text++;
  size_t length = strlen(text);
  while (length > 0 && isspace((unsigned char)text[length - 1])) length--;
  text[length] = '\0';
  return text;
}

static quern_status ask_size(cl_platform_id platform, cl_device_id device, cl_uint parameter,
                             size_t *size) {
  return device != NULL ? QUERN__CL(GetDeviceInfo, "text", device, parameter, 0, NULL, size)
                        : QUERN__CL(GetPlatformInfo, "text", platform, parameter, 0, NULL, size);
}

/* *lost becomes true if quern runs out of memory, as opposed to the driver. */
static quern_status read_text(cl_platform_id platform, cl_device_id device, cl_uint parameter,
                              char **text, bool *lost) {
  *text = NULL;
  size_t size = 0;
  QUERN__FORWARD(ask_size(platform, device, parameter, &size));
  char *result = calloc(1, size + 1);
  if (result == NULL) *lost = true;
  if (result == NULL) return quern__fail_memory("an OpenCL string", size + 1);
  const quern_status status =
      device != NULL ? quern__cl_GetDeviceInfo("text", device, parameter, size, result)
                     : quern__cl_GetPlatformInfo("text", platform, parameter, size, result);
  if (status == QUERN_OK)
    *text = result;
  else
    free(result);
  return status;
}

quern_status quern__cl_text(cl_platform_id platform, cl_device_id device, cl_uint parameter,
                            char **text) {
  bool lost;
  return read_text(platform, device, parameter, text, &lost);
}

static bool has_word(const char *text, const char *word) {
  for (; *text != '\0'; text++)
    if (strncasecmp(text, word, strlen(word)) == 0) return true;
  return false;
}

static quern_device_kind kind_of(const char *platform, const char *name, cl_device_type type) {
  static const char *const emulators[] = {"oclgrind", "llvmpipe", "softpipe"};
  for (size_t i = 0; i < sizeof emulators / sizeof *emulators; i++)
    if (has_word(platform, emulators[i]) || has_word(name, emulators[i]))
      return QUERN_DEVICE_EMULATOR;
  return (type & CL_DEVICE_TYPE_CPU) != 0 ? QUERN_DEVICE_CPU : QUERN_DEVICE_GPU;
}

/* QUERN_ERROR_UNSUPPORTED if quern cannot use the device. */
static quern_status check_usable(cl_device_id device, const quern_device_info *info) {
  cl_bool available = CL_FALSE, compiler = CL_FALSE;
  QUERN__FORWARD(quern__cl_GetDeviceInfo(info->name, device, CL_DEVICE_AVAILABLE, sizeof available,
                                         &available));
  QUERN__FORWARD(quern__cl_GetDeviceInfo(info->name, device, CL_DEVICE_COMPILER_AVAILABLE,
                                         sizeof compiler, &compiler));
  int major = 0, minor = 0;
  const char *why = NULL;
  if (!available)
    why = "is not available";
  else if (!compiler)
    why = "has no compiler";
  else if (sscanf(info->version, "OpenCL %d.%d", &major, &minor) != 2 || major < 1 ||
           (major == 1 && minor < 2))
    why = "is older than OpenCL 1.2";
  if (why == NULL) return QUERN_OK;
  return quern__fail(QUERN_ERROR_UNSUPPORTED, "%s cannot be used: it %s", info->name, why);
}

/* A device's strings from the driver; owned. */
typedef struct device_texts {
  char *name, *version, *driver;
  bool lost; /* see read_text */
} device_texts;

static void free_texts(device_texts *texts) {
  free(texts->name);
  free(texts->version);
  free(texts->driver);
}

/* Fills everything but the indices. *info points into *texts, which the caller frees even after a
 * failure, and to `platform`. */
static quern_status describe(cl_device_id device, const char *platform, device_texts *texts,
                             quern_device_info *info) {
  QUERN__FORWARD(read_text(NULL, device, CL_DEVICE_NAME, &texts->name, &texts->lost));
  QUERN__FORWARD(read_text(NULL, device, CL_DEVICE_VERSION, &texts->version, &texts->lost));
  QUERN__FORWARD(read_text(NULL, device, CL_DRIVER_VERSION, &texts->driver, &texts->lost));
  cl_device_type type = 0;
  cl_uint units = 0;
  cl_ulong memory = 0, max_allocation = 0;
  const char *name = trim(texts->name);
  QUERN__FORWARD(quern__cl_GetDeviceInfo(name, device, CL_DEVICE_TYPE, sizeof type, &type));
  QUERN__FORWARD(
      quern__cl_GetDeviceInfo(name, device, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof units, &units));
  QUERN__FORWARD(
      quern__cl_GetDeviceInfo(name, device, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof memory, &memory));
  QUERN__FORWARD(quern__cl_GetDeviceInfo(name, device, CL_DEVICE_MAX_MEM_ALLOC_SIZE,
                                         sizeof max_allocation, &max_allocation));
  *info = (quern_device_info){
      .kind = kind_of(platform, texts->name, type),
      .backend = quern__opencl_backend.name,
      .name = name,
      .platform = platform,
      .version = trim(texts->version),
      .driver = trim(texts->driver),
      .platform_index = SIZE_MAX,
      .device_index = 0,
      .compute_units = units,
      .memory = memory,
      .max_allocation = max_allocation,
  };
  return QUERN_OK;
}

static quern_status add_device(device_search *search, const char *platform, size_t platform_index,
                               cl_device_id device, size_t device_index) {
  quern_status status = QUERN_OK;
  device_texts texts = {NULL, NULL, NULL, false};
  quern_device_info info;
  status = describe(device, platform, &texts, &info);
  if (status == QUERN_OK) status = check_usable(device, &info);
  if (texts.lost) goto cleanup;
  if (status != QUERN_OK) {
    note(search, "device %zu:%zu on %s was skipped: %s", platform_index, device_index, platform,
         quern_last_error());
    status = QUERN_OK;
    goto cleanup;
  }
  info.platform_index = platform_index;
  info.device_index = device_index;
  status = search->sink(search->list, &info, device);
  search->found++;

cleanup:
  free_texts(&texts);
  return status;
}

quern_status quern__cl_describe(cl_device_id device, quern_device_info *info) {
  quern_status status = QUERN_OK;
  device_texts texts = {NULL, NULL, NULL, false};
  quern_device_info found;
  cl_platform_id platform = NULL;
  char *platform_name = NULL;
  QUERN__TRY(quern__cl_GetDeviceInfo("device", device, CL_DEVICE_PLATFORM, sizeof(cl_platform_id),
                                     &platform));
  QUERN__TRY(quern__cl_text(platform, NULL, CL_PLATFORM_NAME, &platform_name));
  QUERN__TRY(describe(device, trim(platform_name), &texts, &found));
  QUERN__TRY(check_usable(device, &found));
  status = quern__device_info_copy(&found, info);

cleanup:
  free_texts(&texts);
  free(platform_name);
  return status;
}

static quern_status list_devices(cl_platform_id platform, const char *name, cl_device_id **devices,
                                 cl_uint *count, bool *lost) {
  const cl_int error = quern__cl_call.GetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, NULL, count);
  /* Drivers for absent hardware have a platform without devices: nothing to report. */
  if (error == CL_DEVICE_NOT_FOUND) *count = 0;
  if (error == CL_DEVICE_NOT_FOUND || (error == CL_SUCCESS && *count == 0)) return QUERN_OK;
  QUERN__FORWARD(quern__cl_check(error, "clGetDeviceIDs", name));
  *devices = calloc(*count, sizeof(cl_device_id));
  if (*devices == NULL) *lost = true;
  if (*devices == NULL) return quern__fail_memory("OpenCL devices", *count * sizeof(cl_device_id));
  return QUERN__CL(GetDeviceIDs, name, platform, CL_DEVICE_TYPE_ALL, *count, *devices, NULL);
}

static quern_status add_platform(device_search *search, cl_platform_id platform,
                                 size_t platform_index) {
  cl_device_id *devices = NULL;
  cl_uint count = 0;
  char *text = NULL;
  bool lost = false;
  quern_status status = read_text(platform, NULL, CL_PLATFORM_NAME, &text, &lost);
  const char *name = text != NULL ? trim(text) : "";
  if (status == QUERN_OK) status = list_devices(platform, name, &devices, &count, &lost);
  if (lost) goto cleanup;
  if (status != QUERN_OK) {
    note(search, "platform %zu was skipped: %s", platform_index, quern_last_error());
    status = QUERN_OK;
    goto cleanup;
  }
  for (cl_uint i = 0; i < count; i++)
    QUERN__TRY(add_device(search, name, platform_index, devices[i], i));

cleanup:
  free(devices);
  free(text);
  return status;
}

/* Lists all platforms. The loader's error for no platform is not one here. */
static quern_status list_platforms(cl_platform_id **platforms, cl_uint *count, bool *lost) {
  const cl_int error = quern__cl_call.GetPlatformIDs(0, NULL, count);
  if (error == CL_PLATFORM_NOT_FOUND_KHR) *count = 0;
  if (error == CL_PLATFORM_NOT_FOUND_KHR || (error == CL_SUCCESS && *count == 0)) return QUERN_OK;
  QUERN__FORWARD(quern__cl_check(error, "clGetPlatformIDs", "platforms"));
  *platforms = calloc(*count, sizeof(cl_platform_id));
  if (*platforms == NULL) *lost = true;
  if (*platforms == NULL)
    return quern__fail_memory("OpenCL platforms", *count * sizeof(cl_platform_id));
  return QUERN__CL(GetPlatformIDs, "platforms", *count, *platforms, NULL);
}

static quern_status search_platforms(device_search *search) {
  cl_platform_id *platforms = NULL;
  cl_uint count = 0;
  bool lost = false;
  quern_status status = list_platforms(&platforms, &count, &lost);
  if (lost) return status;
  if (status != QUERN_OK) {
    note(search, "no OpenCL: %s; only the reference runs", quern_last_error());
    status = QUERN_OK;
  } else if (count == 0) {
    note(search, "OpenCL's loader found no platform: no driver, such as PoCL, is installed; only "
                 "the reference runs");
  } else {
    for (cl_uint i = 0; i < count; i++) QUERN__TRY(add_platform(search, platforms[i], i));
    if (search->found == 0) note(search, "OpenCL offers no usable device; only the reference runs");
  }

cleanup:
  free(platforms);
  return status;
}

quern_status quern__cl_enumerate(quern_device_sink sink, void *list, char *note_text,
                                 size_t note_size) {
  char why[320];
  if (!quern__cl_load(why, sizeof why)) {
    const quern_status failure = quern__cl_load_failure();
    if (failure == QUERN_ERROR_FORKED) return quern__fail(failure, "%s", why);
    snprintf(note_text, note_size, "no OpenCL: %s; only the reference runs", why);
    return QUERN_OK;
  }
  device_search search = {sink, list, note_text, note_size, 0};
  note_text[0] = '\0';
  char *message = quern__remember_error();
  if (message == NULL) return quern__fail_memory("device list", 1);
  quern__cl_setup_lock();
  const quern_status status = search_platforms(&search);
  quern__cl_setup_unlock();
  if (status == QUERN_OK)
    quern__restore_error(message);
  else
    free(message);
  return status;
}
