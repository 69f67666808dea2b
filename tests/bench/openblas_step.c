/* A training step as a C program would write it over a BLAS: one sgemm per product, the update in
 * the one for the weights, and plain loops for the rest. */
#include "bench.h"

#include <cblas.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

typedef struct openblas_layer {
  size_t in, out;
  float *weights, *bias, *output, *delta; /* owned */
} openblas_layer;

typedef struct openblas_state {
  const measure_problem *problem; /* borrowed */
  openblas_layer layers[MEASURE_MOST_LAYERS];
  size_t count, next;
} openblas_state;

static void load(openblas_state *net) {
  for (size_t l = 0; l < net->count; l++)
    quern_network_get_layer(net->problem->start, l, net->layers[l].weights, net->layers[l].bias);
  net->next = 0;
}

static void forward(const openblas_layer *layer, const float *x, size_t n, bool relu) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, (int)n, (int)layer->out, (int)layer->in, 1,
              x, (int)layer->in, layer->weights, (int)layer->out, 0, layer->output,
              (int)layer->out);
  for (size_t r = 0; r < n; r++) {
    float *restrict row = layer->output + r * layer->out;
    const float *restrict bias = layer->bias;
    for (size_t j = 0; j < layer->out; j++) {
      float z = row[j] + bias[j];
      row[j] = relu && !(z > 0) ? 0 : z;
    }
  }
}

/* Softmax, and the gradient of the batch's mean cross-entropy. */
static void loss(const openblas_layer *layer, const int32_t *labels, size_t n) {
  for (size_t r = 0; r < n; r++) {
    const float *z = layer->output + r * layer->out;
    float *delta = layer->delta + r * layer->out;
    float largest = z[0], sum = 0;
    for (size_t j = 1; j < layer->out; j++) largest = z[j] > largest ? z[j] : largest;
    for (size_t j = 0; j < layer->out; j++) sum += delta[j] = expf(z[j] - largest);
    for (size_t j = 0; j < layer->out; j++) delta[j] /= sum * (float)n;
    delta[labels[r]] -= 1.0f / (float)n;
  }
}

static void backward_data(const openblas_layer *layer, const openblas_layer *below, size_t n) {
  cblas_sgemm(CblasRowMajor, CblasNoTrans, CblasTrans, (int)n, (int)layer->in, (int)layer->out, 1,
              layer->delta, (int)layer->out, layer->weights, (int)layer->out, 0, below->delta,
              (int)layer->in);
  for (size_t i = 0; i < n * layer->in; i++)
    below->delta[i] = below->output[i] > 0 ? below->delta[i] : 0;
}

static void update(const openblas_layer *layer, const float *x, size_t n) {
  cblas_sgemm(CblasRowMajor, CblasTrans, CblasNoTrans, (int)layer->in, (int)layer->out, (int)n,
              -MEASURE_LEARNING_RATE, x, (int)layer->in, layer->delta, (int)layer->out, 1,
              layer->weights, (int)layer->out);
  float *restrict bias = layer->bias;
  for (size_t r = 0; r < n; r++) {
    const float *restrict delta = layer->delta + r * layer->out;
    for (size_t j = 0; j < layer->out; j++) bias[j] -= MEASURE_LEARNING_RATE * delta[j];
  }
}

static void step(openblas_state *net) {
  size_t n = net->problem->network->batch, top = net->count - 1;
  const float *x = net->problem->x + net->next * n * net->layers[0].in;
  const int32_t *labels = net->problem->labels + net->next * n;
  net->next = (net->next + 1) % MEASURE_BATCHES;
  for (size_t l = 0; l < net->count; l++)
    forward(&net->layers[l], l == 0 ? x : net->layers[l - 1].output, n, l < top);
  loss(&net->layers[top], labels, n);
  for (size_t l = net->count; l-- > 0;) {
    if (l > 0) backward_data(&net->layers[l], &net->layers[l - 1], n);
    update(&net->layers[l], l == 0 ? x : net->layers[l - 1].output, n);
  }
}

static cli_exit run(void *state, size_t times, double *seconds) {
  double start = cli_seconds();
  for (size_t i = 0; i < times; i++) step(state);
  *seconds = cli_seconds() - start;
  return CLI_OK;
}

static cli_exit create(const yardstick *bench, const measure_problem *problem, void **state) {
  (void)bench;
  const measure_network *network = problem->network;
  openblas_state *net = calloc(1, sizeof *net);
  *state = net;
  if (net == NULL) return cli_fail_memory();
  net->problem = problem;
  net->count = measure_layer_count(network);
  for (size_t l = 0; l < net->count; l++) {
    openblas_layer *layer = &net->layers[l];
    layer->in = network->units[l];
    layer->out = network->units[l + 1];
    layer->weights = malloc(layer->in * layer->out * sizeof(float));
    layer->bias = malloc(layer->out * sizeof(float));
    layer->output = malloc(network->batch * layer->out * sizeof(float));
    layer->delta = malloc(network->batch * layer->out * sizeof(float));
    if (layer->weights == NULL || layer->bias == NULL || layer->output == NULL ||
        layer->delta == NULL)
      return cli_fail_memory();
  }
  load(net);
  bench_openblas_threads(run, net);
  return CLI_OK;
}

static cli_exit learn(void *state, size_t steps, quern_network *learned) {
  openblas_state *net = state;
  load(net);
  for (size_t i = 0; i < steps; i++) step(net);
  for (size_t l = 0; l < net->count; l++)
    if (quern_network_set_layer(learned, l, net->layers[l].weights, net->layers[l].bias) !=
        QUERN_OK)
      return cli_fail_library();
  return CLI_OK;
}

static void free_state(void *state) {
  openblas_state *net = state;
  for (size_t l = 0; net != NULL && l < net->count; l++) {
    free(net->layers[l].weights);
    free(net->layers[l].bias);
    free(net->layers[l].output);
    free(net->layers[l].delta);
  }
  free(net);
}

const step_rival openblas_step = {"OpenBLAS step", "openblas", create, run, learn, free_state};
