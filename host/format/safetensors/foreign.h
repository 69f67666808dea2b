/* Files of other programs, recognized by their first bytes. */
#ifndef QUERN_HOST_FORMAT_SAFETENSORS_FOREIGN_H
#define QUERN_HOST_FORMAT_SAFETENSORS_FOREIGN_H

#include "../../base/error.h"
#include <stdbool.h>

/* As many first bytes as quern__foreign_find uses. */
enum { QUERN__FOREIGN_BYTES = 128 };

typedef enum quern__foreign {
  QUERN__FOREIGN_NONE, /* nothing that is known */
  QUERN__FOREIGN_ONNX,
  QUERN__FOREIGN_SAFETENSORS,
  QUERN__FOREIGN_PYTORCH,
  QUERN__FOREIGN_PICKLE,
  QUERN__FOREIGN_KERAS,
  QUERN__FOREIGN_HDF5,
  QUERN__FOREIGN_TFLITE,
  QUERN__FOREIGN_NUMPY,
  QUERN__FOREIGN_NPZ,
  QUERN__FOREIGN_ZIP
} quern__foreign;

/* Returns what a file with these first bytes, QUERN__FOREIGN_BYTES or all of a shorter one, is. */
quern__foreign quern__foreign_find(const unsigned char *bytes, size_t count);

/* Fails for a file that was given as a model and is something else: says what, and the line of
 * Python that converts it. `expected` is the kind of file that the caller reads. */
quern_status quern__foreign_refuse(const char *path, const unsigned char *bytes, size_t count,
                                   quern__foreign expected);

#endif
