/* A custom optimizer: quern computes the gradients, and the program updates. It is Lion (Chen et
 * al., "Symbolic Discovery of Optimization Algorithms", 2023):
 *
 *   u = sign(beta1 m + (1 - beta1) g)
 *   p <- p - lr (u + decay p)
 *   m <- beta2 m + (1 - beta2) g */
#include "digits.h"

#include <stdio.h>
#include <stdlib.h>

enum { EPOCHS = 20, LAYERS = 2, TENSORS = 2 * LAYERS };
static const float rate = 2e-3f, decay = 0.1f, beta1 = 0.9f, beta2 = 0.99f;

/* A weight matrix or a bias: its tensor and its gradient's on the device, and its numbers on the
 * host. */
typedef struct parameter {
  quern_tensor values, gradients;
  size_t count;
  float *p, *g, *m;
} parameter;

static quern_status copy(quern_tensor from, float *to) {
  return quern_buffer_read(from.buffer, from.offset * sizeof *to,
                           from.rows * from.columns * sizeof *to, to, QUERN_WAIT);
}

static quern_status parameter_create(quern_tensor values, quern_tensor gradients,
                                     parameter *result) {
  *result =
      (parameter){.values = values, .gradients = gradients, .count = values.rows * values.columns};
  result->p = malloc(result->count * sizeof *result->p);
  result->g = malloc(result->count * sizeof *result->g);
  result->m = calloc(result->count, sizeof *result->m);
  if (result->p == NULL || result->g == NULL || result->m == NULL) return QUERN_ERROR_OUT_OF_MEMORY;
  return copy(values, result->p);
}

static void parameter_free(parameter *one) {
  free(one->p);
  free(one->g);
  free(one->m);
}

static quern_status lion(parameter *one) {
  float *p = one->p, *g = one->g, *m = one->m;
  quern_status status = copy(one->gradients, g);
  if (status != QUERN_OK) return status;
  for (size_t i = 0; i < one->count; i++) {
    const float u = beta1 * m[i] + (1.0f - beta1) * g[i];
    p[i] -= rate * ((u > 0.0f ? 1.0f : u < 0.0f ? -1.0f : u) + decay * p[i]);
    m[i] = beta2 * m[i] + (1.0f - beta2) * g[i];
  }
  return quern_buffer_write(one->values.buffer, one->values.offset * sizeof *p,
                            one->count * sizeof *p, p, QUERN_NO_WAIT);
}

static quern_status find_parameters(const quern_plan *plan, parameter *parameters) {
  for (size_t layer = 0; layer < LAYERS; layer++) {
    quern_tensor w, b, dw, db;
    parameter *first = parameters + 2 * layer;
    quern_status status = quern_plan_layer(plan, layer, &w, &b);
    if (status == QUERN_OK) status = quern_plan_layer_gradients(plan, layer, &dw, &db);
    if (status == QUERN_OK) status = parameter_create(w, dw, first);
    if (status == QUERN_OK) status = parameter_create(b, db, first + 1);
    if (status != QUERN_OK) return status;
  }
  return QUERN_OK;
}

static quern_status train_on(quern_plan *plan, const digits *train, parameter *parameters) {
  quern_status status = find_parameters(plan, parameters);
  for (int epoch = 0; epoch < EPOCHS; epoch++)
    for (size_t first = 0; status == QUERN_OK && first < train->count; first += BATCH) {
      const size_t rows = train->count - first < BATCH ? train->count - first : BATCH;
      status = quern_plan_step(plan, digits_x(train, first, rows),
                               digits_labels(train, first, rows), quern_none());
      for (size_t i = 0; status == QUERN_OK && i < TENSORS; i++) status = lion(&parameters[i]);
    }
  return status;
}

static quern_status run(quern_context *context, quern_network *network, digits *train,
                        digits *test) {
  quern_plan *plan = NULL;
  parameter parameters[TENSORS] = {{.count = 0}};
  double accuracy = 0.0;
  quern_status status = digits_upload(context, train, test);
  if (status == QUERN_OK)
    status = quern_plan_create(context, network, BATCH, QUERN_PLAN_GRADIENTS, &plan);
  if (status == QUERN_OK) status = train_on(plan, train, parameters);
  if (status == QUERN_OK) status = digits_accuracy(plan, context, test, &accuracy);
  if (status == QUERN_OK) printf("accuracy %.3f on %zu held out\n", accuracy, test->count);
  for (size_t i = 0; i < TENSORS; i++) parameter_free(&parameters[i]);
  quern_plan_free(plan);
  return status;
}

int main(void) {
  const quern_layer layers[] = {quern_dense(64, QUERN_ACTIVATION_RELU),
                                quern_dense(CLASSES, QUERN_ACTIVATION_IDENTITY)};
  quern_context *context = NULL;
  quern_network *network = NULL;
  digits train = {0}, test = {0};
  quern_status status = quern_context_create(NULL, &context);
  if (status == QUERN_OK)
    status = quern_network_create(PIXELS, layers, 2, QUERN_LOSS_CATEGORICAL, &network);
  if (status == QUERN_OK) status = quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 1);
  if (status == QUERN_OK) status = run(context, network, &train, &test);
  if (status != QUERN_OK)
    fprintf(stderr, "%s: %s\n", quern_status_name(status), quern_last_error());
  digits_free(&train);
  digits_free(&test);
  quern_network_free(network);
  quern_context_free(context);
  return status == QUERN_OK ? 0 : 1;
}
