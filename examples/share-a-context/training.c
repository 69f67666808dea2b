/* quern's part: a training step, queued on the program's memory. */
#include "training.h"

#include <string.h>

enum { IN = 2, HIDDEN = 16 };
static const float rate = 0.2f;

/* The number of floats of the parameters, and of the intermediate results of a step. */
enum { W1 = 0, B1 = W1 + IN * HIDDEN, W2 = B1 + HIDDEN, B2 = W2 + HIDDEN, PARAMETERS = B2 + 1 };
enum {
  H = 0,
  DH = H + COUNT * HIDDEN,
  DZ = DH + COUNT * HIDDEN,
  LOSSES = DZ + COUNT,
  PASSING = LOSSES + COUNT
};

#define TRY(call)                                                                                  \
  do {                                                                                             \
    const quern_status status = (call);                                                            \
    if (status != QUERN_OK) return status;                                                         \
  } while (0)

static quern_status start(const training *result) {
  quern_buffer *p = result->parameters;
  TRY(quern_fill(result->context, 0.0f, quern_vector(p, 0, PARAMETERS)));
  TRY(quern_random_uniform(result->context, 1, 0, -1.0f, 1.0f, quern_matrix(p, W1, IN, HIDDEN)));
  return quern_random_uniform(result->context, 1, 1, -0.25f, 0.25f, quern_matrix(p, W2, HIDDEN, 1));
}

static quern_status open_all(const device *on, queue_kind kind, cl_mem points, cl_mem predicted,
                             training *result) {
  TRY(quern_opencl_context_create(on->context, on->id, kind == NONE ? NULL : on->queue,
                                  &result->context));
  TRY(quern_opencl_buffer_wrap(result->context, points, 0, COUNT * 3 * sizeof(float),
                               &result->points));
  TRY(quern_opencl_buffer_wrap(result->context, predicted, PREDICTED_AT * sizeof(float),
                               COUNT * sizeof(float), &result->predicted));
  TRY(quern_buffer_create(result->context, PARAMETERS * sizeof(float), &result->parameters));
  TRY(quern_buffer_create(result->context, PASSING * sizeof(float), &result->passing));
  return start(result);
}

quern_status training_open(const device *on, queue_kind kind, cl_mem points, cl_mem predicted,
                           training *result) {
  memset(result, 0, sizeof *result);
  const quern_status status = open_all(on, kind, points, predicted, result);
  if (status != QUERN_OK) training_close(result);
  return status;
}

void training_close(training *result) {
  quern_buffer_free(result->points);
  quern_buffer_free(result->predicted);
  quern_buffer_free(result->parameters);
  quern_buffer_free(result->passing);
  quern_context_free(result->context);
  memset(result, 0, sizeof *result);
}

quern_status training_step(const training *result) {
  quern_context *context = result->context;
  quern_buffer *p = result->parameters, *passing = result->passing;
  const quern_activation tanh_ = quern_activation_of(QUERN_ACTIVATION_TANH),
                         none = quern_activation_of(QUERN_ACTIVATION_IDENTITY);
  const quern_tensor x = quern_matrix(result->points, 0, COUNT, IN),
                     y = quern_matrix(result->points, COUNT * IN, COUNT, 1),
                     z = quern_matrix(result->predicted, 0, COUNT, 1),
                     h = quern_matrix(passing, H, COUNT, HIDDEN),
                     dh = quern_matrix(passing, DH, COUNT, HIDDEN),
                     dz = quern_matrix(passing, DZ, COUNT, 1),
                     losses = quern_vector(passing, LOSSES, COUNT),
                     w1 = quern_matrix(p, W1, IN, HIDDEN), b1 = quern_vector(p, B1, HIDDEN),
                     w2 = quern_matrix(p, W2, HIDDEN, 1), b2 = quern_vector(p, B2, 1);
  const quern_optimizer sgd = quern_optimizer_of(QUERN_OPTIMIZER_SGD, rate);
  const quern_optimizer_state stateless = quern_no_state();
  TRY(quern_dense_forward(context, x, w1, b1, tanh_, h));
  TRY(quern_dense_forward(context, h, w2, b2, none, z));
  TRY(quern_mean_squared_error(context, z, y, 1.0f / COUNT, losses, dz));
  TRY(quern_dense_backward_data(context, dz, w2, tanh_, h, false, dh));
  TRY(quern_dense_backward_update(context, h, dz, &sgd, 1, w2, stateless, b2, stateless));
  return quern_dense_backward_update(context, x, dh, &sgd, 1, w1, stateless, b1, stateless);
}

quern_status training_loss(const training *result, double *loss) {
  float losses[COUNT];
  TRY(quern_buffer_read(result->passing, LOSSES * sizeof(float), sizeof losses, losses,
                        QUERN_WAIT));
  *loss = 0.0;
  for (size_t i = 0; i < COUNT; i++) *loss += (double)losses[i] / COUNT;
  return QUERN_OK;
}
