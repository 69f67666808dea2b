/* Data of constants in files beside the model, as PyTorch writes large ones. The model's author
 * chooses the name, so it may not lead out of the model's folder. */
#include "../base/text.h"
#include "../format/safetensors/input.h"
#include "onnx.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char *find_entry(const quern__onnx_tensor *tensor, const char *key) {
  for (size_t i = 0; i < tensor->n_external_data; i++) {
    const Quern__Onnx__StringStringEntryProto *entry = tensor->external_data[i];
    if (entry->key != NULL && strcmp(entry->key, key) == 0) return entry->value;
  }
  return NULL;
}

/* Reads "offset" or "length"; *value is `otherwise` if it is missing. */
static quern_status read_size(const quern__onnx_file *file, const char *what,
                              const quern__onnx_tensor *tensor, const char *key, size_t otherwise,
                              size_t *value) {
  const char *text = find_entry(tensor, key), *end;
  uint64_t number;
  *value = otherwise;
  if (text == NULL) return QUERN_OK;
  if (!quern__parse_whole(text, SIZE_MAX, &number, &end) || *end != '\0')
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: %s: its %s in the other file is \"%.40s\", expected "
                       "a number of bytes",
                       file->path, what, key, text);
  *value = (size_t)number;
  return QUERN_OK;
}

/* Opens the folder of the model. */
static int open_folder(const char *path) {
  const char *slash = strrchr(path, '/');
  if (slash == NULL) return open(".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  char *folder = strndup(path, (size_t)(slash - path) + 1);
  if (folder == NULL) return -1;
  const int descriptor = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  free(folder);
  return descriptor;
}

/* Opens `location` below the folder, part by part, so that no part is a link. Refuses absolute
 * paths and "..". Returns -1 on failure, with errno set, EPERM if the path is refused. */
static int open_below(int folder, const char *location) {
  int next = -1;
  const char *part = location;
  if (*part == '/' || *part == '\0') {
    errno = EPERM;
    return -1;
  }
  for (;;) {
    const size_t length = strcspn(part, "/");
    const bool last = part[length] == '\0';
    char *name = strndup(part, length);
    const bool refused = name == NULL || strcmp(name, "..") == 0;
    if (refused) errno = name == NULL ? ENOMEM : EPERM;
    const int found =
        refused ? -1
                : openat(next >= 0 ? next : folder, *name != '\0' ? name : ".",
                         O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK | (last ? 0 : O_DIRECTORY));
    const int error = errno;
    free(name);
    if (next >= 0) close(next);
    next = found;
    errno = error;
    if (next < 0 || last) return next;
    part += length + 1;
  }
}

static quern_status open_location(const quern__onnx_file *file, const char *what,
                                  const char *location, int *descriptor, size_t *size) {
  const int folder = open_folder(file->path);
  *descriptor = folder >= 0 ? open_below(folder, location) : -1;
  const int error = errno;
  if (folder >= 0) close(folder);
  if (*descriptor >= 0) {
    quern_status status = quern__input_size(location, *descriptor, size);
    return status == QUERN_OK
               ? QUERN_OK
               : quern__fail(status, "%s: %s: %s", file->path, what, quern_last_error());
  }
  if (error == EPERM || error == ELOOP || error == ENOTDIR)
    return quern__fail(
        QUERN_ERROR_FORMAT,
        "%s: %s: is stored in \"%.200s\", expected a file in the model's own folder, "
        "without \"..\" and links",
        file->path, what, location);
  return quern__fail(QUERN_ERROR_FILE,
                     "%s: %s: is stored in \"%.200s\", which cannot be opened: %s; keep the two "
                     "files in one folder",
                     file->path, what, location, strerror(error));
}

quern_status quern__onnx_external_open(const quern__onnx_file *file, const char *what,
                                       const quern__onnx_tensor *tensor, size_t bytes,
                                       quern__onnx_external *external) {
  const char *location = find_entry(tensor, "location");
  size_t length, size;
  *external = (quern__onnx_external){.descriptor = -1};
  if (location == NULL)
    return quern__fail(QUERN_ERROR_FORMAT, "%s: %s: is stored in another file, which is not named",
                       file->path, what);
  QUERN__FORWARD(read_size(file, what, tensor, "offset", 0, &external->offset));
  QUERN__FORWARD(read_size(file, what, tensor, "length", bytes, &length));
  if (length != bytes)
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: %s holds %zu bytes of numbers, expected %zu by its dimensions",
                       file->path, what, length, bytes);
  QUERN__FORWARD(open_location(file, what, location, &external->descriptor, &size));
  if (external->offset > size || bytes > size - external->offset)
    return quern__fail(QUERN_ERROR_FORMAT,
                       "%s: %s: \"%.200s\" has %zu bytes, expected %zu from byte %zu on",
                       file->path, what, location, size, bytes, external->offset);
  return QUERN_OK;
}

static int compare_texts(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

quern_status quern__onnx_external_allow(quern__onnx_file *file) {
  const char **locations = calloc(file->constant_count + 1, sizeof *locations);
  size_t count = 0;
  if (locations == NULL)
    return quern__fail_memory(file->path, file->constant_count * sizeof *locations);
  for (size_t i = 0; i < file->constant_count; i++) {
    const quern__onnx_tensor *tensor = file->constants[i].tensor;
    const char *location =
        tensor->data_location == QUERN__ONNX_EXTERNAL ? find_entry(tensor, "location") : NULL;
    if (location != NULL) locations[count++] = location;
  }
  qsort(locations, count, sizeof *locations, compare_texts);
  for (size_t i = 0; i < count; i++) {
    int descriptor = -1;
    size_t size = 0;
    if (i > 0 && strcmp(locations[i], locations[i - 1]) == 0) continue;
    /* An error is reported when a node reads the constant. */
    if (open_location(file, "", locations[i], &descriptor, &size) == QUERN_OK) {
      const size_t most = (SIZE_MAX - file->constant_allowance) / QUERN__ONNX_MEMORY_FACTOR;
      file->constant_allowance += QUERN__ONNX_MEMORY_FACTOR * (size < most ? size : most);
    }
    if (descriptor >= 0) close(descriptor);
  }
  free(locations);
  return QUERN_OK;
}
