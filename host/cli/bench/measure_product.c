#include "measure_product.h"

#include <stdlib.h>

const char *const measure_form_names[MEASURE_FORM_COUNT] = {"forward", "backward data",
                                                            "backward weights"};

const measure_shape measure_shapes[] = {
    {32, 128, 784},  {128, 128, 784},   {128, 512, 784}, {128, 256, 512}, {128, 10, 256},
    {128, 784, 512}, {256, 1024, 1024}, {256, 256, 256}, {512, 512, 512}, {1024, 1024, 1024}};
const size_t measure_shape_count = sizeof measure_shapes / sizeof *measure_shapes;

double measure_shape_flops(measure_shape shape) {
  return 2.0 * (double)shape.n * (double)shape.out * (double)shape.in;
}

bool measure_shape_is_small(measure_shape shape) {
  return measure_shape_flops(shape) < 3e7;
}

/* The sizes of the four operands, for each form. */
typedef struct measure_sizes {
  size_t left[2], right[2], extra[2], result[2]; /* rows, columns */
} measure_sizes;

static measure_sizes sizes_of(measure_form form, measure_shape s) {
  switch (form) {
  case MEASURE_BACKWARD_DATA:
    return (measure_sizes){{s.n, s.out}, {s.in, s.out}, {s.n, s.in}, {s.n, s.in}};
  case MEASURE_BACKWARD_WEIGHTS:
    return (measure_sizes){{s.n, s.in}, {s.n, s.out}, {1, s.out}, {s.in, s.out}};
  case MEASURE_FORWARD:
  default:
    return (measure_sizes){{s.n, s.in}, {s.in, s.out}, {1, s.out}, {s.n, s.out}};
  }
}

size_t measure_result_count(const measure_operands *operands) {
  measure_sizes sizes = sizes_of(operands->form, operands->shape);
  return sizes.result[0] * sizes.result[1];
}

cli_exit measure_operands_create(measure_form form, measure_shape shape,
                                 measure_operands *operands) {
  measure_sizes sizes = sizes_of(form, shape);
  const uint64_t stream = 4 * (uint64_t)form;
  *operands = (measure_operands){form, shape, NULL, NULL, NULL, NULL};
  operands->left = measure_values(stream, sizes.left[0] * sizes.left[1], 1);
  operands->right = measure_values(stream + 1, sizes.right[0] * sizes.right[1], 1);
  operands->extra = measure_values(stream + 2, sizes.extra[0] * sizes.extra[1], 1);
  operands->result = measure_values(stream + 3, measure_result_count(operands), 0.1f);
  if (operands->left != NULL && operands->right != NULL && operands->extra != NULL &&
      operands->result != NULL)
    return CLI_OK;
  measure_operands_free(operands);
  return cli_fail_memory();
}

void measure_operands_free(measure_operands *operands) {
  free(operands->left);
  free(operands->right);
  free(operands->extra);
  free(operands->result);
  *operands = (measure_operands){.form = operands->form};
}

static quern_status upload(quern_context *context, const size_t size[2], const float *values,
                           quern_tensor *tensor) {
  size_t bytes = size[0] * size[1] * sizeof *values;
  quern_buffer *buffer;
  quern_status status = quern_buffer_create(context, bytes, &buffer);
  if (status != QUERN_OK) return status;
  *tensor = quern_matrix(buffer, 0, size[0], size[1]);
  return quern_buffer_write(buffer, 0, bytes, values, QUERN_WAIT);
}

cli_exit measure_product_create(quern_context *context, const measure_operands *operands, bool bare,
                                measure_product *product) {
  measure_sizes sizes = sizes_of(operands->form, operands->shape);
  *product = (measure_product){.context = context, .form = operands->form, .bare = bare};
  if (upload(context, sizes.left, operands->left, &product->left) == QUERN_OK &&
      upload(context, sizes.right, operands->right, &product->right) == QUERN_OK &&
      upload(context, sizes.result, operands->result, &product->result) == QUERN_OK &&
      (bare || upload(context, sizes.extra, operands->extra, &product->extra) == QUERN_OK))
    return CLI_OK;
  cli_exit result = cli_fail_library();
  measure_product_free(product);
  return result;
}

void measure_product_free(measure_product *product) {
  quern_buffer_free(product->left.buffer);
  quern_buffer_free(product->right.buffer);
  quern_buffer_free(product->extra.buffer);
  quern_buffer_free(product->result.buffer);
  *product = (measure_product){.form = product->form};
}

static quern_status queue(const measure_product *product) {
  quern_activation activation =
      quern_activation_of(product->bare ? QUERN_ACTIVATION_IDENTITY : QUERN_ACTIVATION_RELU);
  quern_optimizer sgd = quern_optimizer_of(QUERN_OPTIMIZER_SGD, MEASURE_LEARNING_RATE);
  switch (product->form) {
  case MEASURE_BACKWARD_DATA:
    return quern_dense_backward_data(product->context, product->left, product->right, activation,
                                     product->extra, false, product->result);
  case MEASURE_BACKWARD_WEIGHTS:
    return quern_dense_backward_update(product->context, product->left, product->right, &sgd, 1,
                                       product->result, quern_no_state(), product->extra,
                                       quern_no_state());
  case MEASURE_FORWARD:
  default:
    return quern_dense_forward(product->context, product->left, product->right, product->extra,
                               activation, product->result);
  }
}

cli_exit measure_product_run(void *state, size_t times, double *seconds) {
  const measure_product *product = state;
  quern_status status = QUERN_OK;
  double start = cli_seconds();
  for (size_t i = 0; status == QUERN_OK && i < times; i++) status = queue(product);
  if (status == QUERN_OK) status = quern_context_finish(product->context);
  *seconds = cli_seconds() - start;
  return status == QUERN_OK ? CLI_OK : cli_fail_library();
}

static quern_status download(quern_tensor tensor, float *values) {
  if (tensor.buffer == NULL || values == NULL) return QUERN_OK;
  return quern_buffer_read(tensor.buffer, 0, tensor.rows * tensor.columns * sizeof *values, values,
                           QUERN_WAIT);
}

cli_exit measure_evaluate_product(quern_context *context, const measure_operands *operands,
                                  bool bare, float *result, float *bias) {
  measure_product product;
  double seconds;
  cli_exit exit = measure_product_create(context, operands, bare, &product);
  if (exit != CLI_OK) return exit;
  exit = measure_product_run(&product, 1, &seconds);
  if (exit == CLI_OK &&
      (download(product.result, result) != QUERN_OK || download(product.extra, bias) != QUERN_OK))
    exit = cli_fail_library();
  measure_product_free(&product);
  return exit;
}

cli_exit measure_verify_product(quern_context *context, quern_context *reference,
                                const measure_operands *operands) {
  float *result = malloc(measure_result_count(operands) * sizeof *result);
  float *bias = malloc(operands->shape.out * sizeof *bias);
  bool weights = operands->form == MEASURE_BACKWARD_WEIGHTS;
  cli_exit exit = result == NULL || bias == NULL ? cli_fail_memory() : CLI_OK;
  if (exit == CLI_OK)
    exit = measure_evaluate_product(context, operands, false, result, weights ? bias : NULL);
  if (exit == CLI_OK)
    exit = measure_check_product(operands, reference, false, result, bias, "the device");
  free(result);
  free(bias);
  return exit;
}
