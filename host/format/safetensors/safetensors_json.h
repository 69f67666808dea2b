/* An in-place JSON parser for safetensors headers: strings stay in the text, with escapes replaced
 * and a terminating zero. Therefore parsing allocates nothing per value. */
#ifndef QUERN_HOST_FORMAT_SAFETENSORS_SAFETENSORS_JSON_H
#define QUERN_HOST_FORMAT_SAFETENSORS_SAFETENSORS_JSON_H

#include "safetensors.h"

typedef struct quern__json {
  const char *path;
  char *text;    /* must have passed quern__safetensors_check_text; modified */
  size_t length; /* of the text, which a zero byte follows */
  size_t next;   /* the next byte to read */
} quern__json;

/* QUERN_ERROR_FORMAT with the byte's position. */
quern_status quern__json_fail(const quern__json *json);

/* Skip blanks. _peek returns the next byte; _take consumes it if it is `expected`, and returns
 * false if not. */
char quern__json_peek(quern__json *json);
bool quern__json_take(quern__json *json, char expected);

/* QUERN_ERROR_FORMAT unless a value begins here. */
quern_status quern__json_check_value(quern__json *json);

/* Reads a string. It points into the text. */
quern_status quern__json_string(quern__json *json, char **string);

/* Reads a number made of digits only. False, with nothing consumed, if there is none or it is at
 * least 2^53. */
bool quern__json_size(quern__json *json, size_t *size);

/* Called at the value of each member; must consume it. */
typedef quern_status (*quern__json_member)(void *user, quern__json *json, char *name);

/* Reads an object, calling `member` for each of its members. */
quern_status quern__json_members(quern__json *json, quern__json_member member, void *user);

#endif
