/* Ten steps of SGD with every activation and every loss, compared with PyTorch's
 * (make_functions.py), on both backends, with fused updates and with kept gradients. The tolerances
 * are in the file of numbers. Prints the table of docs/parity.md, which must be the same. */
#include "ten_steps.h"

static void set_label_options(quern_plan *plan, const cJSON *test) {
  const cJSON *weights = member(test, "class_weights");
  const float smoothing = (float)member(test, "label_smoothing")->valuedouble;
  float values[OUTPUTS];
  if (smoothing > 0.0f) assert_ok(quern_plan_set_label_smoothing(plan, smoothing));
  if (cJSON_GetArraySize(weights) == 0) return;
  numbers(weights, values, OUTPUTS);
  assert_ok(quern_plan_set_class_weights(plan, values));
}

/* Plain SGD, with the options of labels. */
static void prepare(quern_plan *plan, const cJSON *test, size_t step) {
  if (step > 0) return;
  const quern_optimizer sgd =
      quern_optimizer_of(QUERN_OPTIMIZER_SGD, member(golden, "learning_rate")->valuedouble);
  assert_ok(quern_plan_set_optimizer(plan, &sgd));
  set_label_options(plan, test);
}

/* "relu, categorical, label smoothing 0.125". */
static void title_of(const cJSON *test, char title[160]) {
  char *weights = cJSON_PrintUnformatted(member(test, "class_weights"));
  const double smoothing = member(test, "label_smoothing")->valuedouble;
  int length = snprintf(title, 160, "%s, %s", member(test, "activation")->valuestring,
                        member(test, "loss")->valuestring);
  if (strcmp(weights, "[]") != 0)
    length += snprintf(title + length, 160 - (size_t)length, ", class weights %s", weights);
  if (smoothing > 0)
    snprintf(title + length, 160 - (size_t)length, ", label smoothing %g", smoothing);
  cJSON_free(weights);
}

/* Plain categorical training, of which each activation has a case. */
static bool is_of_activation(const cJSON *test) {
  return strcmp(member(test, "loss")->valuestring, "categorical") == 0 &&
         member(test, "label_smoothing")->valuedouble <= 0 &&
         cJSON_GetArraySize(member(test, "class_weights")) == 0;
}

static void widen(parity *most, parity other) {
  most->losses = fmax(most->losses, other.losses);
  most->losses_tolerance = fmax(most->losses_tolerance, other.losses_tolerance);
  most->parameters = fmax(most->parameters, other.parameters);
  most->parameters_tolerance = fmax(most->parameters_tolerance, other.parameters_tolerance);
}

/* The page has one row for all activations, so that one more does not change it. */
static void test_ten_steps(void **state) {
  (void)state;
  quern_context *contexts[2];
  parity activations = {0};
  for (size_t d = 0; d < 2; d++) assert_ok(quern_context_create(devices[d], &contexts[d]));
  printf("| activation, loss | losses differ by | tolerance | parameters differ by | tolerance "
         "|\n|---|---|---|---|---|\n");
  for (const cJSON *test = member(golden, "cases")->child; test != NULL; test = test->next) {
    char title[160];
    title_of(test, title);
    const parity measured = compare_case(contexts, test, title, prepare);
    if (is_of_activation(test))
      widen(&activations, measured);
    else
      check_page(title, measured);
  }
  check_page("each activation, categorical", activations);
  for (size_t d = 0; d < 2; d++) quern_context_free(contexts[d]);
}

/* Every activation and every loss has a case. */
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

static int setup(void **state) {
  (void)state;
  return read_golden(QUERN_TEST_DATA "/../pytorch/functions.json");
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_all_are_there), QUERN_TEST(test_ten_steps)};
  return cmocka_run_group_tests(tests, setup, free_golden);
}
