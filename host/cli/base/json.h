/* JSON of the commands: cJSON, with a single check for memory, at the end. */
#ifndef QUERN_CLI_BASE_JSON_H
#define QUERN_CLI_BASE_JSON_H

#include "fail.h"

#include <cjson/cJSON.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct cli_json {
  cJSON *root; /* an object, owned */
  bool lost;   /* an addition failed */
} cli_json;

cli_json cli_json_create(void);
void cli_json_free(cli_json *json);

/* Prints the object on stdout. Fails if an addition failed. */
cli_exit cli_json_print(const cli_json *json);

/* Add to `parent`, which belongs to json. A number that is not finite becomes null. */
void cli_json_text(cli_json *json, cJSON *parent, const char *name, const char *text);
void cli_json_number(cli_json *json, cJSON *parent, const char *name, double number);
/* Adds every digit of a whole number, also past 2^53, the limit of doubles. */
void cli_json_whole(cli_json *json, cJSON *parent, const char *name, uint64_t number);
void cli_json_bool(cli_json *json, cJSON *parent, const char *name, bool value);
void cli_json_null(cli_json *json, cJSON *parent, const char *name);
/* Return the new object or list; without a name (NULL) it is appended to a list. */
cJSON *cli_json_object(cli_json *json, cJSON *parent, const char *name);
cJSON *cli_json_list(cli_json *json, cJSON *parent, const char *name);
void cli_json_append_text(cli_json *json, cJSON *list, const char *text);
void cli_json_append_number(cli_json *json, cJSON *list, double number);

/* Returns the double with the fewest digits that read as the same float: 0.1 for 0.1f, not
 * 0.10000000149011612. */
double cli_json_float(float value);

#endif
