#include "format.h"

#include <quern/model.h>
#include <quern/onnx.h>
#include <string.h>
#include <strings.h>

cli_format cli_format_of(const char *path) {
  const char *dot = strrchr(path, '.');
  if (dot != NULL && strcasecmp(dot, ".onnx") == 0) return CLI_FORMAT_ONNX;
  if (dot != NULL && strcasecmp(dot, ".safetensors") == 0) return CLI_FORMAT_SAFETENSORS;
  return CLI_FORMAT_UNSAID;
}

quern_status cli_format_check(const quern_network *network, const char *path) {
  return cli_format_of(path) == CLI_FORMAT_ONNX ? quern_onnx_check(network, path) : QUERN_OK;
}

quern_status cli_format_save(const quern_network *network, const char *path) {
  return cli_format_of(path) == CLI_FORMAT_ONNX ? quern_onnx_save(network, path)
                                                : quern_model_save(network, path);
}
