/* Replaces this folder in builds without protobuf-c. */
#include "../base/error.h"
#include "../inspect/inspect.h"
#include <quern/onnx.h>

static quern_status fail_absent(const char *path) {
  return quern__fail(QUERN_ERROR_UNSUPPORTED,
                     "%s: quern was built without protobuf-c, which ONNX files need",
                     path != NULL ? path : "onnx");
}

quern_status quern_onnx_save(const quern_network *network, const char *path) {
  (void)network;
  return fail_absent(path);
}

quern_status quern_onnx_check(const quern_network *network, const char *path) {
  (void)network;
  return fail_absent(path);
}

quern_status quern_onnx_load(const char *path, const quern_onnx_options *options,
                             quern_network **network) {
  (void)options;
  if (network != NULL) *network = NULL;
  return fail_absent(path);
}

quern_status quern__inspect_onnx(quern_inspection *inspection) {
  return fail_absent(inspection->path);
}
