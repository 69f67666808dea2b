/* The training loop: forward, squared error, backward, with quern's ops. */
#include "adapter.h"

#include <quern/backend.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* The memory on the device for a pass over `rows` samples. */
typedef struct device_pass {
  size_t rows;
  quern_tensor x, y;
  quern_tensor *h;     /* the output of each layer */
  quern_tensor dz[2];  /* as wide as the widest layer; one is read while the other is written */
  quern_tensor losses; /* [1][rows], and their sum after them */
  quern_buffer **buffers;
  size_t buffer_count;
} device_pass;

static void pass_free(device_pass *pass) {
  for (size_t i = 0; i < pass->buffer_count; i++) quern_buffer_free(pass->buffers[i]);
  free(pass->buffers);
  free(pass->h);
}

static quern_status add_matrix(quern_context *context, device_pass *pass, size_t rows,
                               size_t columns, quern_tensor *matrix) {
  if (rows == 0 || columns > SIZE_MAX / sizeof(float) / rows)
    return quern_fail(QUERN_ERROR_SHAPE, "%zu samples of %zu values are none, or too many", rows,
                      columns);
  quern_buffer **buffer = &pass->buffers[pass->buffer_count];
  quern_status status = quern_buffer_create(context, rows * columns * sizeof(float), buffer);
  if (status != QUERN_OK) return status;
  pass->buffer_count++;
  *matrix = quern_matrix(*buffer, 0, rows, columns);
  return QUERN_OK;
}

static quern_status pass_create(const fann_quern *adapter, size_t rows, bool train,
                                device_pass *pass) {
  size_t count = adapter->layer_count, widest = 0;
  quern_context *context = adapter->context;
  memset(pass, 0, sizeof *pass);
  pass->rows = rows;
  pass->h = calloc(count, sizeof *pass->h);
  pass->buffers = calloc(count + 5, sizeof(quern_buffer *)); /* x, y, two dz, losses */
  if (pass->h == NULL || pass->buffers == NULL)
    return quern_fail(QUERN_ERROR_OUT_OF_MEMORY, "no memory for %zu layers", count);

  quern_status status = add_matrix(context, pass, rows, adapter->layers[0].in, &pass->x);
  for (size_t i = 0; status == QUERN_OK && i < count; i++) {
    size_t width = adapter->layers[i].out;
    if (width > widest) widest = width;
    status = add_matrix(context, pass, rows, width, &pass->h[i]);
  }
  if (!train) return status;
  if (status == QUERN_OK)
    status = add_matrix(context, pass, rows, pass->h[count - 1].columns, &pass->y);
  for (size_t i = 0; status == QUERN_OK && i < 2; i++)
    status = add_matrix(context, pass, rows, widest, &pass->dz[i]);
  if (status == QUERN_OK) status = add_matrix(context, pass, 1, rows + 1, &pass->losses);
  return status;
}

static quern_status forward(const fann_quern *adapter, const device_pass *pass) {
  quern_status status = QUERN_OK;
  for (size_t i = 0; status == QUERN_OK && i < adapter->layer_count; i++) {
    const dense_layer *layer = &adapter->layers[i];
    status = quern_dense_forward(adapter->context, i == 0 ? pass->x : pass->h[i - 1], layer->w,
                                 layer->b, layer->activation, pass->h[i]);
  }
  return status;
}

/* FANN passes back (output - target), and half of that if the output is symmetric, because its
 * range is twice as wide. */
static float share_of_error(const fann_quern *adapter) {
  return adapter->layers[adapter->layer_count - 1].function == FANN_SIGMOID_SYMMETRIC ? 0.5f : 1.0f;
}

/* From the outputs to the weights. A batch's step is the learning rate times the mean over its
 * samples. */
static quern_status backward(const fann_quern *adapter, const device_pass *pass,
                             float learning_rate) {
  quern_context *context = adapter->context;
  size_t last = adapter->layer_count - 1, outputs = pass->h[last].columns, now = 0;
  /* quern's squared error gives dz = 2 scale / outputs (output - target). */
  float scale = share_of_error(adapter) * (float)outputs / (2.0f * (float)pass->rows);
  quern_tensor dz = quern_matrix(pass->dz[now].buffer, 0, pass->rows, outputs);
  quern_tensor losses = quern_vector(pass->losses.buffer, 0, pass->rows);
  quern_status status =
      quern_mean_squared_error(context, pass->h[last], pass->y, scale, losses, dz);
  if (status == QUERN_OK)
    status =
        quern_activation_backward(context, adapter->layers[last].activation, dz, pass->h[last], dz);

  for (size_t i = adapter->layer_count; status == QUERN_OK && i-- > 0;) {
    const dense_layer *layer = &adapter->layers[i];
    quern_optimizer sgd =
        quern_optimizer_of(QUERN_OPTIMIZER_SGD, learning_rate * layer->scale * layer->scale);
    quern_tensor below = i == 0 ? pass->x : pass->h[i - 1];
    quern_tensor dx = quern_none();
    if (i > 0) {
      dx = quern_matrix(pass->dz[1 - now].buffer, 0, pass->rows, layer->in);
      quern_activation under = adapter->layers[i - 1].activation;
      quern_tensor h = under.kind == QUERN_ACTIVATION_IDENTITY ? quern_none() : below;
      status = quern_dense_backward_data(context, dz, layer->w, under, h, false, dx);
    }
    if (status == QUERN_OK)
      status = quern_dense_backward_update(context, below, dz, &sgd, 1, layer->w, quern_no_state(),
                                           layer->b, quern_no_state());
    dz = dx;
    now = 1 - now;
  }
  return status;
}

/* FANN's MSE: over samples and outputs, of the error that it passes back. */
static quern_status read_mse(const fann_quern *adapter, const device_pass *pass, float *mse) {
  quern_tensor losses = quern_vector(pass->losses.buffer, 0, pass->rows);
  quern_tensor sum = quern_vector(pass->losses.buffer, pass->rows, 1);
  quern_status status = quern_sum(adapter->context, losses, sum);
  if (status == QUERN_OK)
    status =
        quern_buffer_read(sum.buffer, pass->rows * sizeof(float), sizeof *mse, mse, QUERN_WAIT);
  if (status != QUERN_OK) return status;
  float share = share_of_error(adapter);
  *mse *= share * share / (float)pass->rows;
  return QUERN_OK;
}

/* FANN has a pointer for each sample. */
static quern_status upload(quern_tensor to, fann_type *const *rows) {
  size_t bytes = to.columns * sizeof(float);
  float *values = malloc(to.rows * bytes);
  if (values == NULL)
    return quern_fail(QUERN_ERROR_OUT_OF_MEMORY, "no memory for %zu samples", to.rows);
  for (size_t i = 0; i < to.rows; i++) memcpy(values + i * to.columns, rows[i], bytes);
  quern_status status = quern_buffer_write(to.buffer, 0, to.rows * bytes, values, QUERN_WAIT);
  free(values);
  return status;
}

quern_status fann_quern_run(fann_quern *adapter, const float *inputs, size_t rows, float *outputs) {
  device_pass pass;
  quern_status status = pass_create(adapter, rows, false, &pass);
  if (status == QUERN_OK)
    status = quern_buffer_write(pass.x.buffer, 0, quern_buffer_bytes(pass.x.buffer), inputs,
                                QUERN_NO_WAIT);
  if (status == QUERN_OK) status = forward(adapter, &pass);
  if (status == QUERN_OK) {
    quern_buffer *last = pass.h[adapter->layer_count - 1].buffer;
    status = quern_buffer_read(last, 0, quern_buffer_bytes(last), outputs, QUERN_WAIT);
  }
  pass_free(&pass);
  return status;
}

static quern_status check_training(const fann_quern *adapter, const struct fann *ann,
                                   const struct fann_train_data *data) {
  size_t inputs = adapter->layers[0].in, outputs = adapter->layers[adapter->layer_count - 1].out;
  if (ann->training_algorithm != FANN_TRAIN_BATCH)
    return quern_fail(QUERN_ERROR_UNSUPPORTED,
                      "the network trains by %s; expected FANN_TRAIN_BATCH",
                      FANN_TRAIN_NAMES[ann->training_algorithm]);
  if (ann->train_error_function != FANN_ERRORFUNC_LINEAR)
    return quern_fail(QUERN_ERROR_UNSUPPORTED,
                      "the network's error function is %s; expected FANN_ERRORFUNC_LINEAR",
                      FANN_ERRORFUNC_NAMES[ann->train_error_function]);
  if (data->num_input != inputs || data->num_output != outputs)
    return quern_fail(QUERN_ERROR_SHAPE,
                      "the data have %u inputs and %u outputs; expected the network's %zu and %zu",
                      data->num_input, data->num_output, inputs, outputs);
  return QUERN_OK;
}

quern_status fann_quern_train(fann_quern *adapter, const struct fann *ann,
                              const struct fann_train_data *data, size_t epochs, float *mse) {
  device_pass pass = {0};
  quern_status status = check_training(adapter, ann, data);
  if (status == QUERN_OK) status = pass_create(adapter, data->num_data, true, &pass);
  if (status == QUERN_OK) status = upload(pass.x, data->input);
  if (status == QUERN_OK) status = upload(pass.y, data->output);
  for (size_t i = 0; status == QUERN_OK && i < epochs; i++) {
    status = forward(adapter, &pass);
    if (status == QUERN_OK) status = backward(adapter, &pass, ann->learning_rate);
  }
  if (status == QUERN_OK) status = quern_context_finish(adapter->context);
  if (status == QUERN_OK && mse != NULL && epochs > 0) status = read_mse(adapter, &pass, mse);
  pass_free(&pass);
  return status;
}
