/* Compares ops on an OpenCL device with the reference, by the library's own check and sweeps
 * (host/verify/), and fails the test if they differ. */
#ifndef QUERN_TESTS_OP_CHECK_H
#define QUERN_TESTS_OP_CHECK_H

#include "test.h"
#include "verify/sweep.h"

/* An OpenCL device and the reference, side by side. */
typedef struct test_rig {
  quern_context *device, *reference;
  /* an implementation that interprets: large cases are left out, and each case runs once */
  bool slow;
  bool short_loops; /* an implementation that ends long loops: see host/opencl/quirks.c */
  quern__verify verify;
} test_rig;

/* Opens both. A test has one rig and closes it at its end. The OpenCL device is the first in the
 * list; without one the test fails. QUERN_TEST_TUNING names a kind of device, or a GPU's platform,
 * whose tuning row is used. */
void test_rig_open(test_rig *rig, uint32_t first_stream);
void test_rig_close(test_rig *rig);

/* Runs all cases of an op of host/verify/sweep.c in a rig of its own. */
void test_sweep(const char *op);

/* Compares `count` elements, `columns` per row, of the tensor `name` in the case `title`. A failure
 * prints the first wrong element, both values and the bound, and how many are wrong. */
void test_assert_close(const char *title, const char *name, const float *got, const float *expected,
                       size_t count, size_t columns, quern__bound bound);

#endif
