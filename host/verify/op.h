/* Checks an op on a device against the reference.
 *
 * quern__verify_check runs the op on both, and again on the device, with every tensor at an offset
 * between canaries (operand.h). The op must write all of its outputs and nothing else. The second
 * run must give the same bits. Values must be within their bounds (bound.h). Bad data must be
 * reported by the next waiting call, and only by that one. */
#ifndef QUERN_HOST_VERIFY_OP_H
#define QUERN_HOST_VERIFY_OP_H

#include "../base/error.h"
#include "../device/variants.h"
#include "bound.h"
#include "operand.h"

enum { QUERN__MAX_OPERANDS = 8, QUERN__MAX_TITLE = 160 };

typedef quern_status (*quern__op_call)(quern_context *context, const quern_tensor *tensors,
                                       const void *arguments);

typedef struct quern__op {
  char title[QUERN__MAX_TITLE]; /* for messages: "softmax 7x10 to 30" */
  quern__op_call call;
  /* computes Σ|x||w| from the absolute values of the inputs; or NULL */
  quern__op_call magnitude;
  const void *arguments;
  quern__operand operands[QUERN__MAX_OPERANDS];
  quern__bound bound; /* its magnitude and nans are set from the operands */
  const char
      *expected_fault; /* part of the QUERN_ERROR_DATA message that the op must cause, or NULL */
  bool out_of_memory;  /* there was no host memory for an operand's values */
} quern__op;

/* The results of an op's cases. */
typedef struct quern__outcome {
  size_t cases, wrong;
  double worst;
  char worst_case[QUERN__MAX_TITLE];
  char why[512]; /* message of the first failure */
  bool failing;  /* the current case failed */
} quern__outcome;

/* A device, the reference, and the results so far. Initialize with {0} and both contexts. */
typedef struct quern__verify {
  quern_context *device, *reference;
  const quern__variants *variants; /* of the device's backend; NULL if it has only one */
  void *state;                     /* the backend's state of `device`, for `variants` */
  bool small;                      /* skip shapes marked large */
  bool few;                        /* skip some variants of each shape */
  /* skip the second run of each case, for a device with one fixed order */
  bool once;
  /* number of rounds after which the device ends a loop of a work-item; 0: none */
  size_t loop_rounds;
  /* bytes before each operand on the device, a multiple of 4 */
  size_t prefix_bytes;
  size_t units;         /* number of cases so far, which selects the number of compute units */
  quern__values values; /* one stream per case */
  quern__outcome outcome;
} quern__verify;

QUERN__PRINTF(2, 3) void quern__op_title(quern__op *op, const char *format, ...);

/* Sets an operand. The op owns `values`; NULL for an input means that memory ran out. */
void quern__op_operand(quern__op *op, size_t index, const char *name, quern__operand_role role,
                       quern__operand_type type, size_t rows, size_t columns, void *values);

/* Runs and checks the op, and frees what it owns. Wrong results are recorded in the outcome. Fails
 * only if the op's other cases cannot run: it does not build or run, memory runs out, the device is
 * lost. */
quern_status quern__verify_check(quern__verify *verify, quern__op *op);

/* For checks that are not of one op: begin a case, record an error divided by its bound, record a
 * wrong result, end the case. */
void quern__verify_begin(quern__verify *verify);
void quern__verify_error(quern__verify *verify, const char *title, double error);
QUERN__PRINTF(2, 3) void quern__verify_wrong(quern__verify *verify, const char *format, ...);
void quern__verify_end(quern__verify *verify);

#endif
