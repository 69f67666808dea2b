/* The command trains by the library's defaults, and its help names them. */
#include "../command.h"
#include "test.h"

#include <ctype.h>

/* Floats whose decimal text is exact. */
enum { ROWS = 150, COLUMNS = 3, CLASSES = 3, UNITS = 8 };

static float value_at(size_t row, size_t column) {
  return (float)((row * 37 + column * 11) % 64) / 64.0f;
}

static void write_table(const char *path) {
  FILE *file = fopen(path, "w");
  assert_non_null(file);
  for (size_t r = 0; r < ROWS; r++) {
    for (size_t c = 0; c < COLUMNS; c++) fprintf(file, "%.9g,", (double)value_at(r, c));
    fprintf(file, "%zu\n", r % CLASSES);
  }
  assert_int_equal(fclose(file), 0);
}

/* The options of a program that sets none. */
static void learn(float *weights) {
  float values[ROWS * COLUMNS];
  int32_t labels[ROWS];
  for (size_t r = 0; r < ROWS; r++) {
    for (size_t c = 0; c < COLUMNS; c++) values[r * COLUMNS + c] = value_at(r, c);
    labels[r] = (int32_t)(r % CLASSES);
  }
  const quern_layer layers[] = {quern_dense(UNITS, QUERN_ACTIVATION_RELU),
                                quern_dense(CLASSES, QUERN_ACTIVATION_IDENTITY)};
  const quern_train_options options = quern_train_options_default();
  quern_context *context;
  quern_network *network;
  quern_dataset *data;
  assert_ok(quern_context_create("reference", &context));
  assert_ok(quern_dataset_from_floats(values, labels, ROWS, COLUMNS, &data));
  assert_ok(quern_network_create(COLUMNS, layers, 2, QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, options.seed));
  assert_ok(quern_train(context, network, data, NULL, &options, NULL));
  assert_ok(quern_network_get_layer(network, 0, weights, NULL));
  quern_network_free(network);
  quern_dataset_free(data);
  quern_context_free(context);
}

static void test_same_training(void **state) {
  (void)state;
  const char *table = path_of("table.csv"), *model = path_of("model.safetensors");
  float expected[COLUMNS * UNITS], found[COLUMNS * UNITS];
  write_table(table);
  learn(expected);
  command_result result = run("train", "--data", table, "--test", table, "--hidden", "8",
                              "--device", "reference", "--save", model, "--json");
  assert_code(&result, 0);
  cJSON *json = parse_json(&result);
  quern_train_options options = quern_train_options_default();
  assert_ok(quern_train_options_resolve(&options, ROWS));
  assert_int_equal(json_number(json, "batch"), options.batch);
  assert_string_equal(json_text(json, "optimizer"), quern_optimizer_name(options.optimizer.kind));
  assert_string_equal(json_text(json, "schedule"), quern_schedule_name(options.schedule.kind));
  assert_true(json_number(json, "learning_rate") == options.optimizer.learning_rate);
  cJSON_Delete(json);
  result_free(&result);
  quern_network *network;
  assert_ok(quern_model_load(model, NULL, &network));
  assert_ok(quern_network_get_layer(network, 0, found, NULL));
  assert_memory_equal(found, expected, sizeof expected);
  quern_network_free(network);
}

/* An option's help from its last "default" on, with single blanks; owned. */
static char *default_of(const char *help, const char *option, const char *next_option) {
  const char *begin = strstr(help, option);
  if (begin == NULL) fail_msg("no \"%s\" in the help", option);
  const char *end = strstr(begin, next_option), *named = NULL;
  const size_t length = end != NULL ? (size_t)(end - begin) : strlen(begin);
  char *text = malloc(length + 1);
  assert_non_null(text);
  size_t count = 0;
  for (size_t i = 0; i < length; i++)
    if (!isspace((unsigned char)begin[i]) || (count > 0 && text[count - 1] != ' '))
      text[count++] = isspace((unsigned char)begin[i]) ? ' ' : begin[i];
  text[count] = '\0';
  for (const char *next = text; (next = strstr(next, "efault")) != NULL; next++) named = next;
  if (named == NULL) fail_msg("no default of %s in \"%s\"", option, text);
  memmove(text, named, strlen(named) + 1);
  return text;
}

static void assert_default(const char *help, const char *option, const char *expected) {
  char *text = default_of(help, option, "\n  --");
  assert_says(text, expected);
  free(text);
}

static void test_help(void **state) {
  (void)state;
  quern_train_options options = quern_train_options_default();
  char text[64];
  command_result result = run("train", "--help");
  assert_code(&result, 0);
  snprintf(text, sizeof text, " %zu", options.epochs);
  assert_default(result.out, "--epochs ", text);
  snprintf(text, sizeof text, " %llu", (unsigned long long)options.seed);
  assert_default(result.out, "--seed ", text);
  assert_default(result.out, "--optimizer ", quern_optimizer_name(options.optimizer.kind));
  assert_default(result.out, "--schedule ", quern_schedule_name(options.schedule.kind));
  assert_ok(quern_train_options_resolve(&options, 1000000));
  snprintf(text, sizeof text, " %zu", options.batch);
  assert_default(result.out, "--batch ", text);
  result_free(&result);
}

/* The default learning rates do not fit into a line of help. */
static void test_manual(void **state) {
  (void)state;
  command_result result = run("--help-manual");
  assert_code(&result, 0);
  char *rates = default_of(result.out, ".It Fl Fl lr ", "\n.It");
  for (int kind = 0; kind <= QUERN_OPTIMIZER_RMSPROP; kind++) {
    char text[64];
    snprintf(text, sizeof text, "%g", quern_optimizer_usual_rate((quern_optimizer_kind)kind));
    assert_says(rates, text);
  }
  free(rates);
  result_free(&result);
}

int main(void) {
  const struct CMUnitTest tests[] = {QUERN_TEST(test_same_training), QUERN_TEST(test_help),
                                     QUERN_TEST(test_manual)};
  return cmocka_run_group_tests(tests, NULL, NULL);
}
