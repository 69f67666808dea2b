/* Model files that are wrong, incomplete or damaged. */
#include "model_test.h"

static const struct bad_model {
  const char *header;
  size_t data_bytes;
  quern_status status;
  const char *part;
} bad_models[] = {
    {"{}", 0, QUERN_ERROR_FORMAT, "has no tensors"},
    {"{" WEIGHT("0.weight", 2, 3, 0, 24) "," WEIGHT("2.weight", 1, 3, 24, 36) "}", 36,
     QUERN_ERROR_SHAPE,
     "\"2.weight\" is [1, 3] with 3 inputs, but \"0.weight\" before it is [2, 3] with 2 outputs"},
    {"{" WEIGHT("0.weight", 2, 1, 0, 8) "," BIAS("0.bias", 1, 8, 12) "}", 12, QUERN_ERROR_SHAPE,
     "\"0.bias\" is [1], but \"0.weight\" is [2, 1]"},
    {"{" BIAS("0.bias", 1, 0, 4) "}", 4, QUERN_ERROR_FORMAT, "\"0.weight\" is missing"},
    {"{" WEIGHT("1.weight", 1, 1, 0, 4) "," BIAS("01.bias", 1, 4, 8) "}", 8, QUERN_ERROR_FORMAT,
     "\"01.weight\" is missing"},
    {"{" WEIGHT("0.weight", 1, 1, 0, 4) "," BIAS("1.alpha", 1, 4, 8) "}", 8, QUERN_ERROR_FORMAT,
     "tensor \"1.alpha\": expected"},
    {"{" WEIGHT("weight", 1, 1, 0, 4) "}", 4, QUERN_ERROR_FORMAT, "tensor \"weight\": expected"},
    {"{" WEIGHT(".weight", 1, 1, 0, 4) "}", 4, QUERN_ERROR_FORMAT, "tensor \".weight\": expected"},
    {"{" BIAS("0.weight", 1, 0, 4) "}", 4, QUERN_ERROR_FORMAT,
     "\"0.weight\" belongs to a normalization, expected a dense layer right before it"},
    {"{" WEIGHT("0.weight", 1, 1, 0, 4) "," WEIGHT("0.bias", 1, 1, 4, 8) "}", 8, QUERN_ERROR_FORMAT,
     "\"0.bias\": has 2 dimensions, expected 1"},
    {"{" WEIGHT("0.weight", 0, 3, 0, 0) "}", 0, QUERN_ERROR_FORMAT,
     "\"0.weight\": dimension 0 is 0"},
    {"{" WEIGHT("0.weight", 3, 0, 0, 0) "}", 0, QUERN_ERROR_FORMAT,
     "\"0.weight\": dimension 1 is 0"},
    {"{\"0.weight\":{\"dtype\":\"I16\",\"shape\":[1,2],\"data_offsets\":[0,4]}}", 4,
     QUERN_ERROR_FORMAT, "\"0.weight\": dtype is I16, expected F32"},
};

static void test_bad_models(void **state) {
  (void)state;
  const char *path = path_of("bad");
  for (size_t i = 0; i < sizeof bad_models / sizeof *bad_models; i++) {
    write_header(path, bad_models[i].header, strlen(bad_models[i].header),
                 bad_models[i].data_bytes);
    load_fails(path, bad_models[i].status, bad_models[i].part);
  }
}

/* Two layers, 1-2-1, with the given metadata. */
static void write_metadata(const char *path, const char *metadata) {
  char header[1024];
  int length = snprintf(header, sizeof header, "{\"__metadata__\":{%s},%s}", metadata,
                        WEIGHT("0.weight", 2, 1, 0, 8) "," BIAS("0.bias", 2, 8, 16) "," WEIGHT(
                            "2.weight", 1, 2, 16, 24));
  write_header(path, header, (size_t)length, 24);
}

static void test_bad_metadata(void **state) {
  (void)state;
  static const struct {
    const char *metadata, *part;
  } bad[] = {
      {"\"quern.activations\":\"relu\"",
       "\"quern.activations\": 1 activations, expected one for each of the 2"},
      {"\"quern.activations\":\"relu,relu,identity\"",
       "\"quern.activations\": more activations than the 2 layers"},
      {"\"quern.activations\":\"\"", "\"quern.activations\": unknown activation \"\""},
      {"\"quern.activations\":\"relu,\"", "\"quern.activations\": unknown activation \"\""},
      {"\"quern.activations\":\"ReLU,identity\"",
       "\"quern.activations\": unknown activation \"ReLU\""},
      {"\"quern.activations\":\"relu:0.1,identity\"",
       "\"quern.activations\": \"relu:0.1\", expected a slope"},
      {"\"quern.activations\":\"leaky-relu:,identity\"", "expected a slope"},
      {"\"quern.activations\":\"leaky-relu:-1,identity\"", "expected a slope"},
      {"\"quern.activations\":\"leaky-relu:nan,identity\"", "expected a slope"},
      {"\"quern.activations\":\"leaky-relu:1e99,identity\"", "expected a slope"},
      {"\"quern.activations\":\"leaky-relu:0.1x,identity\"", "expected a slope"},
      {"\"quern.activations\":\"leaky-relu: 0.1,identity\"", "expected a slope"},
      {"\"quern.activations\":\"relu,relu\"", "layer"},
      {"\"quern.loss\":\"hinge\"", "\"quern.loss\": unknown loss \"hinge\""},
      {"\"quern.frozen\":\"1.weight\"", "\"quern.frozen\": there is no tensor \"1.weight\""},
      {"\"quern.frozen\":\"2.bias\"", "\"quern.frozen\": there is no tensor \"2.bias\""},
      {"\"quern.frozen\":\"0\"", "\"quern.frozen\": there is no tensor \"0\""},
      {"\"quern.frozen\":\"0.bias,\"", "\"quern.frozen\": there is no tensor \"\""},
      {"\"quern.frozen\":\"0.bias, 0.weight\"",
       "\"quern.frozen\": there is no tensor \" 0.weight\""},
      {"\"quern.momentum\":\"0.5\"", "\"quern.momentum\" is not known"},
  };
  const char *path = path_of("bad");
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    write_metadata(path, bad[i].metadata);
    load_fails(path, QUERN_ERROR_FORMAT, bad[i].part);
  }
}

static void test_partial_metadata(void **state) {
  (void)state;
  write_metadata(
      path_of("model"),
      "\"quern.frozen\":\"0.weight,0.bias\",\"quern.loss\":\"squared\",\"author\":\"me\"");
  quern_network *network = NULL;
  assert_ok(quern_model_load(path_of("model"), NULL, &network));
  assert_true(quern_network_layer(network, 0).freeze_weights &&
              quern_network_layer(network, 0).freeze_bias);
  assert_int_equal(quern_network_layer(network, 0).activation.kind, QUERN_ACTIVATION_RELU);
  assert_int_equal(quern_network_loss(network), QUERN_LOSS_SQUARED);
  quern_network_free(network);
}

static void write_small_model(void) {
  quern_layer layers[] = {quern_dense(2, QUERN_ACTIVATION_LEAKY_RELU),
                          quern_dense(1, QUERN_ACTIVATION_IDENTITY)};
  layers[0].activation.slope = 0.2f;
  layers[0].freeze_bias = true;
  quern_network *network = NULL;
  assert_ok(quern_network_create(1, layers, 2, QUERN_LOSS_SQUARED, &network));
  fill_network(network);
  assert_ok(quern_model_save(network, path_of("model")));
  quern_network_free(network);
}

/* Every proper prefix of a file is an error, and so is one byte more. */
static void test_truncated(void **state) {
  (void)state;
  write_small_model();
  size_t size;
  unsigned char *bytes = read_bytes(path_of("model"), &size);
  const char *path = path_of("cut");
  for (size_t length = 0; length < size; length++) {
    write_bytes(path, bytes, length);
    load_fails(path, QUERN_ERROR_FORMAT, "");
  }
  bytes[size] = 0; /* read_bytes allocates one more */
  write_bytes(path, bytes, size + 1);
  load_fails(path, QUERN_ERROR_FORMAT, "the tensors end at");
  free(bytes);
}

/* Each byte of the header changed: the result is a network or an error. */
static void test_corrupted(void **state) {
  (void)state;
  static const char changes[] = {'{', '}', '[', ']', '"', '\\', ',',   ':',
                                 '0', '9', ' ', 'a', '.', '\0', '\xff'};
  write_small_model();
  quern_network *network = NULL;
  size_t size, loaded = 0, refused = 0;
  unsigned char *bytes = read_bytes(path_of("model"), &size);
  size_t header_end = 8 + bytes[0] + 256u * bytes[1];
  const char *path = path_of("changed");
  for (size_t i = 0; i < header_end; i++) {
    unsigned char old = bytes[i];
    for (size_t c = 0; c < sizeof changes; c++) {
      bytes[i] = (unsigned char)changes[c];
      write_bytes(path, bytes, size);
      if (quern_model_load(path, NULL, &network) == QUERN_OK)
        loaded++;
      else
        refused++;
      quern_network_free(network);
    }
    bytes[i] = old;
  }
  free(bytes);
  assert_true(refused > 9 * loaded);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      MODEL_TEST(test_bad_models), MODEL_TEST(test_bad_metadata), MODEL_TEST(test_partial_metadata),
      MODEL_TEST(test_truncated),  MODEL_TEST(test_corrupted),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}
