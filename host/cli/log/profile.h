/* The time that a training spent on its parts. */
#ifndef QUERN_CLI_LOG_PROFILE_H
#define QUERN_CLI_LOG_PROFILE_H

#include "../base/json.h"

#include <quern/train.h>
#include <stdio.h>

/* Seconds, over all epochs of this run. */
typedef struct cli_profile {
  size_t epochs;
  double train, test;
  double reduction, exposed; /* within train */
} cli_profile;

void cli_profile_add(cli_profile *profile, const quern_epoch *epoch);
void cli_profile_print(const cli_profile *profile, FILE *out);

/* Adds "profile" to the object. */
void cli_profile_json(const cli_profile *profile, cli_json *json);

#endif
