/* Several devices in one text: names separated by commas, or "all". */
#include <quern/device.h>

#include "../base/error.h"
#include <stdlib.h>
#include <string.h>
#include <strings.h>

static quern_device_info info_of(const quern_device *device) {
  quern_device_info info;
  quern_device_describe(device, &info);
  return info;
}

/* Every GPU and CPU; the best device if there is neither. */
static quern_status find_every(const quern_device_list *list, const quern_device **devices,
                               size_t *count) {
  const quern_device *best;
  QUERN__FORWARD(quern_device_list_find(list, "auto", &best));
  for (size_t i = 0; i < quern_device_list_count(list); i++) {
    const quern_device *device = quern_device_list_at(list, i);
    const quern_device_kind kind = info_of(device).kind;
    if (kind == QUERN_DEVICE_GPU || kind == QUERN_DEVICE_CPU) devices[(*count)++] = device;
  }
  if (*count == 0) devices[(*count)++] = best;
  return QUERN_OK;
}

/* The bytes of the longest device or platform name. */
static size_t longest_name(const quern_device_list *list) {
  size_t longest = 0;
  for (size_t i = 0; i < quern_device_list_count(list); i++) {
    const quern_device_info info = info_of(quern_device_list_at(list, i));
    const size_t name = strlen(info.name), platform = strlen(info.platform);
    if (name > longest) longest = name;
    if (platform > longest) longest = platform;
  }
  return longest;
}

/* Finds the device that a text begins with, and how many bytes name it. Names of drivers may have
 * commas, so the longest part that names a device is taken. */
static quern_status find_first(const quern_device_list *list, const char *text, size_t longest,
                               const quern_device **device, size_t *bytes) {
  quern_status status = QUERN_ERROR_NO_DEVICE;
  const size_t first = strcspn(text, ",");
  size_t length = first;
  for (size_t next = first; text[next] == ',' && next <= longest; length = next)
    next += 1 + strcspn(text + next + 1, ",");
  for (;;) {
    char *name = strndup(text, length);
    if (name == NULL) return quern__fail_memory("device name", length + 1);
    status = quern_device_list_find(list, name, device);
    free(name);
    if (status != QUERN_ERROR_NO_DEVICE || length == first) break;
    while (text[--length] != ',') continue;
  }
  *bytes = length;
  return status;
}

static quern_status add(const char *text, const char *name, size_t bytes,
                        const quern_device *device, const quern_device **devices, size_t *count) {
  for (size_t i = 0; i < *count; i++)
    if (devices[i] == device)
      return quern__fail(QUERN_ERROR_ARGUMENT,
                         "device '%s': '%.*s' is '%s', which the list has already; name each "
                         "device once",
                         text, (int)bytes, name, info_of(device).name);
  devices[(*count)++] = device;
  return QUERN_OK;
}

static quern_status find_each(const quern_device_list *list, const char *text,
                              const quern_device **devices, size_t *count) {
  const size_t longest = longest_name(list);
  for (const char *name = text;; name++) {
    const quern_device *device;
    size_t bytes;
    if (*name == ',' || *name == '\0')
      return quern__fail(QUERN_ERROR_NO_DEVICE,
                         "device '%s': a name is empty, expected names separated by commas", text);
    QUERN__FORWARD(find_first(list, name, longest, &device, &bytes));
    QUERN__FORWARD(add(text, name, bytes, device, devices, count));
    name += bytes;
    if (*name == '\0') return QUERN_OK;
  }
}

quern_status quern_device_list_find_all(const quern_device_list *list, const char *text,
                                        const quern_device **devices, size_t *count) {
  if (count != NULL) *count = 0;
  if (list == NULL || devices == NULL || count == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "device: the list or a result pointer is NULL");
  if (text == NULL || *text == '\0') text = getenv("QUERN_DEVICE");
  if (text == NULL || *text == '\0') text = "auto";
  const quern_status status = strcasecmp(text, "all") == 0 ? find_every(list, devices, count)
                                                           : find_each(list, text, devices, count);
  if (status != QUERN_OK) *count = 0;
  return status;
}
