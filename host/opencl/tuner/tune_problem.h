/* A matrix product with operands, which the tuner verifies against the reference and times. */
#ifndef QUERN_HOST_OPENCL_TUNER_TUNE_PROBLEM_H
#define QUERN_HOST_OPENCL_TUNER_TUNE_PROBLEM_H

#include "../opencl.h"
#include "../tuning_field.h"

/* The ops around the product.
 *              FORWARD           BACKWARD_DATA        BACKWARD_WEIGHTS
 *   TRAIN      bias and ReLU     times ReLU'(h)       SGD step of W and b
 *   PLAIN      nothing           nothing              writes dW and db
 *   OTHER      bias and tanh     the same, added      adds to dW and db */
typedef enum quern__tune_mode {
  QUERN__TUNE_TRAIN,
  QUERN__TUNE_PLAIN,
  QUERN__TUNE_OTHER
} quern__tune_mode;

typedef struct quern__tune_case {
  quern__form form; /* one of the three */
  quern__tune_mode mode;
  size_t n, in, out;
  bool timed; /* else only verified */
} quern__tune_case;

/* A product's operands.
 *              FORWARD     BACKWARD_DATA   BACKWARD_WEIGHTS
 *   LEFT       X [n][in]   dZ [n][out]     X [n][in]
 *   RIGHT      W [in][out] W [in][out]     dZ [n][out]
 *   EXTRA      b [out]     h [n][in]       db or b [out]
 *   RESULT     Y [n][out]  dX [n][in]      dW or W [in][out] */
enum {
  QUERN__TUNE_LEFT,
  QUERN__TUNE_RIGHT,
  QUERN__TUNE_EXTRA,
  QUERN__TUNE_RESULT,
  QUERN__TUNE_OPERANDS
};

typedef struct quern__tune_problem {
  quern__tune_case problem;
  size_t counts[QUERN__TUNE_OPERANDS];
  /* Owned: values before the product; expected values of EXTRA and RESULT; their error bounds. */
  float *before[QUERN__TUNE_OPERANDS], *after[QUERN__TUNE_OPERANDS], *bound[QUERN__TUNE_OPERANDS];
  /* the device's, owned, each between two guards */
  void *memory[QUERN__TUNE_OPERANDS];
} quern__tune_problem;

/* Creates the operands, computes the expected results by the reference, and uploads the operands.
 * The caller frees *problem, even after a failure. */
quern_status quern__tune_problem_create(quern__cl *cl, quern__tune_case self,
                                        quern__tune_problem *problem);
void quern__tune_problem_free(quern__cl *cl, quern__tune_problem *problem);

/* Queues the product once. */
quern_status quern__tune_problem_run(quern__cl *cl, const quern__tune_problem *problem);

/* Runs the product once from fresh operands and compares its outputs. QUERN_ERROR_DATA names the
 * first wrong value. */
quern_status quern__tune_problem_verify(quern__cl *cl, const quern__tune_problem *problem);

double quern__tune_problem_flops(const quern__tune_problem *problem);

/* "forward", "backward data", "backward weights". */
const char *quern__tune_form_name(quern__form form);

#endif
