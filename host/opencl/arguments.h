/* The arguments of a launch, as an array literal in the order of the kernel's parameters:
 *
 *   quern__cl_launch(cl, kernel, range, ARGS(UINT(op->n), SPAN(op->x), FLOAT(op->scale)));
 */
#ifndef QUERN_HOST_OPENCL_ARGUMENTS_H
#define QUERN_HOST_OPENCL_ARGUMENTS_H

#include "../device/backend.h"
#include "api.h"

typedef struct quern__argument {
  enum {
    QUERN__ARGUMENT_UINT,
    QUERN__ARGUMENT_ULONG,
    QUERN__ARGUMENT_INT,
    QUERN__ARGUMENT_FLOAT,
    QUERN__ARGUMENT_MEMORY,
    QUERN__ARGUMENT_SPAN,
    QUERN__ARGUMENT_OPTIMIZER_STEP
  } kind;
  union {
    cl_uint uint_value;
    cl_ulong ulong_value;
    cl_int int_value;
    cl_float float_value;
    cl_mem memory;
    quern_span span;
    const quern_optimizer_step *optimizer_step;
  } value;
} quern__argument;

/* The array and its length: two arguments of quern__cl_launch. */
#define ARGS(...) (const quern__argument[]){__VA_ARGS__}, QUERN__COUNT_ARGS(__VA_ARGS__)
#define QUERN__COUNT_ARGS(...)                                                                     \
  (sizeof((const quern__argument[]){__VA_ARGS__}) / sizeof(quern__argument))

/* Each sets one parameter of the kernel. */
#define UINT(number)                                                                               \
  {                                                                                                \
    QUERN__ARGUMENT_UINT, {                                                                        \
      .uint_value = (cl_uint)(number)                                                              \
    }                                                                                              \
  }
#define ULONG(number)                                                                              \
  {                                                                                                \
    QUERN__ARGUMENT_ULONG, {                                                                       \
      .ulong_value = (number)                                                                      \
    }                                                                                              \
  }
#define INT(number)                                                                                \
  {                                                                                                \
    QUERN__ARGUMENT_INT, {                                                                         \
      .int_value = (number)                                                                        \
    }                                                                                              \
  }
#define FLOAT(number)                                                                              \
  {                                                                                                \
    QUERN__ARGUMENT_FLOAT, {                                                                       \
      .float_value = (number)                                                                      \
    }                                                                                              \
  }
#define MEMORY(buffer)                                                                             \
  {                                                                                                \
    QUERN__ARGUMENT_MEMORY, {                                                                      \
      .memory = (buffer)                                                                           \
    }                                                                                              \
  }
/* Sets two parameters: the buffer and a ulong offset in elements; null and 0 without a buffer. */
#define SPAN(place)                                                                                \
  {                                                                                                \
    QUERN__ARGUMENT_SPAN, {                                                                        \
      .span = (place)                                                                              \
    }                                                                                              \
  }
/* Sets three parameters: OPTIMIZER_PARAMETERS in kernels/optimizer/optimizer_rules.cl. */
#define OPTIMIZER_STEP(numbers)                                                                    \
  {                                                                                                \
    QUERN__ARGUMENT_OPTIMIZER_STEP, {                                                              \
      .optimizer_step = (numbers)                                                                  \
    }                                                                                              \
  }
/* The buffer in which kernels report bad labels and indices: see kernels/core/common.cl. */
#define FAULTS(cl) MEMORY(quern__cl_faults(cl))

#endif
