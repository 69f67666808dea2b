/* Networks, saved and loaded. */
#include "model_test.h"
#include <locale.h>

/* Every activation, slopes, and both kinds of freezing. */
static quern_network *make_network(void) {
  quern_layer layers[] = {
      quern_dense(5, QUERN_ACTIVATION_RELU),    quern_dense(1, QUERN_ACTIVATION_LEAKY_RELU),
      quern_dense(3, QUERN_ACTIVATION_SIGMOID), quern_dense(2, QUERN_ACTIVATION_IDENTITY),
      quern_dense(4, QUERN_ACTIVATION_TANH),    quern_dense(33, QUERN_ACTIVATION_LEAKY_RELU),
      quern_dense(35, QUERN_ACTIVATION_RELU),   quern_dense(2, QUERN_ACTIVATION_ELU),
      quern_dense(3, QUERN_ACTIVATION_ELU),     quern_dense(2, QUERN_ACTIVATION_SELU),
      quern_dense(3, QUERN_ACTIVATION_GELU),    quern_dense(2, QUERN_ACTIVATION_GELU_TANH),
      quern_dense(3, QUERN_ACTIVATION_SILU),    quern_dense(2, QUERN_ACTIVATION_SOFTPLUS),
      quern_dense(2, QUERN_ACTIVATION_IDENTITY)};
  layers[1].activation.slope = 0.2f;
  layers[0].freeze_bias = true;
  layers[3].freeze_weights = true;
  layers[7].activation.slope = 1.5f;
  layers[14].freeze_weights = layers[14].freeze_bias = true;
  quern_network *network = NULL;
  assert_ok(quern_network_create(7, layers, sizeof layers / sizeof *layers, QUERN_LOSS_ELEMENTWISE,
                                 &network));
  fill_network(network);
  return network;
}

static void test_round_trip(void **state) {
  (void)state;
  quern_network *network = make_network(), *loaded = NULL;
  assert_ok(quern_model_save(network, path_of("model")));
  /* The file takes precedence over the options. */
  quern_model_options options = quern_model_options_default();
  options.activation = quern_activation_of(QUERN_ACTIVATION_TANH);
  options.loss = QUERN_LOSS_SQUARED;
  assert_ok(quern_model_load(path_of("model"), &options, &loaded));
  assert_same_network(network, loaded);
  /* The same network gives the same bytes, also over an existing file. */
  size_t size, again;
  unsigned char *bytes = read_bytes(path_of("model"), &size);
  assert_ok(quern_model_save(loaded, path_of("model")));
  unsigned char *second = read_bytes(path_of("model"), &again);
  assert_int_equal(size, again);
  assert_memory_equal(bytes, second, size);
  assert_int_equal(count_files(), 1);
  free(bytes);
  free(second);
  quern_network_free(loaded);
  quern_network_free(network);
}

/* Dropout is a module of torch.nn.Sequential. The file mentions it only if a layer has it. */
static void test_dropout(void **state) {
  (void)state;
  quern_layer layers[] = {
      quern_dense(2, QUERN_ACTIVATION_RELU), quern_dense(3, QUERN_ACTIVATION_IDENTITY),
      quern_dense(2, QUERN_ACTIVATION_TANH), quern_dense(1, QUERN_ACTIVATION_IDENTITY)};
  layers[0].dropout = 0.2f;
  layers[1].dropout = 0.5f;
  quern_network *network = NULL, *loaded = NULL;
  assert_ok(quern_network_create(3, layers, 4, QUERN_LOSS_SQUARED, &network));
  fill_network(network);
  assert_ok(quern_model_save(network, path_of("model")));
  assert_ok(quern_model_load(path_of("model"), NULL, &loaded));
  assert_same_network(network, loaded);
  size_t size;
  unsigned char *bytes = read_bytes(path_of("model"), &size);
  bytes[size] = '\0';
  static const char *const parts[] = {"\"quern.dropout\":\"0.2,0.5,0,0\"", "\"0.weight\"",
                                      "\"3.weight\"", "\"5.weight\"", "\"7.bias\""};
  for (size_t i = 0; i < 5; i++) assert_non_null(strstr((const char *)bytes + 8, parts[i]));
  free(bytes);
  quern_network_free(loaded);
  quern_network_free(network);
#define DROPOUT(text)                                                                              \
  "{\"__metadata__\":{\"quern.dropout\":\"" text                                                   \
  "\"}," WEIGHT("0.weight", 2, 1, 0, 8) "," WEIGHT("1.weight", 1, 2, 8, 16) "}"
  static const char *const wrong[][2] = {
      {DROPOUT("0.5"), "1 numbers, expected one for each of the 2 layers"},
      {DROPOUT("0.5,0,0"), "3 numbers"},
      {DROPOUT("1,0"), "\"1\", expected at least 0 and less than 1"},
      {DROPOUT("-1,0"), "\"-1\""},
      {DROPOUT("nan,0"), "\"nan\""},
      {DROPOUT(",0"), "\"\", expected"},
      {DROPOUT("0.5x,0"), "\"0.5x\""},
      {DROPOUT("0,0.5"), "the last layer has a dropout of 0.5"}};
  for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
    write_header(path_of("wrong"), wrong[i][0], strlen(wrong[i][0]), 16);
    load_fails(path_of("wrong"), QUERN_ERROR_FORMAT, wrong[i][1]);
  }
}

static void test_bytes(void **state) {
  (void)state;
  quern_layer layers[] = {quern_dense(2, QUERN_ACTIVATION_LEAKY_RELU),
                          quern_dense(1, QUERN_ACTIVATION_IDENTITY)};
  layers[0].activation.slope = 0.25f;
  layers[1].freeze_bias = true;
  quern_network *network = NULL;
  assert_ok(quern_network_create(3, layers, 2, QUERN_LOSS_BINARY, &network));
  const float first[] = {11, 21, 12, 22, 13, 23}, bias[] = {1, 2}, second[] = {3, 4}, last = 5;
  assert_ok(quern_network_set_layer(network, 0, first, bias));
  assert_ok(quern_network_set_layer(network, 1, second, &last));
  assert_ok(quern_model_save(network, path_of("model")));
  quern_network_free(network);
  size_t size;
  unsigned char *bytes = read_bytes(path_of("model"), &size);
  static const char header[] =
      "{\"__metadata__\":{\"format\":\"pt\",\"quern.version\":\"" QUERN_VERSION
      "\",\"quern.activations\":\"leaky-relu:0.25,identity\",\"quern.loss\":\"binary\",\"quern."
      "frozen\":\"2.bias\"}," WEIGHT("0.weight", 2, 3, 0, 24) "," BIAS(
          "0.bias", 2, 24, 32) "," WEIGHT("2.weight", 1, 2, 32, 40) "," BIAS("2.bias", 1, 40,
                                                                             44) "}";
  size_t length = bytes[0] + 256u * bytes[1], written = strlen(header);
  assert_int_equal(length % 8, 0);
  assert_in_range(length, written, written + 7);
  assert_memory_equal(bytes + 8, header, written);
  for (size_t i = written; i < length; i++) assert_int_equal(bytes[8 + i], ' ');
  const float expected[] = {11, 12, 13, 21, 22, 23, 1, 2, 3, 4, 5}; /* [out][in] */
  assert_int_equal(size, 8 + length + sizeof expected);
  for (size_t i = 0; i < sizeof expected / sizeof *expected; i++) {
    uint32_t bits, found = 0;
    memcpy(&bits, &expected[i], sizeof bits);
    for (size_t j = 4; j-- > 0;) found = found << 8 | bytes[8 + length + 4 * i + j];
    assert_int_equal(found, bits);
  }
  free(bytes);
}

/* A file that PyTorch's writer made of a model.state_dict(). */
static void test_pytorch_file(void **state) {
  (void)state;
  quern_network *network = NULL;
  assert_ok(quern_model_load(QUERN_TEST_DATA "/../pytorch/initial.safetensors", NULL, &network));
  assert_int_equal(quern_network_layer_count(network), 3);
  assert_int_equal(quern_network_inputs(network), 784);
  assert_int_equal(quern_network_loss(network), QUERN_LOSS_CATEGORICAL);
  static const size_t units[] = {32, 16, 10};
  for (size_t l = 0; l < 3; l++) {
    quern_layer layer = quern_network_layer(network, l);
    assert_int_equal(layer.units, units[l]);
    assert_int_equal(layer.activation.kind,
                     l < 2 ? QUERN_ACTIVATION_RELU : QUERN_ACTIVATION_IDENTITY);
    assert_false(layer.freeze_weights || layer.freeze_bias);
  }
  quern_network_free(network);
}

static void test_options(void **state) {
  (void)state;
  const char *path = path_of("plain");
  const char *header =
      "{" WEIGHT("fc1.weight", 2, 1, 0, 8) "," WEIGHT("fc2.weight", 1, 2, 8, 16) "}";
  write_header(path, header, strlen(header), 16);
  quern_model_options options = quern_model_options_default();
  options.activation = (quern_activation){QUERN_ACTIVATION_LEAKY_RELU, 0.5f};
  options.loss = QUERN_LOSS_SQUARED;
  quern_network *network = NULL;
  assert_ok(quern_model_load(path, &options, &network));
  assert_int_equal(quern_network_layer(network, 0).activation.kind, QUERN_ACTIVATION_LEAKY_RELU);
  assert_true(quern_network_layer(network, 0).activation.slope == 0.5f);
  assert_int_equal(quern_network_layer(network, 1).activation.kind, QUERN_ACTIVATION_IDENTITY);
  assert_int_equal(quern_network_loss(network), QUERN_LOSS_SQUARED);
  quern_network_free(network);
  options.size = 0;
  assert_int_equal(quern_model_load(path, &options, &network), QUERN_ERROR_ARGUMENT);
  options.size = sizeof options;
  options.loss = (quern_loss)99;
  assert_int_equal(quern_model_load(path, &options, &network), QUERN_ERROR_ARGUMENT);
  options.loss = QUERN_LOSS_BINARY;
  options.activation.kind = (quern_activation_kind)99;
  assert_int_equal(quern_model_load(path, &options, &network), QUERN_ERROR_ARGUMENT);
  assert_int_equal(quern_model_load(NULL, NULL, &network), QUERN_ERROR_ARGUMENT);
  assert_int_equal(quern_model_load(path, NULL, NULL), QUERN_ERROR_ARGUMENT);
  assert_int_equal(quern_model_save(NULL, path), QUERN_ERROR_ARGUMENT);
}

/* A missing bias is zero and frozen, and is written like any other. */
static void test_missing_bias(void **state) {
  (void)state;
  const char *path = path_of("model");
  const char *header = "{" WEIGHT("a.weight", 2, 2, 0, 16) "," WEIGHT(
      "b.weight", 1, 2, 16, 24) "," BIAS("b.bias", 1, 24, 28) "}";
  write_header(path, header, strlen(header), 28);
  quern_network *network = NULL, *again = NULL;
  assert_ok(quern_model_load(path, NULL, &network));
  float weights[4], bias[2] = {7, 7};
  assert_ok(quern_network_get_layer(network, 0, weights, bias));
  assert_true(weights[0] == 0 && weights[1] == 2 && weights[2] == 1 && weights[3] == 3);
  assert_true(bias[0] == 0 && bias[1] == 0);
  assert_true(quern_network_layer(network, 0).freeze_bias);
  assert_false(quern_network_layer(network, 0).freeze_weights);
  assert_false(quern_network_layer(network, 1).freeze_bias);
  assert_ok(quern_network_get_layer(network, 1, NULL, bias));
  assert_true(bias[0] == 6);
  assert_ok(quern_model_save(network, path));
  assert_ok(quern_model_load(path, NULL, &again));
  assert_same_network(network, again);
  quern_network_free(network);
  quern_network_free(again);
}

/* Twelve layers of 1, 2, 3 … units. Byte order would sort their names differently, and the file has
 * them backwards. */
static void check_order(const char *format) {
  char header[4096];
  size_t length = 0;
  enum { LAYERS = 12 };
  header[length++] = '{';
  size_t position = 0;
  for (size_t l = LAYERS; l-- > 0;) {
    char name[64];
    snprintf(name, sizeof name, format, (int)l);
    size_t bytes = 4 * (l + 1) * (l + 2);
    length += (size_t)snprintf(
        header + length, sizeof header - length,
        "%s\"%s.weight\":{\"dtype\":\"F32\",\"shape\":[%zu,%zu],\"data_offsets\":[%zu,%zu]}",
        position > 0 ? "," : "", name, l + 2, l + 1, position, position + bytes);
    position += bytes;
  }
  header[length++] = '}';
  write_header(path_of("order"), header, length, position);
  quern_network *network = NULL;
  assert_ok(quern_model_load(path_of("order"), NULL, &network));
  assert_int_equal(quern_network_layer_count(network), LAYERS);
  for (size_t l = 0; l < LAYERS; l++)
    assert_int_equal(quern_network_layer(network, l).units, l + 2);
  quern_network_free(network);
}

static void test_natural_order(void **state) {
  (void)state;
  check_order("%d");
  check_order("fc%d");
  check_order("layers.%d");
  check_order("block%d.linear");
  check_order("m.000%d.x");
}

/* Slopes are read back exactly, whatever the locale's decimal point. */
static void test_slopes(void **state) {
  (void)state;
  static const float slopes[] = {
      0.0f, 0.01f, 0.1f, 1.0f / 3.0f, 1e-30f, 1.401298464e-45f, 123456.789f, 3.4028235e38f};
  static const char *const commas[] = {"de_DE.UTF-8", "de_DE.utf8", "fr_FR.UTF-8"};
  for (size_t i = 0; i < sizeof commas / sizeof *commas; i++)
    if (setlocale(LC_ALL, commas[i]) != NULL) break;
  for (size_t i = 0; i < sizeof slopes / sizeof *slopes; i++) {
    quern_layer layers[] = {quern_dense(1, QUERN_ACTIVATION_LEAKY_RELU),
                            quern_dense(1, QUERN_ACTIVATION_IDENTITY)};
    layers[0].activation.slope = slopes[i];
    quern_network *network = NULL, *loaded = NULL;
    assert_ok(quern_network_create(1, layers, 2, QUERN_LOSS_CATEGORICAL, &network));
    assert_ok(quern_model_save(network, path_of("model")));
    assert_ok(quern_model_load(path_of("model"), NULL, &loaded));
    assert_same_network(network, loaded);
    quern_network_free(network);
    quern_network_free(loaded);
  }
  setlocale(LC_ALL, "C");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      MODEL_TEST(test_round_trip),    MODEL_TEST(test_dropout), MODEL_TEST(test_bytes),
      MODEL_TEST(test_pytorch_file),  MODEL_TEST(test_options), MODEL_TEST(test_missing_bias),
      MODEL_TEST(test_natural_order), MODEL_TEST(test_slopes),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}
