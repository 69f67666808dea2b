/* Keeps objects of the driver: opencl_shim_keep.h. */
#include "opencl_shim_keep.h"

#include <stdlib.h>
#include <string.h>

#define SHIM __attribute__((visibility("default")))

/* The caller's program from source, or one of the shim's that is built. */
typedef struct entry {
  struct entry *next;
  cl_program program, stand_in; /* of the caller's: the built one that replaces it */
  char *source, *options;       /* options: of the shim's */
} entry;

static const quern__cl_functions *driver;
static __typeof__(clRetainProgram) *retain_program;
static bool keeps;
static cl_context context;
static entry *result, *built;

void quern_shim_keep_open(const quern__cl_functions *functions,
                          __typeof__(clRetainProgram) *retain) {
  driver = functions;
  retain_program = retain;
}

static void free_entry(entry *self) {
  free(self->source);
  free(self->options);
  free(self);
}

static void let_go(void) {
  while (built != NULL) {
    entry *first = built;
    built = first->next;
    driver->ReleaseProgram(first->program);
    free_entry(first);
  }
  if (context != NULL) driver->ReleaseContext(context);
  context = NULL;
}

SHIM void quern_shim_keep(bool keep) {
  keeps = keep;
  if (!keep) let_go();
}

cl_context quern_shim_kept_context(void) {
  if (keeps && context != NULL) driver->RetainContext(context);
  return keeps ? context : NULL;
}

void quern_shim_keep_context(cl_context one) {
  if (!keeps || one == NULL) return;
  driver->RetainContext(one);
  context = one;
}

static char *join(size_t count, const char **strings, const size_t *lengths) {
  size_t size = 0, used = 0;
  for (size_t i = 0; i < count; i++)
    size += lengths != NULL && lengths[i] > 0 ? lengths[i] : strlen(strings[i]);
  char *text = malloc(size + 1);
  for (size_t i = 0; text != NULL && i < count; i++) {
    const size_t length = lengths != NULL && lengths[i] > 0 ? lengths[i] : strlen(strings[i]);
    memcpy(text + used, strings[i], length);
    used += length;
  }
  if (text != NULL) text[size] = '\0';
  return text;
}

void quern_shim_keep_source(cl_program program, size_t count, const char **strings,
                            const size_t *lengths) {
  if (!keeps || program == NULL) return;
  entry *self = calloc(1, sizeof *self);
  char *source = self != NULL ? join(count, strings, lengths) : NULL;
  if (source == NULL) {
    free(self); /* it is built anew */
    return;
  }
  *self = (entry){.next = result, .program = program, .source = source};
  result = self;
}

static entry *find(cl_program program) {
  entry *self = result;
  while (self != NULL && self->program != program) self = self->next;
  return self;
}

void quern_shim_forget(cl_program freed) {
  for (entry **link = &result; *link != NULL; link = &(*link)->next) {
    if ((*link)->program != freed) continue;
    entry *self = *link;
    *link = self->next;
    free_entry(self);
    return;
  }
}

bool quern_shim_is_built(cl_program program, const char *options) {
  entry *self = find(program);
  for (const entry *kept = built; self != NULL && kept != NULL; kept = kept->next)
    if (strcmp(kept->source, self->source) == 0 &&
        strcmp(kept->options, options != NULL ? options : "") == 0) {
      self->stand_in = kept->program;
      return true;
    }
  return false;
}

void quern_shim_keep_built(cl_program program, const char *options) {
  const entry *self = find(program);
  entry *kept = self != NULL ? calloc(1, sizeof *kept) : NULL;
  if (kept == NULL) return;
  *kept = (entry){.next = built,
                  .program = program,
                  .source = strdup(self->source),
                  .options = strdup(options != NULL ? options : "")};
  if (kept->source == NULL || kept->options == NULL || retain_program(program) != CL_SUCCESS)
    free_entry(kept);
  else
    built = kept;
}

cl_program quern_shim_stand_in(cl_program program) {
  const entry *self = find(program);
  return self != NULL && self->stand_in != NULL ? self->stand_in : program;
}
