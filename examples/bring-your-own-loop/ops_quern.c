/* The same ops, by quern. */
#include "ops.h"

#include <quern/quern.h>

static quern_context *context;

bool ops_begin(void) {
  return quern_context_create(NULL, &context) == QUERN_OK;
}

void ops_end(void) {
  quern_context_free(context);
}

const char *ops_error(void) {
  return quern_last_error();
}

/* To the program `numbers` are a name that it passes on. */
static quern_buffer *buffer_of(numbers *memory) {
  return (quern_buffer *)memory;
}

static quern_tensor tensor_of(matrix m) {
  return quern_matrix(buffer_of(m.in), m.position, m.rows, m.columns);
}

numbers *numbers_new(size_t count) {
  quern_buffer *buffer;
  return quern_buffer_create(context, count * sizeof(float), &buffer) == QUERN_OK
             ? (numbers *)buffer
             : NULL;
}

void numbers_free(numbers *memory) {
  quern_buffer_free(buffer_of(memory));
}

bool numbers_put(numbers *to, size_t position, const void *from, size_t count) {
  return quern_buffer_write(buffer_of(to), position * sizeof(float), count * sizeof(float), from,
                            QUERN_WAIT) == QUERN_OK;
}

bool numbers_get(numbers *from, size_t position, void *to, size_t count) {
  return quern_buffer_read(buffer_of(from), position * sizeof(float), count * sizeof(float), to,
                           QUERN_WAIT) == QUERN_OK;
}

bool dense_forward(matrix x, matrix w, matrix b, bool squash, matrix y) {
  const quern_activation activation =
      quern_activation_of(squash ? QUERN_ACTIVATION_TANH : QUERN_ACTIVATION_IDENTITY);
  return quern_dense_forward(context, tensor_of(x), tensor_of(w), tensor_of(b), activation,
                             tensor_of(y)) == QUERN_OK;
}

bool softmax_cross_entropy(matrix z, matrix labels, float scale, matrix losses, matrix dz) {
  return quern_softmax_cross_entropy(context, tensor_of(z), tensor_of(labels), scale,
                                     tensor_of(losses), tensor_of(dz)) == QUERN_OK;
}

bool dense_backward(matrix dz, matrix w, matrix h, matrix dx) {
  return quern_dense_backward_data(context, tensor_of(dz), tensor_of(w),
                                   quern_activation_of(QUERN_ACTIVATION_TANH), tensor_of(h), false,
                                   tensor_of(dx)) == QUERN_OK;
}

bool dense_update(matrix x, matrix dz, float rate, matrix w, matrix b) {
  const quern_optimizer sgd = quern_optimizer_of(QUERN_OPTIMIZER_SGD, rate);
  return quern_dense_backward_update(context, tensor_of(x), tensor_of(dz), &sgd, 1, tensor_of(w),
                                     quern_no_state(), tensor_of(b), quern_no_state()) == QUERN_OK;
}
