#include "example_network.h"

#include <string.h>

const example_shape example_shapes[EXAMPLE_QUANTITY_COUNT] = {
#define SHAPE(name, rows, columns, key) {rows, columns, key},
    EXAMPLE_QUANTITIES(SHAPE)
#undef SHAPE
};

size_t example_offset(example_quantity quantity) {
  size_t offset = 0;
  for (size_t i = 0; i < (size_t)quantity; i++)
    offset += example_shapes[i].rows * example_shapes[i].columns;
  return offset;
}

static const struct {
  example_quantity quantity;
  float cells[9];
} given[] = {
    {EXAMPLE_INPUT, {0.1f, 0.2f, 0.7f}},
    {EXAMPLE_TARGET, {1.0f, 0.0f, 0.0f}},
    {EXAMPLE_BIAS, {1.0f, 1.0f, 1.0f}},
    {EXAMPLE_ONES, {1.0f, 1.0f, 1.0f}},
    {EXAMPLE_FIRST_W_IJ, {0.1f, 0.2f, 0.3f, 0.3f, 0.2f, 0.7f, 0.4f, 0.3f, 0.9f}},
    {EXAMPLE_FIRST_W_JK, {0.2f, 0.3f, 0.5f, 0.3f, 0.5f, 0.7f, 0.6f, 0.4f, 0.8f}},
    {EXAMPLE_FIRST_W_KL, {0.1f, 0.4f, 0.8f, 0.3f, 0.7f, 0.2f, 0.5f, 0.2f, 0.9f}},
};

enum { LABEL_CLASS = 0 };

static void fill_external(example_values *values) {
  const int32_t label = LABEL_CLASS;
  *values = (example_values){{0}};
  for (size_t i = 0; i < sizeof given / sizeof *given; i++) {
    const example_shape *shape = &example_shapes[given[i].quantity];
    memcpy(values->cells + example_offset(given[i].quantity), given[i].cells,
           shape->rows * shape->columns * sizeof(float));
  }
  memcpy(values->cells + example_offset(EXAMPLE_LABEL), &label, sizeof label);
}

/* The buffers and handles of the steps below. */
typedef struct example {
  quern_context *context;
  quern_buffer *buffer;
} example;

static quern_tensor tensor_of(const example *run, example_quantity quantity) {
  const example_shape *shape = &example_shapes[quantity];
  return quern_matrix(run->buffer, example_offset(quantity), shape->rows, shape->columns);
}

static quern_status copy_cells(const example *run, size_t from, size_t to, size_t cells) {
  return quern_buffer_copy(run->buffer, from * sizeof(float), run->buffer, to * sizeof(float),
                           cells * sizeof(float));
}

#define T(name)          tensor_of(run, EXAMPLE_##name)
#define ACTIVATION(name) quern_activation_of(QUERN_ACTIVATION_##name)
#define FORWARD(call)                                                                              \
  do {                                                                                             \
    quern_status forward_status = (call);                                                          \
    if (forward_status != QUERN_OK) return forward_status;                                         \
  } while (0)

/* Layer by layer, with z separate from h so that both are visible. */
static quern_status forward(const example *run) {
  quern_context *context = run->context;
  FORWARD(copy_cells(run, example_offset(EXAMPLE_FIRST_W_IJ), example_offset(EXAMPLE_W_IJ), 9));
  FORWARD(copy_cells(run, example_offset(EXAMPLE_FIRST_W_JK), example_offset(EXAMPLE_W_JK), 9));
  FORWARD(copy_cells(run, example_offset(EXAMPLE_FIRST_W_KL), example_offset(EXAMPLE_W_KL), 9));
  FORWARD(quern_dense_forward(context, T(INPUT), T(W_IJ), T(BIAS), ACTIVATION(IDENTITY), T(Z1)));
  FORWARD(quern_activation_forward(context, ACTIVATION(RELU), T(Z1), T(H1)));
  FORWARD(quern_dense_forward(context, T(H1), T(W_JK), T(BIAS), ACTIVATION(IDENTITY), T(Z2)));
  FORWARD(quern_activation_forward(context, ACTIVATION(SIGMOID), T(Z2), T(H2)));
  FORWARD(quern_dense_forward(context, T(H2), T(W_KL), T(BIAS), ACTIVATION(IDENTITY), T(Z3)));
  return quern_softmax(context, T(Z3), T(O));
}

static quern_status backward(const example *run, quern_loss loss) {
  quern_context *context = run->context;
  if (loss == QUERN_LOSS_ELEMENTWISE)
    FORWARD(quern_elementwise_cross_entropy(context, T(Z3), T(TARGET), 1.0f, T(E), T(DE_DZ3)));
  else
    FORWARD(quern_softmax_cross_entropy(context, T(Z3), T(LABEL), 1.0f, T(E), T(DE_DZ3)));
  /* s (1 - s) is the derivative of a sigmoid, and the diagonal of a softmax's. */
  FORWARD(quern_activation_backward(context, ACTIVATION(SIGMOID), T(ONES), T(O), T(DO_DZ3)));
  for (size_t i = 0; i < 3; i++)
    FORWARD(copy_cells(run, example_offset(EXAMPLE_DE_DZ3) + i,
                       example_offset(EXAMPLE_DIAGONAL) + 4 * i, 1));
  FORWARD(quern_dense_forward(context, T(W_KL), T(DIAGONAL), quern_none(), ACTIVATION(IDENTITY),
                              T(DH2_TERMS)));
  FORWARD(quern_dense_backward_data(context, T(DE_DZ3), T(W_KL), ACTIVATION(IDENTITY), quern_none(),
                                    false, T(DE_DH2)));
  FORWARD(quern_activation_backward(context, ACTIVATION(SIGMOID), T(ONES), T(H2), T(DH2_DZ2)));
  FORWARD(quern_activation_backward(context, ACTIVATION(SIGMOID), T(DE_DH2), T(H2), T(DE_DZ2)));
  FORWARD(quern_dense_backward_data(context, T(DE_DZ2), T(W_JK), ACTIVATION(IDENTITY), quern_none(),
                                    false, T(DE_DH1)));
  FORWARD(quern_activation_backward(context, ACTIVATION(RELU), T(ONES), T(H1), T(DH1_DZ1)));
  return quern_activation_backward(context, ACTIVATION(RELU), T(DE_DH1), T(H1), T(DE_DZ1));
}

static quern_status update_matrix(const example *run, quern_tensor gradients, quern_tensor w) {
  const quern_optimizer sgd = quern_optimizer_of(QUERN_OPTIMIZER_SGD, EXAMPLE_LEARNING_RATE);
  return quern_optimizer_update(run->context, &sgd, 1, gradients, w, quern_no_state());
}

static quern_status update(const example *run) {
  quern_context *context = run->context;
  FORWARD(quern_dense_backward_weights(context, T(H2), T(DE_DZ3), false, T(D_W_KL), quern_none()));
  FORWARD(quern_dense_backward_weights(context, T(H1), T(DE_DZ2), false, T(D_W_JK), quern_none()));
  FORWARD(
      quern_dense_backward_weights(context, T(INPUT), T(DE_DZ1), false, T(D_W_IJ), quern_none()));
  FORWARD(update_matrix(run, T(D_W_KL), T(W_KL)));
  FORWARD(update_matrix(run, T(D_W_JK), T(W_JK)));
  return update_matrix(run, T(D_W_IJ), T(W_IJ));
}

/* dE/do of each loss at the device's o. */
static void derive_output(example_values *values, quern_loss loss) {
  const float *o = values->cells + example_offset(EXAMPLE_O);
  const float *y = values->cells + example_offset(EXAMPLE_TARGET);
  float *derivative = values->cells + example_offset(EXAMPLE_DE_DO);
  for (size_t i = 0; i < 3; i++) {
    double slope = -(double)y[i] / (double)o[i];
    if (loss == QUERN_LOSS_ELEMENTWISE) slope += (1.0 - (double)y[i]) / (1.0 - (double)o[i]);
    derivative[i] = (float)slope + 0.0f; /* no -0 */
  }
}

quern_status example_run(quern_context *context, quern_loss loss, example_values *values) {
  example run = {context, NULL};
  FORWARD(quern_buffer_create(context, sizeof values->cells, &run.buffer));
  fill_external(values);
  quern_status status =
      quern_buffer_write(run.buffer, 0, sizeof values->cells, values->cells, QUERN_WAIT);
  if (status == QUERN_OK) status = forward(&run);
  if (status == QUERN_OK) status = backward(&run, loss);
  if (status == QUERN_OK) status = update(&run);
  if (status == QUERN_OK)
    status = quern_buffer_read(run.buffer, 0, sizeof values->cells, values->cells, QUERN_WAIT);
  if (status == QUERN_OK) derive_output(values, loss);
  quern_buffer_free(run.buffer);
  return status;
}
