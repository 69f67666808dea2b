/* Names of statuses, and each thread's last error. */
#include "error.h"
#include <quern/backend.h>
#include <quern/version.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAST_ERROR_SIZE = 1024 };
static _Thread_local char last_error[LAST_ERROR_SIZE];

static const char *const status_names[] = {
#define NAME(name, text) "QUERN_" #name,
    QUERN_STATUSES(NAME)
#undef NAME
};

static const char *const status_texts[] = {
#define TEXT(name, text) text,
    QUERN_STATUSES(TEXT)
#undef TEXT
};

static size_t index_of(quern_status status) {
  size_t count = sizeof status_names / sizeof *status_names;
  return (size_t)status < count ? (size_t)status : count;
}

const char *quern_status_name(quern_status status) {
  size_t index = index_of(status);
  return index < sizeof status_names / sizeof *status_names ? status_names[index]
                                                            : "unknown status";
}

const char *quern_status_text(quern_status status) {
  size_t index = index_of(status);
  return index < sizeof status_texts / sizeof *status_texts ? status_texts[index]
                                                            : "unknown status";
}

const char *quern_last_error(void) {
  return last_error;
}

/* Makes a line fit for a terminal, in place. */
static void make_printable(char *line) {
  bool printable;
  char *to = line;
  for (size_t bytes; (bytes = quern_text_character(line, &printable)) > 0; line += bytes) {
    if (printable) {
      memmove(to, line, bytes);
      to += bytes;
    } else {
      *to++ = strchr("\n\r\t", *line) != NULL ? ' ' : '?';
    }
  }
  *to = '\0';
}

QUERN__PRINTF(1, 0)
static void set_error(const char *format, va_list arguments) {
  /* The arguments may quote last_error, so it is not formatted into directly. */
  char line[LAST_ERROR_SIZE];
  vsnprintf(line, sizeof line, format, arguments);
  make_printable(line);
  snprintf(last_error, sizeof last_error, "%s", line);
}

void quern__set_error(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  set_error(format, arguments);
  va_end(arguments);
}

char *quern__remember_error(void) {
  return strdup(last_error);
}

void quern__restore_error(char *message) {
  if (message != NULL) quern__set_error("%s", message);
  free(message);
}

quern_status quern_fail(quern_status status, const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  set_error(format, arguments);
  va_end(arguments);
  return status;
}

const char *quern_version(void) {
  return QUERN_VERSION;
}
