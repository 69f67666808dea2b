/* The JSON of a safetensors header, read in place: a string stays where it is in the text, without
 * its escapes and ended by a zero, so that a header takes its own bytes and what is made of it, and
 * no object for each value. */
#ifndef QUERN_HOST_FORMAT_SAFETENSORS_SAFETENSORS_JSON_H
#define QUERN_HOST_FORMAT_SAFETENSORS_SAFETENSORS_JSON_H

#include "safetensors.h"

typedef struct quern__json {
  const char *path;
  char *text;    /* as quern__safetensors_check_text lets it through; written to */
  size_t length; /* of it; a zero follows */
  size_t next;   /* byte to be read */
} quern__json;

/* QUERN_ERROR_FORMAT, naming the byte. */
quern_status quern__json_fail(const quern__json *json);

/* The next byte that is no blank, and whether it is `expected`, which then is passed. */
char quern__json_peek(quern__json *json);
bool quern__json_take(quern__json *json, char expected);

/* QUERN_ERROR_FORMAT where no value begins. */
quern_status quern__json_check_value(quern__json *json);

/* The next string, which is the text's. */
quern_status quern__json_string(quern__json *json, char **string);

/* The next number, of digits alone; false, with nothing passed, for what is none or is 2^53 or
 * more. */
bool quern__json_size(quern__json *json, size_t *size);

/* Called where the value of a member begins; it passes it. */
typedef quern_status (*quern__json_member)(void *user, quern__json *json, char *name);

/* Goes through the members of the object that begins here. */
quern_status quern__json_members(quern__json *json, quern__json_member member, void *user);

#endif
