/* Ten steps of a small network, compared with PyTorch's: shared by test_functions.c,
 * test_optimizers.c and test_layers.c. A script in this folder made the JSON file of numbers. */
#ifndef QUERN_TESTS_PYTORCH_TEN_STEPS_H
#define QUERN_TESTS_PYTORCH_TEN_STEPS_H

#include "golden.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS = 3, STEPS = 10, BATCH = 8, SAMPLES = STEPS * BATCH };
static const size_t units[LAYERS + 1] = {6, 7, 5, 4};
enum {
  INPUTS = 6,
  OUTPUTS = 4,
  PARAMETERS = 6 * 7 + 7 + 7 * 5 + 5 + 5 * 4 + 4,
  MOST_NUMBERS = PARAMETERS + 4 * (7 + 5)
};

static void numbers(const cJSON *list, float *values, size_t count) {
  assert_int_equal(cJSON_GetArraySize(list), count);
  size_t i = 0;
  for (const cJSON *item = list->child; item != NULL; item = item->next)
    values[i++] = (float)item->valuedouble;
}

/* The network's parameters as torch lists them, each weight [out][in] and then its bias; into the
 * network, or from it. */
static void move_parameters(quern_network *network, float *torch_order, bool from_network) {
  for (size_t l = 0; l < LAYERS; l++) {
    const size_t in = units[l], out = units[l + 1];
    float weights[7 * 7];
    if (from_network)
      assert_ok(quern_network_get_layer(network, l, weights, torch_order + in * out));
    for (size_t i = 0; i < in; i++)
      for (size_t o = 0; o < out; o++) {
        float *ours = &weights[i * out + o], *theirs = &torch_order[o * in + i];
        if (from_network)
          *theirs = *ours;
        else
          *ours = *theirs;
      }
    if (!from_network)
      assert_ok(quern_network_set_layer(network, l, weights, torch_order + in * out));
    torch_order += in * out + out;
  }
}

/* Writes gamma, beta, running mean and variance of each layer that has them into `numbers`. Returns
 * how many there are. */
static size_t read_normalizations(const quern_network *network, float *numbers) {
  float *cursor = numbers;
  for (size_t l = 0; l < LAYERS; l++) {
    const quern_normalization_kind kind = quern_network_layer(network, l).normalization.kind;
    const size_t count = units[l + 1];
    if (kind == QUERN_NORMALIZATION_NONE) continue;
    assert_ok(quern_network_get_normalization(network, l, cursor, cursor + count, NULL, NULL));
    cursor += 2 * count;
    if (kind != QUERN_NORMALIZATION_BATCH) continue;
    assert_ok(quern_network_get_normalization(network, l, NULL, NULL, cursor, cursor + count));
    cursor += 2 * count;
  }
  return (size_t)(cursor - numbers);
}

/* Applies a case's normalizations and dropouts to its hidden layers. */
static void set_hidden(quern_layer *layers, const cJSON *test) {
  const cJSON *normalizations = cJSON_GetObjectItemCaseSensitive(test, "normalizations"),
              *dropout = cJSON_GetObjectItemCaseSensitive(test, "dropout");
  for (int l = 0; l < cJSON_GetArraySize(normalizations); l++)
    assert_true(quern_normalization_parse(cJSON_GetArrayItem(normalizations, l)->valuestring,
                                          &layers[l].normalization));
  for (int l = 0; l < cJSON_GetArraySize(dropout); l++)
    layers[l].dropout = (float)cJSON_GetArrayItem(dropout, l)->valuedouble;
}

static quern_network *network_of(const cJSON *test) {
  quern_layer layers[LAYERS];
  quern_activation activation;
  quern_loss loss;
  float delta, start[PARAMETERS];
  assert_true(quern_activation_parse(member(test, "activation")->valuestring, &activation));
  assert_true(quern_loss_parse(member(test, "loss")->valuestring, &loss, &delta));
  for (size_t l = 0; l < LAYERS; l++)
    layers[l] = quern_dense(units[l + 1], QUERN_ACTIVATION_IDENTITY);
  layers[0].activation = layers[1].activation = activation;
  set_hidden(layers, test);
  quern_network *network;
  assert_ok(quern_network_create(INPUTS, layers, LAYERS, loss, &network));
  assert_ok(quern_network_set_huber_delta(network, delta));
  numbers(member(golden, "start"), start, PARAMETERS);
  move_parameters(network, start, false);
  return network;
}

typedef struct result {
  float losses[STEPS], parameters[MOST_NUMBERS];
  size_t count; /* of parameters, including running statistics */
} result;

/* Creates a plan for a case, ready for its step `step` = 0, 1, … */
typedef void (*prepare_fn)(quern_plan *plan, const cJSON *test, size_t step);

static result train(quern_context *context, quern_plan_mode mode, const cJSON *test,
                    prepare_fn prepare) {
  quern_plan *plan;
  quern_buffer *x, *labels, *losses;
  result got;
  float values[SAMPLES * INPUTS], each[SAMPLES];
  int32_t classes[SAMPLES];
  numbers(member(golden, "x"), values, SAMPLES * INPUTS);
  numbers(member(golden, "labels"), each, SAMPLES);
  for (size_t i = 0; i < SAMPLES; i++) classes[i] = (int32_t)each[i];
  quern_network *network = network_of(test);
  assert_ok(quern_plan_create(context, network, BATCH, mode, &plan));
  assert_ok(quern_buffer_create(context, sizeof values, &x));
  assert_ok(quern_buffer_write(x, 0, sizeof values, values, QUERN_WAIT));
  assert_ok(quern_buffer_create(context, sizeof classes, &labels));
  assert_ok(quern_buffer_write(labels, 0, sizeof classes, classes, QUERN_WAIT));
  assert_ok(quern_buffer_create(context, sizeof each, &losses));
  for (size_t s = 0; s < STEPS; s++) {
    prepare(plan, test, s);
    assert_ok(quern_plan_step(plan, quern_matrix(x, s * BATCH * INPUTS, BATCH, INPUTS),
                              quern_vector(labels, s * BATCH, BATCH),
                              quern_vector(losses, s * BATCH, BATCH)));
  }
  assert_ok(quern_buffer_read(losses, 0, sizeof each, each, QUERN_WAIT));
  for (size_t s = 0; s < STEPS; s++) {
    double sum = 0;
    for (size_t i = 0; i < BATCH; i++) sum += (double)each[s * BATCH + i];
    got.losses[s] = (float)(sum / BATCH);
  }
  assert_ok(quern_plan_download(plan, network));
  move_parameters(network, got.parameters, true);
  got.count = PARAMETERS + read_normalizations(network, got.parameters + PARAMETERS);
  quern_buffer_free(x);
  quern_buffer_free(labels);
  quern_buffer_free(losses);
  quern_plan_free(plan);
  quern_network_free(network);
  return got;
}

/* The largest difference from PyTorch; it must be within the tolerance, and a NaN is not. */
static double check(const char *title, const char *what, const float *got, const cJSON *test,
                    const char *name, size_t count) {
  float expected[MOST_NUMBERS];
  char key[32];
  snprintf(key, sizeof key, "%s_tolerance", name);
  const double tolerance = member(test, key)->valuedouble;
  numbers(member(test, name), expected, count);
  assert_true(tolerance > 0 && tolerance < 2e-5);
  double largest = 0;
  for (size_t i = 0; i < count; i++) {
    const double difference = fabs((double)got[i] - (double)expected[i]);
    if (!(difference <= tolerance))
      fail_msg("%s, %s: %s %zu is %.9g, PyTorch has %.9g, tolerance %.2g", title, what, name, i,
               (double)got[i], (double)expected[i], tolerance);
    largest = fmax(largest, difference);
  }
  return largest;
}

static const char *const devices[] = {"reference", "auto"};

/* How far quern is from PyTorch, and how far it may be. */
typedef struct parity {
  double losses, losses_tolerance, parameters, parameters_tolerance;
} parity;

/* The row of docs/parity.md must have the same tolerances and similar differences. Rounding depends
 * on the device and its vectors, so a factor of four either way, or the rounding of a number near
 * 1, is accepted. */
static void check_page(const char *title, parity measured) {
  char *page = read_text(QUERN_TEST_DATA "/../../docs/parity.md"), start[200], row[300];
  assert_non_null(page);
  snprintf(start, sizeof start, "\n| %s | ", title);
  snprintf(row, sizeof row, "| %s | %.1e | %.1e | %.1e | %.1e |", title, measured.losses,
           measured.losses_tolerance, measured.parameters, measured.parameters_tolerance);
  printf("%s\n", row);
  if (getenv("QUERN_PARITY_PRINT") != NULL) { /* to write the page */
    free(page);
    return;
  }
  const char *found = strstr(page, start);
  double said[4] = {0};
  const bool reads = found != NULL && sscanf(found + strlen(start), "%lf | %lf | %lf | %lf",
                                             &said[0], &said[1], &said[2], &said[3]) == 4;
  const double now[4] = {measured.losses, measured.losses_tolerance, measured.parameters,
                         measured.parameters_tolerance};
  for (size_t i = 0; i < 4; i++) {
    const double slack = i % 2 == 0 ? 4 : 1.05, floor = i % 2 == 0 ? 2.4e-7 : 0;
    if (!reads || !(now[i] <= slack * said[i] + floor && said[i] <= slack * now[i] + floor))
      fail_msg("docs/parity.md has no row like\n%s", row);
  }
  free(page);
}

/* Both devices, with fused updates and with kept gradients: each within its tolerance. Returns the
 * largest differences. */
static parity compare_case(quern_context *const *contexts, const cJSON *test, const char *title,
                           prepare_fn prepare) {
  static const quern_plan_mode modes[] = {QUERN_PLAN_TRAINING, QUERN_PLAN_GRADIENTS};
  parity most = {.losses_tolerance = member(test, "losses_tolerance")->valuedouble,
                 .parameters_tolerance = member(test, "parameters_tolerance")->valuedouble};
  for (size_t d = 0; d < 2; d++)
    for (size_t m = 0; m < 2; m++) {
      const result got = train(contexts[d], modes[m], test, prepare);
      most.losses = fmax(most.losses, check(title, devices[d], got.losses, test, "losses", STEPS));
      most.parameters = fmax(
          most.parameters, check(title, devices[d], got.parameters, test, "parameters", got.count));
    }
  return most;
}

/* Checks every case, and its row of the page. */
static inline void check_cases(prepare_fn prepare) {
  quern_context *contexts[2];
  for (size_t d = 0; d < 2; d++) assert_ok(quern_context_create(devices[d], &contexts[d]));
  for (const cJSON *test = member(golden, "cases")->child; test != NULL; test = test->next) {
    const char *title = member(test, "title")->valuestring;
    check_page(title, compare_case(contexts, test, title, prepare));
  }
  for (size_t d = 0; d < 2; d++) quern_context_free(contexts[d]);
}

#endif
