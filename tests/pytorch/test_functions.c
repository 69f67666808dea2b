/* Ten steps of SGD under every activation and every loss, beside what PyTorch computed (make_functions.py), on both backends, with
 * the gradients used up on the way and with them kept. Tolerances come with the numbers. Prints the table of docs/parity.md. */
#include "test.h"
#include <cjson/cJSON.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { LAYERS = 3, STEPS = 10, BATCH = 8, SAMPLES = STEPS * BATCH };
static const size_t units[LAYERS + 1] = {6, 7, 5, 4};
enum { INPUTS = 6, OUTPUTS = 4, PARAMETERS = 6 * 7 + 7 + 7 * 5 + 5 + 5 * 4 + 4 };

static cJSON *golden;

static int read_golden(void **state) {
  (void)state;
  FILE *file = fopen(QUERN_TEST_DATA "/../pytorch/functions.json", "rb");
  if (file == NULL || fseek(file, 0, SEEK_END) != 0) return -1;
  const size_t size = (size_t)ftell(file);
  char *text = calloc(size + 1, 1);
  rewind(file);
  if (text != NULL && fread(text, 1, size, file) == size) golden = cJSON_Parse(text);
  free(text);
  fclose(file);
  return golden != NULL ? 0 : -1;
}

static int free_golden(void **state) {
  (void)state;
  cJSON_Delete(golden);
  return 0;
}

static const cJSON *member(const cJSON *object, const char *name) {
  const cJSON *found = cJSON_GetObjectItemCaseSensitive(object, name);
  if (found == NULL) fail_msg("functions.json has no \"%s\"", name);
  return found;
}

static void numbers(const cJSON *list, float *values, size_t count) {
  assert_int_equal(cJSON_GetArraySize(list), count);
  size_t i = 0;
  for (const cJSON *item = list->child; item != NULL; item = item->next)
    values[i++] = (float)item->valuedouble;
}

/* The network's parameters as torch lists them, each weight [out][in] and then its bias; into it, or from it. */
static void move_parameters(quern_network *network, float *torch_order, bool from_network) {
  for (size_t l = 0; l < LAYERS; l++) {
    const size_t in = units[l], out = units[l + 1];
    float weights[7 * 7];
    if (from_network) assert_ok(quern_network_get_layer(network, l, weights, torch_order + in * out));
    for (size_t i = 0; i < in; i++)
      for (size_t o = 0; o < out; o++) {
        float *ours = &weights[i * out + o], *theirs = &torch_order[o * in + i];
        if (from_network)
          *theirs = *ours;
        else
          *ours = *theirs;
      }
    if (!from_network) assert_ok(quern_network_set_layer(network, l, weights, torch_order + in * out));
    torch_order += in * out + out;
  }
}

static quern_network *network_of(const cJSON *test) {
  quern_layer layers[LAYERS];
  quern_activation activation;
  quern_loss loss;
  float delta, start[PARAMETERS];
  assert_true(quern_activation_parse(member(test, "activation")->valuestring, &activation));
  assert_true(quern_loss_parse(member(test, "loss")->valuestring, &loss, &delta));
  for (size_t l = 0; l < LAYERS; l++) layers[l] = quern_dense(units[l + 1], QUERN_IDENTITY);
  layers[0].activation = layers[1].activation = activation;
  quern_network *network;
  assert_ok(quern_network_create(INPUTS, layers, LAYERS, loss, &network));
  assert_ok(quern_network_set_huber_delta(network, delta));
  numbers(member(golden, "start"), start, PARAMETERS);
  move_parameters(network, start, false);
  return network;
}

static void set_label_options(quern_plan *plan, const cJSON *test) {
  const cJSON *weights = member(test, "class_weights");
  const float smoothing = (float)member(test, "label_smoothing")->valuedouble;
  float values[OUTPUTS];
  if (smoothing > 0.0f) assert_ok(quern_plan_label_smoothing(plan, smoothing));
  if (cJSON_GetArraySize(weights) == 0) return;
  numbers(weights, values, OUTPUTS);
  assert_ok(quern_plan_class_weights(plan, values));
}

typedef struct result {
  float losses[STEPS], parameters[PARAMETERS];
} result;

static result train(quern_context *context, quern_plan_mode mode, const cJSON *test) {
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
  set_label_options(plan, test);
  assert_ok(quern_buffer_create(context, sizeof values, &x));
  assert_ok(quern_buffer_write(x, 0, sizeof values, values, QUERN_WAIT));
  assert_ok(quern_buffer_create(context, sizeof classes, &labels));
  assert_ok(quern_buffer_write(labels, 0, sizeof classes, classes, QUERN_WAIT));
  assert_ok(quern_buffer_create(context, sizeof each, &losses));
  const quern_optimizer sgd = quern_optimizer_of(QUERN_SGD, member(golden, "learning_rate")->valuedouble);
  assert_ok(quern_plan_set_optimizer(plan, &sgd));
  for (size_t s = 0; s < STEPS; s++)
    assert_ok(quern_plan_step(plan, quern_matrix(x, s * BATCH * INPUTS, BATCH, INPUTS),
                              quern_vector(labels, s * BATCH, BATCH),
                              quern_vector(losses, s * BATCH, BATCH)));
  assert_ok(quern_buffer_read(losses, 0, sizeof each, each, QUERN_WAIT));
  for (size_t s = 0; s < STEPS; s++) {
    double sum = 0;
    for (size_t i = 0; i < BATCH; i++) sum += (double)each[s * BATCH + i];
    got.losses[s] = (float)(sum / BATCH);
  }
  assert_ok(quern_plan_download(plan, network));
  move_parameters(network, got.parameters, true);
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
  float expected[PARAMETERS];
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

/* A row of the table: the largest differences over both devices and modes. */
static void check_case(quern_context *const *contexts, const cJSON *test) {
  static const quern_plan_mode modes[] = {QUERN_PLAN_TRAINING, QUERN_PLAN_GRADIENTS};
  char *weights = cJSON_PrintUnformatted(member(test, "class_weights")), title[160];
  const double smoothing = member(test, "label_smoothing")->valuedouble;
  int length = snprintf(title, sizeof title, "%s, %s", member(test, "activation")->valuestring,
                        member(test, "loss")->valuestring);
  if (strcmp(weights, "[]") != 0)
    length += snprintf(title + length, sizeof title - (size_t)length, ", class weights %s", weights);
  if (smoothing > 0)
    snprintf(title + length, sizeof title - (size_t)length, ", label smoothing %g", smoothing);
  cJSON_free(weights);
  double losses = 0, parameters = 0;
  for (size_t d = 0; d < 2; d++)
    for (size_t m = 0; m < 2; m++) {
      const result got = train(contexts[d], modes[m], test);
      losses = fmax(losses, check(title, devices[d], got.losses, test, "losses", STEPS));
      parameters = fmax(parameters, check(title, devices[d], got.parameters, test, "parameters", PARAMETERS));
    }
  printf("| %s | %.1e | %.1e | %.1e | %.1e |\n", title, losses, member(test, "losses_tolerance")->valuedouble,
         parameters, member(test, "parameters_tolerance")->valuedouble);
}

static void test_ten_steps(void **state) {
  (void)state;
  quern_context *contexts[2];
  for (size_t d = 0; d < 2; d++) assert_ok(quern_context_create(devices[d], &contexts[d]));
  printf("| activation, loss | losses differ by | tolerance | parameters differ by | tolerance "
         "|\n|---|---|---|---|---|\n");
  for (const cJSON *test = member(golden, "cases")->child; test != NULL; test = test->next)
    check_case(contexts, test);
  for (size_t d = 0; d < 2; d++) quern_context_free(contexts[d]);
}

/* Every activation and every loss is among the cases. */
static void test_all_are_there(void **state) {
  (void)state;
  const cJSON *cases = member(golden, "cases");
  for (size_t k = 0; quern_activation_name((quern_activation_kind)k) != NULL; k++) {
    bool found = false;
    for (const cJSON *test = cases->child; test != NULL; test = test->next) {
      quern_activation activation;
      assert_true(quern_activation_parse(member(test, "activation")->valuestring, &activation));
      found = found || (size_t)activation.kind == k;
    }
    if (!found) fail_msg("no case of %s", quern_activation_name((quern_activation_kind)k));
  }
  for (size_t k = 0; quern_loss_name((quern_loss)k) != NULL; k++) {
    bool found = false;
    for (const cJSON *test = cases->child; test != NULL; test = test->next) {
      quern_loss loss;
      float delta;
      assert_true(quern_loss_parse(member(test, "loss")->valuestring, &loss, &delta));
      found = found || (size_t)loss == k;
    }
    if (!found) fail_msg("no case of %s", quern_loss_name((quern_loss)k));
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_all_are_there), QUERN_TEST(test_ten_steps)};
  return cmocka_run_group_tests(tests, read_golden, free_golden);
}
