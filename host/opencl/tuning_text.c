/* The text of a tuning file. Nothing in it is trusted: values take effect only after the last line
 * was checked. */
#include "tuning_text.h"

#include "../base/text.h"
#include "kernels_embedded.h"
#include "opencl.h"
#include <inttypes.h>
#include <quern/version.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FIRST_LINE "quern tuning 1"
#define LAST_LINE  "end"

/* What the parameters were found with; `dense` follows. */
enum {
  IDENTITY_QUERN,
  IDENTITY_KERNELS,
  IDENTITY_PLATFORM,
  IDENTITY_DEVICE,
  IDENTITY_DRIVER,
  IDENTITY_COUNT
};
static const char *const identity_names[IDENTITY_COUNT] = {"quern", "kernels", "platform", "device",
                                                           "driver"};

static const char *dense_name(quern__cl_dense dense) {
  return dense == QUERN__DENSE_GROUP ? "group" : "item";
}

/* FNV-1a of the sources of all kernels: parameters are valid only for the kernels that they were
 * found with. */
static uint64_t hash_kernels(void) {
  static const struct {
    const unsigned char *text;
    const size_t *size;
  } sources[] = {{quern__kernels_common, &quern__kernels_common_size},
#define SOURCE(family, file) {quern__kernels_##file, &quern__kernels_##file##_size},
                 QUERN__FAMILIES(SOURCE)
#undef SOURCE
  };
  uint64_t hash = UINT64_C(0xcbf29ce484222325);
  for (size_t i = 0; i < sizeof sources / sizeof *sources; i++)
    for (size_t position = 0; position < *sources[i].size; position++)
      hash = (hash ^ sources[i].text[position]) * UINT64_C(0x100000001b3);
  return hash;
}

typedef struct identity {
  char kernels[17];
  const char *values[IDENTITY_COUNT];
} identity;

static void identify(const quern_device_info *info, identity *self) {
  snprintf(self->kernels, sizeof self->kernels, "%016" PRIx64, hash_kernels());
  self->values[IDENTITY_QUERN] = quern_version();
  self->values[IDENTITY_KERNELS] = self->kernels;
  self->values[IDENTITY_PLATFORM] = info->platform;
  self->values[IDENTITY_DEVICE] = info->name;
  self->values[IDENTITY_DRIVER] = info->driver;
}

/* Driver strings may contain anything; a file has a blank for each control character. */
static char printable(char letter) {
  const unsigned char byte = (unsigned char)letter;
  return byte < 0x20 || byte == 0x7F ? ' ' : letter;
}

static bool same_text(const char *written, const char *name) {
  for (; *name != '\0'; name++, written++)
    if (*written != printable(*name)) return false;
  return *written == '\0';
}

char *quern__tuning_format(const quern_device_info *info, const quern__cl_tuning *tuning) {
  quern__text text = {0};
  char *whole;
  identity current;
  identify(info, &current);
  quern__text_put(&text, FIRST_LINE "\n");
  for (int i = 0; i < IDENTITY_COUNT; i++) {
    quern__text_print(&text, "%s = ", identity_names[i]);
    for (const char *cursor = current.values[i]; *cursor != '\0'; cursor++)
      quern__text_print(&text, "%c", printable(*cursor));
    quern__text_put(&text, "\n");
  }
  quern__text_print(&text, "dense = %s\n", dense_name(tuning->dense));
  for (size_t i = 0; i < quern__tuning_field_count; i++) {
    const quern__tuning_field *field = &quern__tuning_fields[i];
    if (quern__tuning_has(tuning, field))
      quern__text_print(&text, "%s = %u\n", field->name, quern__tuning_get(tuning, field));
  }
  quern__text_put(&text, LAST_LINE "\n");
  return quern__text_close(&text, &whole) == QUERN_OK ? whole : NULL;
}

/* --- Reading
 * -------------------------------------------------------------------------------------------- */

typedef struct reader {
  const char *path;
  char *next; /* the rest of the text */
  size_t line;
  identity current;
  bool seen_identity[IDENTITY_COUNT], seen_dense;
  bool *seen; /* per field; owned */
  quern__cl_tuning tuning;
} reader;

#define fail_at(reader, format, ...)                                                               \
  quern__fail(QUERN_ERROR_FORMAT, "%s: line %zu: " format, (reader)->path, (reader)->line,         \
              __VA_ARGS__)

/* Enough of an unknown word to recognize it. */
#define WORD "%.60s"

/* The next line without its newline, with a question mark for each control character, since
 * messages quote it. NULL at the end, or without a newline: a truncated file. */
static char *next_line(reader *r) {
  char *line = r->next;
  char *end = strchr(line, '\n');
  r->line++;
  if (end == NULL) return NULL;
  *end = '\0';
  for (char *cursor = line; cursor < end; cursor++)
    if (printable(*cursor) != *cursor) *cursor = '?';
  r->next = end + 1;
  return line;
}

static quern_status read_identity(reader *r, int which, const char *value) {
  if (r->seen_identity[which]) return fail_at(r, "%s appears twice", identity_names[which]);
  r->seen_identity[which] = true;
  if (same_text(value, r->current.values[which])) return QUERN_OK;
  return fail_at(r, "made for %s \"" WORD "\", but this is \"" WORD "\": tune the device again",
                 identity_names[which], value, r->current.values[which]);
}

static quern_status read_dense(reader *r, const char *value) {
  if (r->seen_dense) return fail_at(r, "%s appears twice", "dense");
  r->seen_dense = true;
  if (strcmp(value, dense_name(r->tuning.dense)) == 0) return QUERN_OK;
  return fail_at(r, "dense is \"" WORD "\", expected %s for this device", value,
                 dense_name(r->tuning.dense));
}

static quern_status read_field(reader *r, size_t index, const char *value) {
  const quern__tuning_field *field = &quern__tuning_fields[index];
  if (r->seen[index]) return fail_at(r, "%s appears twice", field->name);
  r->seen[index] = true;
  uint64_t number;
  const char *end;
  if (!quern__parse_whole(value, field->most, &number, &end) || *end != '\0' ||
      number < field->least)
    return fail_at(r, "%s is \"" WORD "\", expected a whole number from %u to %u", field->name,
                   value, field->least, field->most);
  *quern__tuning_value(&r->tuning, field) = (unsigned)number;
  return QUERN_OK;
}

static quern_status read_pair(reader *r, char *line) {
  char *equals = strstr(line, " = ");
  if (equals == NULL) return fail_at(r, "\"" WORD "\", expected KEY = VALUE or " LAST_LINE, line);
  *equals = '\0';
  const char *value = equals + 3;
  for (int i = 0; i < IDENTITY_COUNT; i++)
    if (strcmp(line, identity_names[i]) == 0) return read_identity(r, i, value);
  if (strcmp(line, "dense") == 0) return read_dense(r, value);
  for (size_t i = 0; i < quern__tuning_field_count; i++)
    if (quern__tuning_has(&r->tuning, &quern__tuning_fields[i]) &&
        strcmp(line, quern__tuning_fields[i].name) == 0)
      return read_field(r, i, value);
  return fail_at(r, "unknown key \"" WORD "\"", line);
}

static quern_status check_complete(const reader *r) {
  const char *missing = r->seen_dense ? NULL : "dense";
  for (int i = 0; i < IDENTITY_COUNT; i++)
    if (!r->seen_identity[i]) missing = identity_names[i];
  for (size_t i = 0; i < quern__tuning_field_count; i++)
    if (quern__tuning_has(&r->tuning, &quern__tuning_fields[i]) && !r->seen[i])
      missing = quern__tuning_fields[i].name;
  if (missing == NULL) return QUERN_OK;
  return fail_at(r, "ends without %s", missing);
}

static quern_status read_lines(reader *r) {
  const char *line = next_line(r);
  if (line == NULL || strcmp(line, FIRST_LINE) != 0)
    return fail_at(r, "expected \"%s\": this is not a tuning file, or is one of another version",
                   FIRST_LINE);
  for (;;) {
    char *pair = next_line(r);
    if (pair == NULL)
      return fail_at(r, "the file is truncated, expected \"%s\" as its last line", LAST_LINE);
    if (strcmp(pair, LAST_LINE) == 0) break;
    QUERN__FORWARD(read_pair(r, pair));
  }
  if (*r->next != '\0') return fail_at(r, "expected nothing after \"%s\"", LAST_LINE);
  return check_complete(r);
}

quern_status quern__tuning_parse(const char *path, char *text, size_t size,
                                 const quern_device_info *info, quern__cl_limits limits,
                                 quern__cl_tuning *tuning) {
  if (strlen(text) != size)
    return quern__fail(QUERN_ERROR_FORMAT, "%s: contains a zero byte, expected text", path);
  reader r = {.path = path, .next = text, .tuning = *tuning};
  identify(info, &r.current);
  r.seen = calloc(quern__tuning_field_count, sizeof *r.seen);
  if (r.seen == NULL) return quern__fail_memory(path, quern__tuning_field_count);
  quern_status status;
  QUERN__TRY(read_lines(&r));
  status = quern__tuning_check(&r.tuning, limits);
  if (status == QUERN_OK)
    *tuning = r.tuning;
  else
    status = quern__fail(status, "%s: %s", path, quern_last_error());

cleanup:
  free(r.seen);
  return status;
}
