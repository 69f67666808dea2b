/* Verification: tests, on a device, that it computes correctly.
 *
 * Every op runs over a sweep of shapes, at offsets, and is checked against the reference. A value
 * is correct if
 *
 *     |device - reference| <= absolute + terms · eps · Σ|x||w|
 *     eps = 2^-23, terms slightly more than the length K of the sum
 *
 * which is what error analysis allows; NaN fails. Memory around an output must be untouched, inputs
 * unchanged, and a second run must give the same bits. Gradients of whole networks are checked
 * against finite differences, training runs against the reference's. Every way in which the device
 * could compute an op is tested: both families of matrix products, their tiles, training steps one
 * by one or in one launch. */
#ifndef QUERN_VERIFY_H
#define QUERN_VERIFY_H

#include <quern/device.h>

#ifdef __cplusplus
extern "C" {
#endif

typedef enum quern_verify_effort {
  /* small shapes, with a context's own parameters and one row of the other family: seconds */
  QUERN_VERIFY_QUICK,
  QUERN_VERIFY_NORMAL, /* large shapes too */
  /* every row of tuning parameters that the device can run, every tile: minutes */
  QUERN_VERIFY_FULL
} quern_verify_effort;

/* The result of one op, computed in one way. Strings are valid during the call. */
typedef struct quern_verify_result {
  const char *variant;    /* "as opened", "NVIDIA GPU, large tile", … */
  const char *parameters; /* of the variant, in words; "" if it has none */
  const char *op;         /* as returned by quern_verify_op_name */
  bool passed;
  size_t cases, wrong; /* shapes and kinds of the op tried, and those that were wrong */
  /* largest error relative to its bound: at most 1 if all are correct, infinite for a NaN */
  double worst;
  const char *worst_case;
  double seconds;
  /* first failure: the case, both values and the bound, or OpenCL's error; else "" */
  const char *why;
} quern_verify_result;

/* Start from quern_verify_options_default(). */
typedef struct quern_verify_options {
  size_t size; /* sizeof(quern_verify_options), so that the struct can grow */
  quern_verify_effort effort;
  const char *op; /* the only op to verify; NULL: all */
  /* Called for each device property found, e.g. ("loop rounds", "ended after 65,535"), and for each
   * known quirk that quern works around. */
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

/* Verifies the device in contexts of its own. Its list must stay alive until the call returns.
 * options NULL means quern_verify_options_default(). *failed gets the number of results that did
 * not pass, ops that do not build or run included. An op that a registered backend lacks has no
 * result. Returns QUERN_OK if verification completed, whatever the results. QUERN_ERROR_ARGUMENT:
 * an unknown op. QUERN_ERROR_DEVICE_LOST and running out of memory end it. */
QUERN_API quern_status quern_verify(const quern_device *device, const quern_verify_options *options,
                                    size_t *failed);

/* Returns the ops in the order of verification; NULL past the end. Static. */
QUERN_API const char *quern_verify_op_name(size_t index);

/* Returns the error of `got` relative to `allowed`: at most 1 is correct. Infinite if only one
 * value is NaN, if one is infinite and the other differs, or if `allowed` is 0 and they differ. */
QUERN_API double quern_verify_error(double got, double expected, double allowed);

#ifdef __cplusplus
}
#endif
#endif
