/* Verification: whether a device computes what it should, found out on that device.
 *
 * Every op runs over a sweep of shapes, at offsets, and is held to the reference: a value is right
 * where
 *
 *     |device - reference| <= absolute + terms · eps · Σ|x||w|
 *     eps = 2^-23, terms the length K of the sum and a little
 *
 * which is what error analysis allows; NaN fails. What lies around an output must be untouched,
 * inputs must be as before, and a second run must give the same bits. Gradients of whole networks
 * are held to finite differences, training runs to the reference's. Each way in which the device
 * could compute an op is gone through: the two families of matrix products, their tiles, the steps
 * of a training one by one or in one launch. */
#ifndef QUERN_VERIFY_H
#define QUERN_VERIFY_H

#include <quern/device.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum quern_verify_effort {
  /* small shapes, on what a context has and on one row of the other family: seconds */
  QUERN_VERIFY_QUICK,
  QUERN_VERIFY_NORMAL, /* large shapes too */
  /* every row of tuning parameters that the device can run, every tile: minutes */
  QUERN_VERIFY_FULL
} quern_verify_effort;

/* One op, in one way of computing it. Strings are valid during the call. */
typedef struct quern_verify_result {
  const char *variant;    /* "as opened", "NVIDIA GPU, large tile", … */
  const char *parameters; /* of the variant, in words; "" where there are none */
  const char *op;         /* as quern_verify_op_name has it */
  bool passed;
  size_t cases, wrong; /* shapes and kinds of the op tried, and those of them that were not right */
  /* the largest error over its bound: at most 1 where all are right, infinite for a NaN */
  double worst;
  const char *worst_case;
  double seconds;
  /* of the first failure: the case, both values and the bound, or what OpenCL said; else "" */
  const char *why;
} quern_verify_result;

/* Start from quern_verify_options_default(). */
typedef struct quern_verify_options {
  size_t size; /* sizeof(quern_verify_options), so that the struct can grow */
  quern_verify_effort effort;
  const char *op; /* the only op to verify; NULL: all */
  /* A limit or a habit of the device, "loop rounds" and "ended after 65,535" for one, or a quirk
   * that quern goes around. */
  void (*on_fact)(const char *name, const char *value, void *user);
  void (*on_result)(const quern_verify_result *result, void *user);
  void *user;
} quern_verify_options;

static inline quern_verify_options quern_verify_options_default(void) {
  quern_verify_options options;
  options.size = sizeof options;
  options.effort = QUERN_VERIFY_NORMAL;
  options.op = NULL;
  options.on_fact = NULL;
  options.on_result = NULL;
  options.user = NULL;
  return options;
}

/* Verifies the device, whose list stays until the call returns, in contexts of its own; options
 * NULL stands for quern_verify_options_default(). QUERN_OK where it could be found out: *failed
 * gets how many results were no pass, an op that does not build or run among them. An op that a
 * registered backend does not offer has no result. QUERN_ERROR_ARGUMENT names an op that is none;
 * QUERN_ERROR_DEVICE_LOST and no memory end it. */
QUERN_API quern_status quern_verify(const quern_device *device, const quern_verify_options *options,
                                    size_t *failed);

/* The ops in the order in which they are verified; NULL past the end. Static. */
QUERN_API const char *quern_verify_op_name(size_t index);

/* How far `got` is off in units of what is allowed: at most 1 is right. Infinite where one is NaN
 * and not the other, where one is infinite and not the same, and where nothing is allowed and they
 * differ. */
QUERN_API double quern_verify_error(double got, double expected, double allowed);

#ifdef __cplusplus
}
#endif
#endif
