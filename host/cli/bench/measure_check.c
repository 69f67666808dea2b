/* Checks a product: the reference computes a sample of its rows again, and the same rows of
 * absolute values, whose sums bound rounding. */
#include "measure_product.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { WHOLE_ROWS = 48, SAMPLED_ROWS = 12 };

/* Row i of the sample: the first, the last, and rows spread between them. */
static size_t sampled_row(size_t i, size_t sample, size_t rows) {
  if (sample == rows || i == 0) return i;
  if (i + 1 == sample) return rows - 1;
  double place = 0.5 * (1.0 + (double)measure_value(99, i));
  return (size_t)(((double)i + place) * (double)rows / (double)sample);
}

static void copy_row(float *to, const float *from, size_t to_row, size_t from_row, size_t columns) {
  memcpy(to + to_row * columns, from + from_row * columns, columns * sizeof *to);
}

/* A case of the sampled rows only; for a weights update they are columns of X. */
static cli_exit take_sample(const measure_operands *operands, size_t sample, size_t rows,
                            measure_operands *taken) {
  measure_shape shape = operands->shape;
  bool weights = operands->form == MEASURE_BACKWARD_WEIGHTS;
  if (weights)
    shape.in = sample;
  else
    shape.n = sample;
  cli_exit result = measure_operands_create(operands->form, shape, taken);
  if (result != CLI_OK) return result;
  size_t right = (weights ? shape.n : shape.in) * shape.out;
  memcpy(taken->right, operands->right, right * sizeof *taken->right);
  if (operands->form != MEASURE_BACKWARD_DATA)
    memcpy(taken->extra, operands->extra, shape.out * sizeof *taken->extra);
  size_t inner = operands->form == MEASURE_BACKWARD_DATA ? shape.out : shape.in;
  for (size_t i = 0; i < sample; i++) {
    size_t row = sampled_row(i, sample, rows);
    if (weights) {
      copy_row(taken->result, operands->result, i, row, shape.out);
      for (size_t r = 0; r < shape.n; r++)
        taken->left[r * sample + i] = operands->left[r * operands->shape.in + row];
    } else {
      copy_row(taken->left, operands->left, i, row, inner);
    }
    if (operands->form == MEASURE_BACKWARD_DATA)
      copy_row(taken->extra, operands->extra, i, row, shape.in);
  }
  return CLI_OK;
}

static void absolute(float *values, size_t count, float sign) {
  for (size_t i = 0; i < count; i++) values[i] = sign * fabsf(values[i]);
}

/* The same case on absolute values. An update subtracts, so one factor is negative there; ReLU
 * changes nothing. */
static void take_absolute(measure_operands *operands) {
  measure_shape s = operands->shape;
  bool weights = operands->form == MEASURE_BACKWARD_WEIGHTS;
  bool data = operands->form == MEASURE_BACKWARD_DATA;
  absolute(operands->left, s.n * (data ? s.out : s.in), 1);
  absolute(operands->right, (weights ? s.n : s.in) * s.out, weights ? -1.0f : 1.0f);
  absolute(operands->extra, data ? s.n * s.in : s.out, 1);
  absolute(operands->result, measure_result_count(operands), 1);
}

/* The reference's results of one case, and of its absolute values. */
typedef struct expectation {
  float *result, *bias, *bound, *bias_bound; /* owned */
} expectation;

static cli_exit compare_measure_check(const char *who, const measure_operands *operands,
                                      const char *what, double got, double expected,
                                      double tolerance, size_t row, size_t column) {
  if (quern_verify_error(got, expected, tolerance) <= 1) return CLI_OK;
  return cli_fail(
      "%s: %s of %zux%zux%zu is wrong: %s row %zu column %zu is %.9g, expected %.9g within %.3g",
      who, measure_form_names[operands->form], operands->shape.n, operands->shape.out,
      operands->shape.in, what, row, column, got, expected, tolerance);
}

cli_exit measure_check_product(const measure_operands *operands, quern_context *reference,
                               bool bare, const float *result, const float *bias, const char *who) {
  bool weights = operands->form == MEASURE_BACKWARD_WEIGHTS;
  size_t out = operands->shape.out;
  size_t rows = weights ? operands->shape.in : operands->shape.n;
  size_t columns = measure_result_count(operands) / rows;
  size_t sample = rows <= WHOLE_ROWS ? rows : SAMPLED_ROWS;
  size_t length =
      weights ? operands->shape.n : (operands->form == MEASURE_FORWARD ? operands->shape.in : out);
  double terms = (double)(length + 2) * (double)FLT_EPSILON;
  measure_operands taken;
  cli_exit exit = take_sample(operands, sample, rows, &taken);
  if (exit != CLI_OK) return exit;
  expectation e = {malloc(sample * columns * sizeof(float)), calloc(out, sizeof(float)),
                   malloc(sample * columns * sizeof(float)), calloc(out, sizeof(float))};
  if (e.result == NULL || e.bias == NULL || e.bound == NULL || e.bias_bound == NULL)
    exit = cli_fail_memory();
  bool has_bias = weights && !bare;
  if (exit == CLI_OK)
    exit = measure_evaluate_product(reference, &taken, bare, e.result, has_bias ? e.bias : NULL);
  if (exit == CLI_OK) take_absolute(&taken);
  if (exit == CLI_OK)
    exit =
        measure_evaluate_product(reference, &taken, bare, e.bound, has_bias ? e.bias_bound : NULL);
  for (size_t i = 0; exit == CLI_OK && i < sample; i++) {
    size_t row = sampled_row(i, sample, rows);
    for (size_t j = 0; exit == CLI_OK && j < columns; j++)
      exit = compare_measure_check(who, operands, "result", result[row * columns + j],
                                   e.result[i * columns + j], terms * e.bound[i * columns + j], row,
                                   j);
  }
  for (size_t j = 0; exit == CLI_OK && has_bias && j < out; j++)
    exit = compare_measure_check(who, operands, "bias", bias[j], e.bias[j], terms * e.bias_bound[j],
                                 0, j);
  free(e.result);
  free(e.bias);
  free(e.bound);
  free(e.bias_bound);
  measure_operands_free(&taken);
  return exit;
}
