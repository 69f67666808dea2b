/* Holds an op on an OpenCL device to the reference.
 *
 * test_op_check runs the op on both, and once more on the device, with every tensor at an offset inside a
 * larger buffer:
 *
 *     buffer   ▒▒▒▒▒▒▒│ rows x columns │▒▒▒▒▒▒▒▒▒▒▒      ▒ a known pattern that must still be there
 * afterwards offset
 *
 * Outputs start as a NaN pattern that must not be left anywhere; inputs must be as before; the second run
 * must give the same bits; the values must be close to the reference's (compare.h); and a fault in the data
 * must be reported by the next waiting call, once. */
#ifndef QUERN_TESTS_OP_CHECK_H
#define QUERN_TESTS_OP_CHECK_H

#include "compare.h"
#include "random.h"
#include "test.h"

/* An OpenCL device and the reference, side by side. */
typedef struct test_rig {
  quern_context *device, *reference;
  bool slow;          /* an implementation that interprets: cases marked large are left out */
  bool short_loops;   /* an implementation that cuts long loops short: see Implementations.cmake */
  size_t cases;       /* checked so far */
  test_random random; /* a new stream for each case: see test_rig_next */
} test_rig;

/* Opens both. A test has one rig and closes it at its end. The OpenCL device is the first in the list;
 * without one the test fails. */
void test_rig_open(test_rig *rig, uint32_t first_stream);
void test_rig_close(test_rig *rig);

/* Random numbers for the next case. */
test_random *test_rig_next(test_rig *rig);

typedef enum test_type { TEST_FLOAT, TEST_INT, TEST_BYTE } test_type;
typedef enum test_role { TEST_NONE, TEST_IN, TEST_OUT, TEST_INOUT } test_role;

typedef struct test_operand {
  const char *name;
  test_role role; /* TEST_NONE: the op gets quern_none() */
  test_type type;
  size_t rows, columns;
  void *values;     /* of TEST_IN and TEST_INOUT: owned */
  float *magnitude; /* of outputs: for the bound where the op has no `magnitude` call; owned, may be NULL */
  size_t nans;      /* of outputs: how many elements must be NaN */
  size_t same_as;   /* 1 + the index of an input whose very range this output is on the device; 0: its own */
} test_operand;

enum { TEST_MAX_OPERANDS = 5 };

typedef quern_status (*test_op_call)(quern_context *context, const quern_tensor *tensors,
                                     const void *arguments);

typedef struct test_op {
  char title[160]; /* of the case, for messages */
  test_op_call call;
  test_op_call
      magnitude; /* run on the absolute values of the inputs it gives Σ|x||w| as its outputs; may be NULL */
  const void *arguments;
  test_operand operands[TEST_MAX_OPERANDS];
  test_bound bound;      /* magnitude and nans are set from the operands */
  const char *complaint; /* part of the QUERN_ERROR_DATA that the op must lead to, or NULL */
} test_op;

/* Fills one operand. `values` becomes the op's. */
void test_op_operand(test_op *op, size_t index, const char *name, test_role role, test_type type, size_t rows,
                     size_t columns, void *values);

/* Runs and checks the op as said above, the reference standing in for the device too, and frees what it owns.
 */
void test_op_check(test_rig *rig, test_op *op);

#endif
