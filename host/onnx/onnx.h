/* What the reader and the writer of ONNX files share. */
#ifndef QUERN_HOST_ONNX_ONNX_H
#define QUERN_HOST_ONNX_ONNX_H

#include "../base/error.h"
#include "onnx.pb-c.h"
#include <quern/onnx.h>

/* Shorter, for the messages: quern__onnx_node is NodeProto. */
typedef Quern__Onnx__ModelProto quern__onnx_model;
typedef Quern__Onnx__GraphProto quern__onnx_graph;
typedef Quern__Onnx__NodeProto quern__onnx_node;
typedef Quern__Onnx__AttributeProto quern__onnx_attribute;
typedef Quern__Onnx__TensorProto quern__onnx_tensor;

/* The numbers of onnx.proto's enumerations. */
enum { QUERN__ONNX_FLOAT = 1, QUERN__ONNX_DOUBLE = 11 }; /* TensorProto.DataType */
enum { QUERN__ONNX_EXTERNAL = 1 };                       /* TensorProto.DataLocation */
/* AttributeProto.AttributeType */
enum {
  QUERN__ONNX_ATTRIBUTE_FLOAT = 1,
  QUERN__ONNX_ATTRIBUTE_INT = 2,
  QUERN__ONNX_ATTRIBUTE_STRING = 3
};

/* The most bytes that a message may have: protobuf's own limit. */
#define QUERN__ONNX_LARGEST ((size_t)INT32_MAX)

/* Times the file's size, the most memory for its messages, and the same again for its numbers. */
enum { QUERN__ONNX_TIMES = 16 };

#define QUERN__ONNX_KEY_LOSS "quern.loss"

/* The operator of an activation; NULL where it has none of its own. */
const char *quern__onnx_activation_operator(quern_activation_kind kind);
/* The reverse; false for an operator that is no activation. */
QUERN__CHECKED bool quern__onnx_activation_find(const char *operator_name,
                                                quern_activation_kind *kind);

/* --- A file, unpacked
 * ----------------------------------------------------------------------------------------- */

/* A constant by its name: an initializer, or what a Constant node gives. */
typedef struct quern__onnx_constant {
  const char *name;
  const quern__onnx_tensor *tensor;
} quern__onnx_constant;

typedef struct quern__onnx_file {
  const char *path; /* the caller's */
  quern__onnx_model *model;
  const quern__onnx_graph *graph;
  int64_t opset;                /* of the standard operators */
  ProtobufCAllocator allocator; /* bounded by the file's size */
  size_t allowance;             /* bytes that it may still give */
  /* bytes of constants that may still be read: many nodes may name one */
  size_t numbers;
  size_t missing;                  /* bytes that memory was out for; 0 for none */
  quern__onnx_constant *constants; /* owned, sorted by name */
  size_t constant_count;
} quern__onnx_file;

/* Reads and unpacks a file, and checks that it is a model with a graph, in an opset that quern
 * knows. The caller closes *file, whatever this returns; not to be copied. */
quern_status quern__onnx_open(const char *path, quern__onnx_file *file);
void quern__onnx_close(quern__onnx_file *file);

/* NULL for a name that is no constant. */
const quern__onnx_tensor *quern__onnx_find(const quern__onnx_file *file, const char *name);

/* --- Constants
 * ------------------------------------------------------------------------------------------------
 */

/* The numbers of a constant of one or two dimensions (an empty list of dimensions is one number).
 */
typedef struct quern__onnx_values {
  size_t rows, columns; /* rows 1 where there is one dimension */
  float *values;        /* [rows][columns], owned */
} quern__onnx_values;

/* `what` names it in errors: "node 3 (Gemm "fc"): B". */
quern_status quern__onnx_read(quern__onnx_file *file, const char *what,
                              const quern__onnx_tensor *tensor, quern__onnx_values *values);

#endif
