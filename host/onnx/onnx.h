/* Declarations shared by the reader and the writer of ONNX files. */
#ifndef QUERN_HOST_ONNX_ONNX_H
#define QUERN_HOST_ONNX_ONNX_H

#include "../base/error.h"
#include "onnx.pb-c.h"
#include <quern/onnx.h>

/* Short names of the generated types: quern__onnx_node is NodeProto. */
typedef Quern__Onnx__ModelProto quern__onnx_model;
typedef Quern__Onnx__GraphProto quern__onnx_graph;
typedef Quern__Onnx__NodeProto quern__onnx_node;
typedef Quern__Onnx__AttributeProto quern__onnx_attribute;
typedef Quern__Onnx__TensorProto quern__onnx_tensor;

/* Values of onnx.proto's enumerations. */
enum { QUERN__ONNX_FLOAT = 1, QUERN__ONNX_DOUBLE = 11 }; /* TensorProto.DataType */
enum { QUERN__ONNX_EXTERNAL = 1 };                       /* TensorProto.DataLocation */
/* AttributeProto.AttributeType */
enum {
  QUERN__ONNX_ATTRIBUTE_FLOAT = 1,
  QUERN__ONNX_ATTRIBUTE_INT = 2,
  QUERN__ONNX_ATTRIBUTE_STRING = 3
};

/* Protobuf's limit on the bytes of a message. */
#define QUERN__ONNX_LARGEST ((size_t)INT32_MAX)

/* Limit on the memory for a file's messages, and again for its constants, as a multiple of the
 * file's size. */
enum { QUERN__ONNX_MEMORY_FACTOR = 16 };

#define QUERN__ONNX_KEY_LOSS "quern.loss"

/* Returns the operator of an activation; NULL if it has none of its own. */
const char *quern__onnx_activation_operator(quern_activation_kind kind);
/* Finds the activation of an operator; false if it is not an activation. */
QUERN__CHECKED bool quern__onnx_activation_find(const char *operator_name,
                                                quern_activation_kind *kind);

/* --- Files ------------------------------------------------------------------------------------ */

/* A constant: an initializer, or a Constant node's output. */
typedef struct quern__onnx_constant {
  const char *name;
  const quern__onnx_tensor *tensor;
} quern__onnx_constant;

typedef struct quern__onnx_file {
  const char *path; /* the caller's */
  quern__onnx_model *model;
  const quern__onnx_graph *graph;
  int64_t opset;                /* of the standard operators */
  ProtobufCAllocator allocator; /* limited by `allowance` */
  size_t allowance;             /* bytes that it may still allocate */
  /* bytes of constants that may still be read; limited because many nodes may read the same one */
  size_t constant_allowance;
  size_t failed_bytes;             /* bytes of a failed allocation; 0 if none failed */
  quern__onnx_constant *constants; /* owned, sorted by name */
  size_t constant_count;
} quern__onnx_file;

/* Reads and unpacks a file. Checks that it is a model with a graph in a supported opset. The caller
 * closes *file, even if this fails. *file must not be copied, since its allocator points at it. */
quern_status quern__onnx_open(const char *path, quern__onnx_file *file);
void quern__onnx_close(quern__onnx_file *file);

/* Returns NULL if no constant has the name. */
const quern__onnx_tensor *quern__onnx_find(const quern__onnx_file *file, const char *name);

/* --- Constants -------------------------------------------------------------------------------- */

/* A constant of at most two dimensions; one of no dimensions is a single number. */
typedef struct quern__onnx_values {
  size_t rows, columns; /* rows is 1 for fewer than two dimensions */
  float *values;        /* [rows][columns], owned */
} quern__onnx_values;

/* `what` names the constant in messages: "node 3 (Gemm "fc"): B". */
quern_status quern__onnx_read(quern__onnx_file *file, const char *what,
                              const quern__onnx_tensor *tensor, quern__onnx_values *values);

#endif
