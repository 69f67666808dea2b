/* Holds an op on a device to the reference.
 *
 * quern__verify_check runs the op on both, and once more on the device, with every tensor at an
 * offset between canaries (operand.h). Nothing but the outputs may change, all of them must be
 * written, the second run must give the same bits, the values must be within their bound (bound.h),
 * and a fault in the data must be reported by the next waiting call, once. */
#ifndef QUERN_HOST_VERIFY_OP_H
#define QUERN_HOST_VERIFY_OP_H

#include "../base/error.h"
#include "../device/variants.h"
#include "bound.h"
#include "operand.h"

enum { QUERN__MAX_OPERANDS = 8, QUERN__MAX_TITLE = 160 };

typedef quern_status (*quern__op_call)(quern_context *context, const quern_tensor *tensors,
                                       const void *arguments);

/* One case of an op. */
typedef struct quern__op {
  char title[QUERN__MAX_TITLE]; /* for people: "softmax 7x10 to 30" */
  quern__op_call call;
  /* run on absolute values of the inputs it gives Σ|x||w| as its outputs; or NULL */
  quern__op_call magnitude;
  const void *arguments;
  quern__operand operands[QUERN__MAX_OPERANDS];
  quern__bound bound;    /* magnitude and nans are set from the operands */
  const char *complaint; /* part of the QUERN_ERROR_DATA that the op must lead to, or NULL */
  bool lost;             /* an operand's values were not to be had: no host memory */
} quern__op;

/* What the cases of one op came to. */
typedef struct quern__outcome {
  size_t cases, wrong;
  double worst;
  char worst_case[QUERN__MAX_TITLE];
  char why[512]; /* of the first failure */
  bool failing;  /* the case at hand was found wrong */
} quern__outcome;

/* A device and the reference, side by side, and what was found so far. Start from {0} with both
 * contexts. */
typedef struct quern__verify {
  quern_context *device, *reference;
  const quern__variants *variants; /* of the device's backend; NULL: it has but one way */
  void *state;                     /* the backend's part of `device`, for those */
  bool small;                      /* leaves out shapes marked large */
  bool few;                        /* takes fewer of the variants of a shape */
  /* leaves out the second run of each case, of a device that has but one order */
  bool once;
  /* rounds after which the device ends the loops of a work-item; 0: never */
  size_t loop_rounds;
  /* bytes in front of each operand on the device, a multiple of 4 */
  size_t far;
  size_t units;         /* cases so far: each pretends another number of compute units */
  quern__values values; /* a stream for each case */
  quern__outcome outcome;
} quern__verify;

/* The title of a case. */
QUERN__PRINTF(2, 3) void quern__op_title(quern__op *op, const char *format, ...);

/* Sets one operand. `values` becomes the op's; NULL for an input means that memory was out. */
void quern__op_operand(quern__op *op, size_t index, const char *name, quern__operand_role role,
                       quern__operand_type type, size_t rows, size_t columns, void *values);

/* Runs and checks the op, the reference standing in for the device too, and frees what it owns.
 * What is wrong goes to the outcome. A failure is one that ends the op's cases: it does not build
 * or run, memory is out, the device is lost. */
quern_status quern__verify_check(quern__verify *verify, quern__op *op);

/* For checks that are no op: a case begins, its error over its bound, what is wrong with it, and
 * its end. */
void quern__verify_begin(quern__verify *verify);
void quern__verify_error(quern__verify *verify, const char *title, double error);
QUERN__PRINTF(2, 3) void quern__verify_wrong(quern__verify *verify, const char *format, ...);
void quern__verify_end(quern__verify *verify);

#endif
