/* The format of a model file, by the ending of its name. */
#ifndef QUERN_CLI_DATA_FORMAT_H
#define QUERN_CLI_DATA_FORMAT_H

#include <quern/network.h>

typedef enum cli_format {
  CLI_FORMAT_SAFETENSORS, /* .safetensors */
  CLI_FORMAT_ONNX,        /* .onnx */
  /* any other ending, or none: written as safetensors */
  CLI_FORMAT_UNSAID
} cli_format;

cli_format cli_format_of(const char *path);

/* Checks that the format can hold the network; writes nothing. */
quern_status cli_format_check(const quern_network *network, const char *path);

quern_status cli_format_save(const quern_network *network, const char *path);

#endif
