/* The three matrix products of training, as cases to check and to time. */
#ifndef QUERN_CLI_BENCH_MEASURE_PRODUCT_H
#define QUERN_CLI_BENCH_MEASURE_PRODUCT_H

#include "measure.h"

#include <quern/quern.h>

typedef enum measure_form {
  MEASURE_FORWARD,          /* Y = relu(X W + b) */
  MEASURE_BACKWARD_DATA,    /* dX = (dZ Wᵀ) ∘ relu'(H) */
  MEASURE_BACKWARD_WEIGHTS, /* W ← W - rate Xᵀ dZ, b likewise */
  MEASURE_FORM_COUNT
} measure_form;

extern const char *const measure_form_names[MEASURE_FORM_COUNT];

#define MEASURE_LEARNING_RATE 0.01f

typedef struct measure_shape {
  size_t n, out, in; /* samples, outputs, inputs of the layer */
} measure_shape;

/* The shapes to measure: first real layers, then squares. */
extern const measure_shape measure_shapes[];
extern const size_t measure_shape_count;
bool measure_shape_is_small(measure_shape shape);
double measure_shape_flops(measure_shape shape);

/* A product's operands in host memory, all owned.
 *              FORWARD     BACKWARD_DATA   BACKWARD_WEIGHTS
 *   left       X [n][in]   dZ [n][out]     X [n][in]
 *   right      W [in][out] W [in][out]     dZ [n][out]
 *   extra      b [out]     H [n][in]       b [out]
 *   result     Y [n][out]  dX [n][in]      W [in][out] before the update */
typedef struct measure_operands {
  measure_form form;
  measure_shape shape;
  float *left, *right, *extra, *result;
} measure_operands;

cli_exit measure_operands_create(measure_form form, measure_shape shape,
                                 measure_operands *operands);
void measure_operands_free(measure_operands *operands);
size_t measure_result_count(const measure_operands *operands);

/* Compares a result with the reference, all of it or, if it is large, a sample of its rows. `bias`
 * is the b after a weights update. A `bare` result has no bias and no activation. `who` names it in
 * the error. */
cli_exit measure_check_product(const measure_operands *operands, quern_context *reference,
                               bool bare, const float *result, const float *bias, const char *who);

/* The product on a device. */
typedef struct measure_product {
  quern_context *context; /* borrowed */
  measure_form form;
  bool bare;
  quern_tensor left, right, extra, result; /* their buffers are owned */
} measure_product;

cli_exit measure_product_create(quern_context *context, const measure_operands *operands, bool bare,
                                measure_product *product);
void measure_product_free(measure_product *product);

/* The function for measure_candidate over a measure_product. */
cli_exit measure_product_run(void *product, size_t times, double *seconds);

/* Runs the operands once on the context; result and, unless NULL, bias get `result` and `extra`. */
cli_exit measure_evaluate_product(quern_context *context, const measure_operands *operands,
                                  bool bare, float *result, float *bias);

/* Runs a new product once on the context and checks the result. */
cli_exit measure_verify_product(quern_context *context, quern_context *reference,
                                const measure_operands *operands);

#endif
