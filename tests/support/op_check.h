/* Holds ops on an OpenCL device to the reference: the library's own check and sweeps
 * (host/verify/), failing the test. */
#ifndef QUERN_TESTS_OP_CHECK_H
#define QUERN_TESTS_OP_CHECK_H

#include "test.h"
#include "verify/sweep.h"

/* An OpenCL device and the reference, side by side. */
typedef struct test_rig {
  quern_context *device, *reference;
  /* an implementation that interprets: what is large is left out, and each case runs once */
  bool slow;
  bool short_loops; /* an implementation that cuts long loops short: see host/opencl/quirks.c */
  quern__verify verify;
} test_rig;

/* Opens both. A test has one rig and closes it at its end. The OpenCL device is the first in the
 * list; without one the test fails. QUERN_TEST_TUNING names a kind of device, or a GPU's platform:
 * kernels are then built with the parameters of that. */
void test_rig_open(test_rig *rig, uint32_t first_stream);
void test_rig_close(test_rig *rig);

/* Runs all cases of an op of host/verify/sweep.c in a rig of its own. */
void test_sweep(const char *op);

/* `count` elements, `columns` in a row, of the tensor `name` in the case `title`. A failure prints
 * the first wrong element, both values and the bound, and how many are wrong. */
void test_assert_close(const char *title, const char *name, const float *got, const float *expected,
                       size_t count, size_t columns, quern__bound bound);

#endif
