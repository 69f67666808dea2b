/* quern's part: a step of training, queued on the program's memory. */
#include "training.h"

#include <string.h>

enum { IN = 2, HIDDEN = 16 };
static const float rate = 0.2f;

/* Floats of the parameters, and of what passes between the ops of a step. */
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

static quern_status start(const training *made) {
  quern_buffer *p = made->parameters;
  TRY(quern_fill(made->context, 0.0f, quern_vector(p, 0, PARAMETERS)));
  TRY(quern_random_uniform(made->context, 1, 0, -1.0f, 1.0f, quern_matrix(p, W1, IN, HIDDEN)));
  return quern_random_uniform(made->context, 1, 1, -0.25f, 0.25f, quern_matrix(p, W2, HIDDEN, 1));
}

static quern_status open_all(const device *on, queue_kind kind, cl_mem points, cl_mem predicted,
                             training *made) {
  TRY(quern_opencl_context_create(on->context, on->id, kind == NONE ? NULL : on->queue,
                                  &made->context));
  TRY(quern_opencl_buffer_wrap(made->context, points, 0, COUNT * 3 * sizeof(float), &made->points));
  TRY(quern_opencl_buffer_wrap(made->context, predicted, PREDICTED_AT * sizeof(float),
                               COUNT * sizeof(float), &made->predicted));
  TRY(quern_buffer_create(made->context, PARAMETERS * sizeof(float), &made->parameters));
  TRY(quern_buffer_create(made->context, PASSING * sizeof(float), &made->passing));
  return start(made);
}

quern_status training_open(const device *on, queue_kind kind, cl_mem points, cl_mem predicted,
                           training *made) {
  memset(made, 0, sizeof *made);
  const quern_status status = open_all(on, kind, points, predicted, made);
  if (status != QUERN_OK) training_close(made);
  return status;
}

void training_close(training *made) {
  quern_buffer_free(made->points);
  quern_buffer_free(made->predicted);
  quern_buffer_free(made->parameters);
  quern_buffer_free(made->passing);
  quern_context_free(made->context);
  memset(made, 0, sizeof *made);
}

quern_status training_step(const training *made) {
  quern_context *context = made->context;
  quern_buffer *p = made->parameters, *passing = made->passing;
  const quern_activation tanh_ = quern_activation_of(QUERN_TANH),
                         none = quern_activation_of(QUERN_IDENTITY);
  const quern_tensor x = quern_matrix(made->points, 0, COUNT, IN),
                     y = quern_matrix(made->points, COUNT * IN, COUNT, 1),
                     z = quern_matrix(made->predicted, 0, COUNT, 1),
                     h = quern_matrix(passing, H, COUNT, HIDDEN),
                     dh = quern_matrix(passing, DH, COUNT, HIDDEN),
                     dz = quern_matrix(passing, DZ, COUNT, 1),
                     losses = quern_vector(passing, LOSSES, COUNT),
                     w1 = quern_matrix(p, W1, IN, HIDDEN), b1 = quern_vector(p, B1, HIDDEN),
                     w2 = quern_matrix(p, W2, HIDDEN, 1), b2 = quern_vector(p, B2, 1);
  const quern_sgd sgd = {rate, 0.0f};
  TRY(quern_dense_forward(context, x, w1, b1, tanh_, h));
  TRY(quern_dense_forward(context, h, w2, b2, none, z));
  TRY(quern_mean_squared_error(context, z, y, 1.0f / COUNT, losses, dz));
  TRY(quern_dense_backward_data(context, dz, w2, tanh_, h, false, dh));
  TRY(quern_dense_backward_sgd(context, h, dz, sgd, w2, b2));
  return quern_dense_backward_sgd(context, x, dh, sgd, w1, b1);
}

quern_status training_loss(const training *made, double *loss) {
  float losses[COUNT];
  TRY(quern_buffer_read(made->passing, LOSSES * sizeof(float), sizeof losses, losses, QUERN_WAIT));
  *loss = 0.0;
  for (size_t i = 0; i < COUNT; i++) *loss += (double)losses[i] / COUNT;
  return QUERN_OK;
}
