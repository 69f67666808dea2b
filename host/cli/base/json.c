#include "json.h"

#include <inttypes.h>
#include <quern/status.h>
#include <stdio.h>
#include <stdlib.h>

cli_json cli_json_create(void) {
  cli_json json = {cJSON_CreateObject(), false};
  json.lost = json.root == NULL;
  return json;
}

void cli_json_free(cli_json *json) {
  cJSON_Delete(json->root);
  json->root = NULL;
}

/* A character that cJSON does not escape, though it is not fit for a terminal; none is past U+FFFF.
 * A byte that is not UTF-8 becomes U+FFFD: JSON has no other bytes. */
static void print_escaped(FILE *stream, const unsigned char *cursor, size_t bytes) {
  unsigned code = cursor[0] < 0x80 ? cursor[0] : 0xFFFD;
  if (bytes == 2) code = (cursor[0] & 0x1Fu) << 6 | (cursor[1] & 0x3Fu);
  if (bytes == 3) code = (cursor[0] & 0x0Fu) << 12 | (cursor[1] & 0x3Fu) << 6 | (cursor[2] & 0x3Fu);
  fprintf(stream, "\\u%04x", code);
}

static void print_object(FILE *stream, const char *text) {
  bool printable;
  for (size_t bytes; (bytes = quern_text_character(text, &printable)) > 0; text += bytes)
    if (printable || *text == '\n' || *text == '\t') /* between the members */
      fwrite(text, 1, bytes, stream);
    else
      print_escaped(stream, (const unsigned char *)text, bytes);
  fputc('\n', stream);
}

cli_exit cli_json_print(const cli_json *json) {
  char *text = json->lost ? NULL : cJSON_Print(json->root);
  if (text == NULL) return cli_fail_memory();
  print_object(stdout, text);
  cJSON_free(text);
  return CLI_OK;
}

void cli_json_text(cli_json *json, cJSON *parent, const char *name, const char *text) {
  if (cJSON_AddStringToObject(parent, name, text) == NULL) json->lost = true;
}

void cli_json_number(cli_json *json, cJSON *parent, const char *name, double number) {
  if (cJSON_AddNumberToObject(parent, name, number) == NULL) json->lost = true;
}

void cli_json_whole(cli_json *json, cJSON *parent, const char *name, uint64_t number) {
  char text[24]; /* 20 digits at most */
  snprintf(text, sizeof text, "%" PRIu64, number);
  if (cJSON_AddRawToObject(parent, name, text) == NULL) json->lost = true;
}

void cli_json_bool(cli_json *json, cJSON *parent, const char *name, bool value) {
  if (cJSON_AddBoolToObject(parent, name, value) == NULL) json->lost = true;
}

void cli_json_null(cli_json *json, cJSON *parent, const char *name) {
  if (cJSON_AddNullToObject(parent, name) == NULL) json->lost = true;
}

/* Gives item, new or NULL, to parent. */
static cJSON *adopt(cli_json *json, cJSON *parent, const char *name, cJSON *item) {
  cJSON_bool added = false;
  if (item != NULL && parent != NULL)
    added = name != NULL ? cJSON_AddItemToObject(parent, name, item)
                         : cJSON_AddItemToArray(parent, item);
  if (added) return item;
  cJSON_Delete(item);
  json->lost = true;
  return NULL;
}

cJSON *cli_json_object(cli_json *json, cJSON *parent, const char *name) {
  return adopt(json, parent, name, cJSON_CreateObject());
}

cJSON *cli_json_list(cli_json *json, cJSON *parent, const char *name) {
  return adopt(json, parent, name, cJSON_CreateArray());
}

void cli_json_append_text(cli_json *json, cJSON *list, const char *text) {
  adopt(json, list, NULL, cJSON_CreateString(text));
}

void cli_json_append_number(cli_json *json, cJSON *list, double number) {
  adopt(json, list, NULL, cJSON_CreateNumber(number));
}

double cli_json_float(float value) {
  char text[32]; /* %.9g: sign, 9 digits, point, exponent */
  for (int digits = 6; digits <= 9; digits++) {
    snprintf(text, sizeof text, "%.*g", digits, (double)value);
    if (strtof(text, NULL) == value) break;
  }
  return strtod(text, NULL);
}
