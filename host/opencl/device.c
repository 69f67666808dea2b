/* Finds OpenCL's devices. A driver that fails is passed over and named in the note: others may serve. */
#include "../context.h"
#include "state.h"

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

/* Adds a sentence to the note; what no longer fits is cut. */
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

char *quern__cl_text(cl_platform_id platform, cl_device_id device, cl_uint parameter) {
  size_t size = 0;
  cl_int error = device != NULL ? quern__cl_call.GetDeviceInfo(device, parameter, 0, NULL, &size)
                                : quern__cl_call.GetPlatformInfo(platform, parameter, 0, NULL, &size);
  if (error != CL_SUCCESS) return NULL;
  char *text = calloc(1, size + 1);
  if (text == NULL) return NULL;
  error = device != NULL ? quern__cl_call.GetDeviceInfo(device, parameter, size, text, NULL)
                         : quern__cl_call.GetPlatformInfo(platform, parameter, size, text, NULL);
  if (error == CL_SUCCESS) return text;
  free(text);
  return NULL;
}

static bool query(cl_device_id device, cl_device_info parameter, size_t size, void *value) {
  return quern__cl_call.GetDeviceInfo(device, parameter, size, value, NULL) == CL_SUCCESS;
}

static bool has_word(const char *text, const char *word) {
  for (; *text != '\0'; text++)
    if (strncasecmp(text, word, strlen(word)) == 0) return true;
  return false;
}

static quern_device_kind kind_of(const char *platform, const char *name, cl_device_type type) {
  static const char *const emulators[] = {"oclgrind", "llvmpipe", "softpipe"};
  for (size_t i = 0; i < sizeof emulators / sizeof *emulators; i++)
    if (has_word(platform, emulators[i]) || has_word(name, emulators[i])) return QUERN_DEVICE_EMULATOR;
  return (type & CL_DEVICE_TYPE_CPU) != 0 ? QUERN_DEVICE_CPU : QUERN_DEVICE_GPU;
}

/* Why quern cannot use the device, or NULL. */
static const char *unusable(cl_device_id device, const char *version) {
  cl_bool available = CL_FALSE, compiler = CL_FALSE;
  if (!query(device, CL_DEVICE_AVAILABLE, sizeof available, &available) || !available)
    return "is not available";
  if (!query(device, CL_DEVICE_COMPILER_AVAILABLE, sizeof compiler, &compiler) || !compiler)
    return "has no compiler";
  int major = 0, minor = 0;
  if (sscanf(version, "OpenCL %d.%d", &major, &minor) != 2 || major < 1 || (major == 1 && minor < 2))
    return "is older than OpenCL 1.2";
  return NULL;
}

/* The strings of a description, as the driver gives them; owned. */
typedef struct device_texts {
  char *name, *version, *driver;
} device_texts;

static void free_texts(device_texts *texts) {
  free(texts->name);
  free(texts->version);
  free(texts->driver);
}

/* All but the indices; false where the driver leaves something out. info points into texts, to be freed in any
 * case, and at platform. */
static bool describe(cl_device_id device, const char *platform, device_texts *texts,
                     quern_device_info *info) {
  texts->name = quern__cl_text(NULL, device, CL_DEVICE_NAME);
  texts->version = quern__cl_text(NULL, device, CL_DEVICE_VERSION);
  texts->driver = quern__cl_text(NULL, device, CL_DRIVER_VERSION);
  cl_device_type type = 0;
  cl_uint units = 0;
  cl_ulong memory = 0, max_allocation = 0;
  if (texts->name == NULL || texts->version == NULL || texts->driver == NULL ||
      !query(device, CL_DEVICE_TYPE, sizeof type, &type) ||
      !query(device, CL_DEVICE_MAX_COMPUTE_UNITS, sizeof units, &units) ||
      !query(device, CL_DEVICE_GLOBAL_MEM_SIZE, sizeof memory, &memory) ||
      !query(device, CL_DEVICE_MAX_MEM_ALLOC_SIZE, sizeof max_allocation, &max_allocation))
    return false;
  *info = (quern_device_info){
      .kind = kind_of(platform, texts->name, type),
      .backend = quern__opencl_backend.name,
      .name = trim(texts->name),
      .platform = platform,
      .version = trim(texts->version),
      .driver = trim(texts->driver),
      .platform_index = SIZE_MAX,
      .device_index = 0,
      .compute_units = units,
      .memory = memory,
      .max_allocation = max_allocation,
  };
  return true;
}

static quern_status add_device(device_search *search, const char *platform, size_t platform_index,
                               cl_device_id device, size_t device_index) {
  quern_status status = QUERN_OK;
  device_texts texts = {NULL, NULL, NULL};
  quern_device_info info;
  if (!describe(device, platform, &texts, &info)) {
    note(search, "device %zu:%zu on %s was passed over: it cannot be described", platform_index, device_index,
         platform);
    goto cleanup;
  }
  const char *why = unusable(device, info.version);
  if (why != NULL) {
    note(search, "device %zu:%zu, %s, was passed over: it %s", platform_index, device_index, info.name, why);
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
  device_texts texts = {NULL, NULL, NULL};
  quern_device_info found;
  const char *why = NULL;
  cl_platform_id platform = NULL;
  char *platform_name = NULL;
  if (query(device, CL_DEVICE_PLATFORM, sizeof(cl_platform_id), &platform))
    platform_name = quern__cl_text(platform, NULL, CL_PLATFORM_NAME);
  if (platform_name == NULL || !describe(device, trim(platform_name), &texts, &found)) {
    status = quern__fail(QUERN_ERROR_OPENCL, "the device cannot be described");
    goto cleanup;
  }
  why = unusable(device, found.version);
  if (why != NULL) {
    status = quern__fail(QUERN_ERROR_UNSUPPORTED, "%s cannot be used: it %s", found.name, why);
    goto cleanup;
  }
  status = quern__device_info_copy(&found, info);

cleanup:
  free_texts(&texts);
  free(platform_name);
  return status;
}

static quern_status add_platform(device_search *search, cl_platform_id platform, size_t platform_index) {
  quern_status status = QUERN_OK;
  cl_device_id *devices = NULL;
  char *text = quern__cl_text(platform, NULL, CL_PLATFORM_NAME);
  const char *name = text != NULL ? trim(text) : "an OpenCL platform without a name";
  cl_uint count = 0;
  cl_int error = quern__cl_call.GetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, 0, NULL, &count);
  /* Drivers for hardware that is not here offer a platform with no device: nothing to tell. */
  if (error == CL_DEVICE_NOT_FOUND || (error == CL_SUCCESS && count == 0)) goto cleanup;
  if (error == CL_SUCCESS) {
    devices = calloc(count, sizeof(cl_device_id));
    if (devices == NULL) {
      status = quern__fail_memory("OpenCL devices", count * sizeof(cl_device_id));
      goto cleanup;
    }
    error = quern__cl_call.GetDeviceIDs(platform, CL_DEVICE_TYPE_ALL, count, devices, NULL);
  }
  if (error != CL_SUCCESS) {
    note(search, "%s was passed over: clGetDeviceIDs: %s (%d)", name, quern__cl_error_name(error),
         (int)error);
    goto cleanup;
  }
  for (cl_uint i = 0; i < count; i++) QUERN__TRY(add_device(search, name, platform_index, devices[i], i));

cleanup:
  free(devices);
  free(text);
  return status;
}

quern_status quern__cl_enumerate(quern_device_sink sink, void *list, char *note_text, size_t note_size) {
  char why[320];
  if (!quern__cl_load(why, sizeof why)) {
    const quern_status failure = quern__cl_load_failure();
    if (failure == QUERN_ERROR_FORKED) return quern__fail(failure, "%s", why);
    snprintf(note_text, note_size, "no OpenCL: %s; only the reference runs", why);
    return QUERN_OK;
  }
  device_search search = {sink, list, note_text, note_size, 0};
  note_text[0] = '\0';
  cl_uint count = 0;
  cl_int error = quern__cl_call.GetPlatformIDs(0, NULL, &count);
  /* A failure here is the loader's way to say that there is none: CL_PLATFORM_NOT_FOUND_KHR and its like. */
  if (error != CL_SUCCESS || count == 0) {
    note(&search,
         "OpenCL's loader found no platform: no driver, such as PoCL, is installed; only the reference runs");
    return QUERN_OK;
  }
  cl_platform_id *platforms = calloc(count, sizeof(cl_platform_id));
  if (platforms == NULL) return quern__fail_memory("OpenCL platforms", count * sizeof(cl_platform_id));
  quern_status status = QUERN_OK;
  error = quern__cl_call.GetPlatformIDs(count, platforms, NULL);
  if (error != CL_SUCCESS)
    note(&search, "no OpenCL: clGetPlatformIDs: %s (%d)", quern__cl_error_name(error), (int)error);
  for (cl_uint i = 0; error == CL_SUCCESS && i < count; i++)
    QUERN__TRY(add_platform(&search, platforms[i], i));
  if (search.found == 0) note(&search, "OpenCL offers no usable device; only the reference runs");

cleanup:
  free(platforms);
  return status;
}
