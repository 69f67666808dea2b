/* Replacements of the allocating functions, inserted by the linker: see alloc_faults.h. */
#include "alloc_faults.h"

#include <cjson/cJSON.h>
#include <dirent.h>
#include <errno.h>
#include <execinfo.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zlib.h>

static atomic_size_t counted;
static atomic_long live;
static atomic_bool armed;
static size_t fails_at;
static bool fails_on;
static uint64_t *sites; /* of the allocations, as far as there is room */
static size_t sites_room;
static alloc_faults_trace *trace;

/* --- The real functions, as the linker names them --- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void __real_free(void *memory);
void *__real_aligned_alloc(size_t alignment, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
char *__real_realpath(const char *path, char *resolved);
ssize_t __real_getdelim(char **line, size_t *room, int end, FILE *file);
void *__real_reallocarray(void *memory, size_t count, size_t size);
FILE *__real_fopen(const char *path, const char *mode);
FILE *__real_fdopen(int descriptor, const char *mode);
FILE *__real_fmemopen(void *memory, size_t size, const char *mode);
DIR *__real_opendir(const char *path);
DIR *__real_fdopendir(int descriptor);
gzFile __real_gzdopen(int descriptor, const char *mode);
int __real_inflateInit2_(z_stream *stream, int bits, const char *version, int size);
int __real_clock_gettime(clockid_t clock, struct timespec *time);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void __wrap_free(void *memory);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
int __wrap_asprintf(char **text, const char *format, ...);
int __wrap___asprintf_chk(char **text, int flag, const char *format, ...);
char *__wrap_realpath(const char *path, char *resolved);
char *__wrap___realpath_chk(const char *path, char *resolved, size_t size);
ssize_t __wrap_getline(char **line, size_t *room, FILE *file);
ssize_t __wrap_getdelim(char **line, size_t *room, int end, FILE *file);
ssize_t __wrap___getdelim(char **line, size_t *room, int end, FILE *file);
void *__wrap_reallocarray(void *memory, size_t count, size_t size);
FILE *__wrap_fopen(const char *path, const char *mode);
FILE *__wrap_fdopen(int descriptor, const char *mode);
FILE *__wrap_fmemopen(void *memory, size_t size, const char *mode);
DIR *__wrap_opendir(const char *path);
DIR *__wrap_fdopendir(int descriptor);
gzFile __wrap_gzdopen(int descriptor, const char *mode);
int __wrap_inflateInit2_(z_stream *stream, int bits, const char *version, int size);
int __wrap_clock_gettime(clockid_t clock, struct timespec *time);

/* --- Which allocation fails --- */

/* A hash of the call stack's part in this program, independent of its load address. */
static uint64_t site(void) {
  extern const char __executable_start, etext;
  void *frames[ALLOC_FAULTS_DEEPEST];
  const int depth = backtrace(frames, ALLOC_FAULTS_DEEPEST);
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (int i = 0; i < depth; i++) {
    const uintptr_t frame = (uintptr_t)frames[i], start = (uintptr_t)&__executable_start;
    if (frame < start || frame >= (uintptr_t)&etext) continue;
    hash = (hash ^ (frame - start)) * UINT64_C(0x100000001b3);
  }
  return hash;
}

/* Counts an allocation; true if it must fail. */
static bool fails(void) {
  if (!armed) return false;
  const size_t number = atomic_fetch_add(&counted, 1) + 1;
  if (number <= sites_room) sites[number - 1] = site();
  if (fails_at == 0 || (number != fails_at && !(fails_on && number > fails_at))) return false;
  if (number == fails_at && trace != NULL)
    trace->depth = backtrace(trace->frames, ALLOC_FAULTS_DEEPEST);
  errno = ENOMEM;
  return true;
}

static void *took(void *memory) {
  if (memory != NULL) live++;
  return memory;
}

void alloc_faults_record(uint64_t *places, size_t room) {
  sites = places;
  sites_room = room;
}

bool alloc_faults_chosen(const uint64_t *places, size_t n) {
  const char *wish = getenv("QUERN_TEST_LONG");
  if (wish != NULL && *wish != '\0') return true;
  for (size_t i = 0; i + 1 < n; i++)
    if (places[i] == places[n - 1]) return false;
  return true;
}

void alloc_faults_keep_trace(alloc_faults_trace *place) {
  trace = place;
}

void alloc_faults_start(size_t position, bool on) {
  counted = 0;
  fails_at = position;
  fails_on = on;
  armed = true;
}

size_t alloc_faults_stop(void) {
  armed = false;
  return counted;
}

long alloc_faults_live(void) {
  return live;
}

/* --- The replacements --- */

void *__wrap_malloc(size_t size) {
  return fails() ? NULL : took(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size) {
  return fails() ? NULL : took(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size) {
  if (fails()) return NULL;
  void *grown = __real_realloc(memory, size);
  return memory == NULL ? took(grown) : grown;
}

void *__wrap_reallocarray(void *memory, size_t count, size_t size) {
  if (fails()) return NULL;
  void *grown = __real_reallocarray(memory, count, size);
  return memory == NULL ? took(grown) : grown;
}

void __wrap_free(void *memory) {
  if (memory != NULL) live--;
  __real_free(memory);
}

void *__wrap_aligned_alloc(size_t alignment, size_t size) {
  return fails() ? NULL : took(__real_aligned_alloc(alignment, size));
}

char *__wrap_strdup(const char *text) {
  return fails() ? NULL : took(__real_strdup(text));
}

char *__wrap_strndup(const char *text, size_t size) {
  return fails() ? NULL : took(__real_strndup(text, size));
}

/* Like the C library, leaves *text undefined after a failure. */
static int print(char **text, const char *format, va_list arguments) {
  *text = (char *)(uintptr_t)1;
  if (fails()) return -1;
  const int length = vasprintf(text, format, arguments);
  if (length >= 0) live++;
  return length;
}

int __wrap_asprintf(char **text, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  const int length = print(text, format, arguments);
  va_end(arguments);
  return length;
}

int __wrap___asprintf_chk(char **text, int flag, const char *format, ...) {
  (void)flag;
  va_list arguments;
  va_start(arguments, format);
  const int length = print(text, format, arguments);
  va_end(arguments);
  return length;
}

char *__wrap_realpath(const char *path, char *resolved) {
  if (resolved != NULL) return __real_realpath(path, resolved);
  return fails() ? NULL : took(__real_realpath(path, NULL));
}

char *__wrap___realpath_chk(const char *path, char *resolved, size_t size) {
  (void)size;
  return __wrap_realpath(path, resolved);
}

/* Each line may be the one that needs more room. */
ssize_t __wrap_getdelim(char **line, size_t *room, int end, FILE *file) {
  if (fails()) return -1;
  const bool had = *line != NULL;
  const ssize_t length = __real_getdelim(line, room, end, file);
  if (!had && *line != NULL) live++;
  return length;
}

ssize_t __wrap___getdelim(char **line, size_t *room, int end, FILE *file) {
  return __wrap_getdelim(line, room, end, file);
}

ssize_t __wrap_getline(char **line, size_t *room, FILE *file) {
  return __wrap_getdelim(line, room, '\n', file);
}

FILE *__wrap_fopen(const char *path, const char *mode) {
  return fails() ? NULL : __real_fopen(path, mode);
}

FILE *__wrap_fdopen(int descriptor, const char *mode) {
  return fails() ? NULL : __real_fdopen(descriptor, mode);
}

FILE *__wrap_fmemopen(void *memory, size_t size, const char *mode) {
  return fails() ? NULL : __real_fmemopen(memory, size, mode);
}

DIR *__wrap_opendir(const char *path) {
  return fails() ? NULL : __real_opendir(path);
}

DIR *__wrap_fdopendir(int descriptor) {
  return fails() ? NULL : __real_fdopendir(descriptor);
}

gzFile __wrap_gzdopen(int descriptor, const char *mode) {
  return fails() ? NULL : __real_gzdopen(descriptor, mode);
}

int __wrap_inflateInit2_(z_stream *stream, int bits, const char *version, int size) {
  return fails() ? Z_MEM_ERROR : __real_inflateInit2_(stream, bits, version, size);
}

static bool counts_time;

void alloc_faults_count_time(void) {
  counts_time = true;
}

int __wrap_clock_gettime(clockid_t clock, struct timespec *time) {
  static atomic_long reads;
  if (!counts_time) return __real_clock_gettime(clock, time);
  *time = (struct timespec){atomic_fetch_add(&reads, 1), 0};
  return 0;
}

/* cJSON's memory is quern's. */
__attribute__((constructor)) static void lead_cjson_here(void) {
  cJSON_InitHooks(&(cJSON_Hooks){__wrap_malloc, __wrap_free});
}
