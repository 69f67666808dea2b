/* Reads and writes cached programs. The contract is in program_cache.h. */
#include "program_cache.h"

#include "../../base/cache/cache_folder.h"
#include "../../base/cache/cache_prune.h"
#include "../../base/cache/cache_read.h"
#include "../../base/file.h"
#include "../../base/text.h"
#include <fcntl.h>
#include <inttypes.h>
#include <quern/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <zlib.h>

static const char file_prefix[] = "program-";

enum { LIMIT = 64 << 20 }; /* total bytes of all files */

typedef struct file_head {
  char magic[8];
  uint64_t key_size, binary_size;
} file_head;

static const char magic[8] = {'q', 'u', 'e', 'r', 'n', 'p', 'b', '1'};

/* Continues the CRC-32 `sum` over a range. zlib counts in unsigned int; no range exceeds LIMIT. */
static uint32_t checksum(uint32_t sum, const void *data, size_t size) {
  return (uint32_t)crc32(sum, data, (uInt)size);
}

static uint64_t hash(const char *data, size_t size) {
  uint64_t sum = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < size; i++) sum = (sum ^ (unsigned char)data[i]) * UINT64_C(0x100000001b3);
  return sum;
}

/* Appends a string of the platform or device; false on failure. */
static bool put_text(quern__text *key, cl_platform_id platform, cl_device_id device,
                     cl_uint parameter) {
  char *text;
  if (quern__cl_text(platform, device, parameter, &text) != QUERN_OK) return false;
  quern__text_add(key, text, strlen(text) + 1);
  free(text);
  return true;
}

/* True for platforms with a cache of their own, and if the platform's name is unknown. */
static bool keeps_its_own(cl_platform_id platform) {
  static const char *const names[] = {"Portable Computing Language", "NVIDIA"};
  char *name;
  bool found = quern__cl_text(platform, NULL, CL_PLATFORM_NAME, &name) != QUERN_OK;
  for (size_t i = 0; name != NULL && i < sizeof names / sizeof *names; i++)
    found = found || strstr(name, names[i]) != NULL;
  free(name);
  return found;
}

static bool make_key(const quern__cl *cl, cl_platform_id platform, const quern__cl_source *source,
                     quern__cl_cached *cached) {
  quern__text key = {0};
  quern__text_add(&key, QUERN_VERSION, sizeof QUERN_VERSION);
  const bool named = put_text(&key, platform, NULL, CL_PLATFORM_NAME) &&
                     put_text(&key, platform, NULL, CL_PLATFORM_VERSION) &&
                     put_text(&key, NULL, cl->device, CL_DEVICE_NAME) &&
                     put_text(&key, NULL, cl->device, CL_DEVICE_VERSION) &&
                     put_text(&key, NULL, cl->device, CL_DRIVER_VERSION);
  quern__text_add(&key, source->options, strlen(source->options) + 1);
  quern__text_add(&key, source->text, source->size);
  const bool whole = quern__text_close(&key, &cached->key) == QUERN_OK;
  cached->key_size = key.length;
  return whole && named;
}

static void find_program_cache(const quern__cl *cl, const quern__cl_source *source,
                               quern__cl_cached *cached) {
  const quern__cache_mode mode = quern__cache_mode_wanted();
  char *folder = NULL;
  cl_platform_id platform = NULL;
  if (mode == QUERN__CACHE_OFF ||
      quern__cl_GetDeviceInfo("program cache", cl->device, CL_DEVICE_PLATFORM,
                              sizeof(cl_platform_id), &platform) != QUERN_OK ||
      (mode != QUERN__CACHE_ON && keeps_its_own(platform)) ||
      quern__cache_folder(&folder) != QUERN_OK || folder == NULL)
    return;
  if (!make_key(cl, platform, source, cached) ||
      asprintf(&cached->path, "%s/%s%016" PRIx64 ".bin", folder, file_prefix,
               hash(cached->key, cached->key_size)) < 0) {
    cached->path = NULL;
    quern__cl_cached_free(cached);
  }
  free(folder);
}

quern__cl_cached quern__cl_cache_find(const quern__cl *cl, const quern__cl_source *source) {
  quern__cl_cached cached = {NULL, NULL, 0};
  char *message = quern__remember_error();
  if (message == NULL) return cached;
  find_program_cache(cl, source, &cached);
  quern__restore_error(message);
  return cached;
}

void quern__cl_cached_free(quern__cl_cached *cached) {
  free(cached->path);
  free(cached->key);
  *cached = (quern__cl_cached){NULL, NULL, 0};
}

const unsigned char *quern__cl_cached_binary(const quern__cl_cached *cached,
                                             const unsigned char *data, size_t size,
                                             size_t *binary_size) {
  file_head head;
  uint32_t sum;
  const size_t around = sizeof head + sizeof sum;
  if (size < around || cached->key_size > size - around) return NULL;
  memcpy(&head, data, sizeof head);
  if (memcmp(head.magic, magic, sizeof magic) != 0 || head.key_size != cached->key_size ||
      head.binary_size != size - around - cached->key_size)
    return NULL;
  memcpy(&sum, data + size - sizeof sum, sizeof sum);
  if (sum != checksum(0, data, size - sizeof sum)) return NULL;
  if (memcmp(data + sizeof head, cached->key, cached->key_size) != 0) return NULL;
  *binary_size = (size_t)head.binary_size;
  return data + sizeof head + cached->key_size;
}

static cl_program build_binary(const quern__cl *cl, const unsigned char *binary, size_t size,
                               const char *options) {
  cl_int error = CL_SUCCESS, taken = CL_SUCCESS;
  cl_program program = quern__cl_call.CreateProgramWithBinary(cl->context, 1, &cl->device, &size,
                                                              &binary, &taken, &error);
  if (program == NULL) return NULL;
  if (error == CL_SUCCESS && taken == CL_SUCCESS &&
      quern__cl_call.BuildProgram(program, 1, &cl->device, options, NULL, NULL) == CL_SUCCESS)
    return program;
  quern__cl_call.ReleaseProgram(program);
  return NULL;
}

cl_program quern__cl_cache_load(const quern__cl *cl, const quern__cl_cached *cached,
                                const char *options) {
  if (cached->path == NULL) return NULL;
  char *message = quern__remember_error();
  if (message == NULL) return NULL;
  cl_program program = NULL;
  unsigned char *data = NULL;
  size_t size = 0, binary_size = 0;
  if (quern__cache_read(cached->path, LIMIT, &data, &size) == QUERN_OK) {
    const unsigned char *binary = quern__cl_cached_binary(cached, data, size, &binary_size);
    if (binary != NULL) program = build_binary(cl, binary, binary_size, options);
  }
  /* The modification time records the last use. */
  if (program != NULL) utimensat(AT_FDCWD, cached->path, NULL, 0);
  free(data);
  quern__restore_error(message);
  return program;
}

/* A copy of the program's binary; NULL if the implementation has none. */
static unsigned char *get_binary(cl_program program, size_t *size) {
  cl_uint devices = 0;
  const char *what = "program cache";
  if (quern__cl_GetProgramInfo(what, program, CL_PROGRAM_NUM_DEVICES, sizeof devices, &devices) !=
          QUERN_OK ||
      devices != 1 ||
      quern__cl_GetProgramInfo(what, program, CL_PROGRAM_BINARY_SIZES, sizeof *size, size) !=
          QUERN_OK ||
      *size == 0 || *size > LIMIT)
    return NULL;
  unsigned char *binary = malloc(*size);
  if (binary != NULL && quern__cl_GetProgramInfo(what, program, CL_PROGRAM_BINARIES,
                                                 sizeof(unsigned char *), &binary) == QUERN_OK)
    return binary;
  free(binary);
  return NULL;
}

static void write_file(const quern__cl_cached *cached, const unsigned char *binary, size_t size) {
  file_head head = {.key_size = cached->key_size, .binary_size = size};
  memcpy(head.magic, magic, sizeof magic);
  uint32_t sum = checksum(0, &head, sizeof head);
  sum = checksum(sum, cached->key, cached->key_size);
  sum = checksum(sum, binary, size);
  quern__file file = QUERN__FILE_CLOSED;
  if (quern__file_create(cached->path, &file) == QUERN_OK && fchmod(file.descriptor, 0600) == 0 &&
      quern__file_write(&file, &head, sizeof head) == QUERN_OK &&
      quern__file_write(&file, cached->key, cached->key_size) == QUERN_OK &&
      quern__file_write(&file, binary, size) == QUERN_OK &&
      quern__file_write(&file, &sum, sizeof sum) == QUERN_OK &&
      quern__file_commit(&file) == QUERN_OK)
    quern__cache_prune(file.folder, file_prefix, LIMIT);
  quern__file_close(&file);
}

void quern__cl_cache_store(const quern__cl_cached *cached, cl_program program) {
  if (cached->path == NULL) return;
  char *message = quern__remember_error();
  if (message == NULL) return;
  size_t size = 0;
  unsigned char *binary = get_binary(program, &size);
  if (binary != NULL && cached->key_size <= LIMIT - size) write_file(cached, binary, size);
  free(binary);
  quern__restore_error(message);
}
