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
/* TensorProto.DataType */
enum {
  QUERN__ONNX_FLOAT = 1,
  QUERN__ONNX_INT64 = 7,
  QUERN__ONNX_STRING = 8,
  QUERN__ONNX_DOUBLE = 11
};
enum { QUERN__ONNX_EXTERNAL = 1 }; /* TensorProto.DataLocation */
/* AttributeProto.AttributeType */
enum {
  QUERN__ONNX_ATTRIBUTE_FLOAT = 1,
  QUERN__ONNX_ATTRIBUTE_INT = 2,
  QUERN__ONNX_ATTRIBUTE_STRING = 3,
  QUERN__ONNX_ATTRIBUTE_FLOATS = 6,
  QUERN__ONNX_ATTRIBUTE_INTS = 7,
  QUERN__ONNX_ATTRIBUTE_STRINGS = 8
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

/* A constant: an initializer, a Constant node's output, or what Identity, Cast and Transpose nodes
 * make of one. */
typedef struct quern__onnx_constant {
  const char *name;
  const quern__onnx_tensor *tensor;
  bool derived; /* by a node, from another constant */
  bool turned;  /* the transpose of the tensor */
} quern__onnx_constant;

/* A tensor made of a Constant node's value_int, value_ints, value_float or value_floats. */
typedef struct quern__onnx_made {
  quern__onnx_tensor tensor;
  int64_t count; /* its only dimension */
} quern__onnx_made;

/* A node by the name of its first output. */
typedef struct quern__onnx_producer {
  const char *name;
  const quern__onnx_node *node;
} quern__onnx_producer;

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
  quern__onnx_made *made; /* owned */
  size_t made_count;
  quern__onnx_producer *producers; /* owned, sorted by name; all nodes with an output */
  size_t producer_count;
} quern__onnx_file;

/* Reads and unpacks a file. Checks that it is a model with a graph in a supported opset. The caller
 * closes *file, even if this fails. *file must not be copied, since its allocator points at it. */
quern_status quern__onnx_open(const char *path, quern__onnx_file *file);
void quern__onnx_close(quern__onnx_file *file);

/* True for the domain of the standard operators. */
bool quern__onnx_is_standard(const char *domain);

/* Lists the file's constants and producers. */
quern_status quern__onnx_list(quern__onnx_file *file);

/* Return NULL if no constant, or no node, makes the value. */
const quern__onnx_constant *quern__onnx_find(const quern__onnx_file *file, const char *name);
const quern__onnx_node *quern__onnx_producer_of(const quern__onnx_file *file, const char *name);

/* --- Constants -------------------------------------------------------------------------------- */

/* Returns the type's name in safetensors files ("F32"); "?" for a type that those do not have. */
const char *quern__onnx_type_name(int32_t type);

/* A constant of at most two dimensions; one of no dimensions is a single number. */
typedef struct quern__onnx_values {
  size_t rows, columns; /* rows is 1 for fewer than two dimensions */
  float *values;        /* [rows][columns], owned */
} quern__onnx_values;

/* Reads a constant of floating-point numbers; float64 is rounded. `what` names the constant in
 * messages: "node 3 (Gemm "fc"): B". */
quern_status quern__onnx_read(quern__onnx_file *file, const char *what,
                              const quern__onnx_constant *constant, quern__onnx_values *values);

/* Reads a constant of numbers of any type, with any number of dimensions, in row-major order;
 * *count is 0 for none. The caller frees *numbers, even if this fails. */
quern_status quern__onnx_numbers(quern__onnx_file *file, const char *what,
                                 const quern__onnx_constant *constant, double **numbers,
                                 size_t *count);

/* --- Data in other files ---------------------------------------------------------------------- */

/* Raw bytes of a constant in a file beside the model. */
typedef struct quern__onnx_external {
  int descriptor; /* the caller closes it unless it is -1 */
  size_t offset;
} quern__onnx_external;

/* Opens the file in which `bytes` bytes of the tensor are stored. It must be in the model's folder
 * or below it, and its path must have no link and no "..". */
quern_status quern__onnx_external_open(const quern__onnx_file *file, const char *what,
                                       const quern__onnx_tensor *tensor, size_t bytes,
                                       quern__onnx_external *external);

/* Adds the sizes of the files that constants are in to the allowance for constants. */
quern_status quern__onnx_external_allow(quern__onnx_file *file);

#endif
