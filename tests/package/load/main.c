/* usage: load LIBQUERN.so DEVICE
 *
 * Loads the library, uses it on the device, and unloads it, a hundred times; no round may leave
 * anything behind. OpenCL's loader is not opened before the first call. At the end the process
 * exits with the library loaded, a context open and commands queued. */
#include <dirent.h>
#include <dlfcn.h>
#include <malloc.h>
#include <quern/quern.h>
#include <stdio.h>
#include <string.h>

enum { ROUNDS = 100, SETTLED = 20 };

/* X(name): the functions of the library that are used. */
#define USED(X)                                                                                    \
  X(quern_context_create)                                                                          \
  X(quern_context_free)                                                                            \
  X(quern_buffer_create)                                                                           \
  X(quern_buffer_read)                                                                             \
  X(quern_buffer_free)                                                                             \
  X(quern_fill)                                                                                    \
  X(quern_last_error)

typedef struct functions {
#define MEMBER(name) __typeof__(name) *name;
  USED(MEMBER)
#undef MEMBER
} functions;

static bool find(void *library, functions *found) {
  bool all = true;
#define FIND(name) all = (*(void **)&found->name = dlsym(library, #name)) != NULL && all;
  USED(FIND)
#undef FIND
  return all;
}

/* An error, a context, a kernel, and its result. */
static bool use(const functions *call, const char *device, quern_context **context) {
  quern_buffer *buffer = NULL;
  float values[8] = {0};
  if (call->quern_context_create("no such device", context) != QUERN_ERROR_NO_DEVICE) return false;
  const bool ok =
      call->quern_context_create(device, context) == QUERN_OK &&
      call->quern_buffer_create(*context, sizeof values, &buffer) == QUERN_OK &&
      call->quern_fill(*context, 3.0f, quern_vector(buffer, 0, 8)) == QUERN_OK &&
      call->quern_buffer_read(buffer, 0, sizeof values, values, QUERN_WAIT) == QUERN_OK &&
      values[7] == 3.0f;
  if (!ok) fprintf(stderr, "load: %s\n", call->quern_last_error());
  call->quern_buffer_free(buffer);
  return ok;
}

typedef struct taken {
  size_t bytes, mappings, files;
} taken;

static taken measure(void) {
  taken found = {.bytes = mallinfo2().uordblks};
  FILE *maps = fopen("/proc/self/maps", "r");
  for (int c = maps != NULL ? getc(maps) : EOF; c != EOF; c = getc(maps))
    found.mappings += c == '\n';
  if (maps != NULL) fclose(maps);
  DIR *files = opendir("/proc/self/fd");
  while (files != NULL && readdir(files) != NULL) found.files++;
  if (files != NULL) closedir(files);
  return found;
}

static bool is_loaded(const char *path) {
  void *library = dlopen(path, RTLD_NOW | RTLD_NOLOAD);
  if (library != NULL) dlclose(library);
  return library != NULL;
}

static int complain(const char *what) {
  fprintf(stderr, "load: %s\n", what);
  return 1;
}

/* PoCL keeps some memory of each program. If PoCL was used, the growth is only printed. */
static bool is_same(const taken *before, const taken *after, bool with_opencl) {
  printf("from round %d on: %zu to %zu bytes, %zu to %zu mappings, %zu to %zu files\n", SETTLED,
         before->bytes, after->bytes, before->mappings, after->mappings, before->files,
         after->files);
  return before->mappings == after->mappings && before->files == after->files &&
         (with_opencl || before->bytes == after->bytes);
}

int main(int argc, char **argv) {
  if (argc != 3) return complain("usage: load LIBQUERN.so DEVICE");
  quern_context *context = NULL;
  functions call;
  taken before = {0, 0, 0};
  bool with_opencl = false;
  for (int round = 1; round <= ROUNDS + 1; round++) {
    void *library = dlopen(argv[1], RTLD_NOW | RTLD_LOCAL);
    if (library == NULL || !find(library, &call)) return complain(dlerror());
    if (round == 1 && is_loaded("libOpenCL.so.1")) return complain("loading quern loaded OpenCL");
    if (!use(&call, argv[2], &context)) return 1;
    with_opencl = is_loaded("libOpenCL.so.1");
    if (round > ROUNDS) break;
    call.quern_context_free(context);
    dlclose(library);
    if (is_loaded(argv[1])) return complain("the library stays after dlclose");
    if (round == SETTLED) before = measure();
    if (round == ROUNDS) {
      const taken after = measure();
      if (!is_same(&before, &after, with_opencl)) return complain("something was left by a round");
    }
  }
  quern_buffer *buffer;
  if (call.quern_buffer_create(context, sizeof(float), &buffer) != QUERN_OK ||
      call.quern_fill(context, 1.0f, quern_vector(buffer, 0, 1)) != QUERN_OK)
    return complain(call.quern_last_error());
  return 0;
}
