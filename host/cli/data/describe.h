/* Devices, networks and numbers in words and in JSON. */
#ifndef QUERN_CLI_DATA_DESCRIBE_H
#define QUERN_CLI_DATA_DESCRIBE_H

#include "../base/json.h"

#include <quern/quern.h>
#include <stdio.h>

/* "device: NAME (PLATFORM), OpenCL cpu" and a newline. */
void cli_print_device(FILE *out, const quern_device_info *info);

/* "tuning: FILE" and "note: …", where there is any, and newlines. */
void cli_print_tuning(FILE *out, const quern_context *context);

/* "784-128-10, relu, categorical loss, 101,770 parameters", without a newline. */
void cli_print_network(FILE *out, const quern_network *network);

/* "1,797 samples of 64 values": of an image, "… of 8 x 8 pixels". Without a newline. */
void cli_print_data(FILE *out, const quern_dataset *data);

/* A whole number with commas between thousands; rounds. */
typedef struct cli_digits {
  char text[48];
} cli_digits;
cli_digits cli_grouped(double number);

/* "device", "platform", "backend", "device_kind" of what the context runs on, added to an object.
 */
void cli_json_device(cli_json *json, cJSON *object, const quern_context *context);

/* "network": units of the inputs and of each layer, activations of the layers, loss, parameter
 * count. */
void cli_json_network(cli_json *json, const quern_network *network);

#endif
