/* Devices, networks and numbers, for people and in JSON. */
#ifndef QUERN_CLI_DATA_DESCRIBE_H
#define QUERN_CLI_DATA_DESCRIBE_H

#include "../base/json.h"

#include <quern/quern.h>
#include <stdio.h>

/* Prints "device: NAME (PLATFORM), OpenCL cpu" and a newline. */
void cli_print_device(FILE *out, const quern_device_info *info);

/* Prints "tuning: FILE" and "note: …", if there are any, each with a newline. */
void cli_print_tuning(FILE *out, const quern_context *context);

/* Prints "784-128-10, relu, categorical loss, 101,770 parameters", without a newline. */
void cli_print_network(FILE *out, const quern_network *network);

/* Prints "1,797 samples of 64 values", for images "… of 8 x 8 pixels", without a newline. */
void cli_print_data(FILE *out, const quern_dataset *data);

/* A number rounded to a whole one, with commas between thousands. */
typedef struct cli_digits {
  char text[48];
} cli_digits;
cli_digits cli_grouped(double number);

/* Returns a loss or score with four decimals; from 100,000 on, as 6.6e+28. */
cli_digits cli_figure(double number);

/* Adds "device", "platform", "backend" and "device_kind" of a context to an object. */
void cli_json_device(cli_json *json, cJSON *object, const quern_context *context);

/* Adds "network": the units of the inputs and of each layer, the activations, the loss, and the
 * number of parameters. */
void cli_json_network(cli_json *json, const quern_network *network);

#endif
