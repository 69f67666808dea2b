/* Networks with normalizations, saved and loaded under the names of torch.nn.Sequential; and
 * errors. */
#include "model_test.h"
#include "network/network.h"
#include "plain_options.h"

#define TENSOR(name, type, shape, begin, end)                                                      \
  "\"" name "\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end "]}"
#define F32(name, shape, begin, end) TENSOR(name, "F32", shape, begin, end)

/* All numbers of the flat range differ, running statistics included. */
static quern_network *make_network(void) {
  quern_layer layers[] = {
      quern_dense(3, QUERN_ACTIVATION_RELU), quern_dense(2, QUERN_ACTIVATION_IDENTITY),
      quern_dense(4, QUERN_ACTIVATION_TANH), quern_dense(2, QUERN_ACTIVATION_IDENTITY)};
  layers[0].normalization = quern_normalization_of(QUERN_NORMALIZATION_BATCH);
  layers[0].dropout = 0.25f;
  layers[1].normalization = (quern_normalization){QUERN_NORMALIZATION_LAYER, 0.001f};
  layers[3].normalization = (quern_normalization){QUERN_NORMALIZATION_BATCH, 0.0f};
  layers[3].freeze_bias = true;
  quern_network *network = NULL;
  assert_ok(quern_network_create(5, layers, 4, QUERN_LOSS_SQUARED, &network));
  for (size_t i = 0; i < network->shape.flat_count; i++)
    network->parameters[i] = 0.5f + (float)i / 256;
  network->batches = 0x100000002u;
  return network;
}

static void test_round_trip(void **state) {
  (void)state;
  quern_network *network = make_network(), *loaded = NULL;
  assert_ok(quern_model_save(network, path_of("model")));
  assert_ok(quern_model_load(path_of("model"), NULL, &loaded));
  assert_same_network(network, loaded);
  assert_true(quern_network_batches(loaded) == 0x100000002u);
  size_t size;
  unsigned char *bytes = read_bytes(path_of("model"), &size);
  bytes[size] = '\0';
  /* Linear, BatchNorm1d, ReLU, Dropout, Linear, LayerNorm, Linear, Tanh, Linear, BatchNorm1d.
   * Tensors of 8 bytes come first. */
  static const char *const parts[] = {
      "\"quern.normalization\":\"batch,layer:0.001,none,batch:0\"",
      "\"quern.dropout\":\"0.25,0,0,0\"",
      "\"quern.frozen\":\"8.bias\"",
      TENSOR("1.num_batches_tracked", "I64", "[]", 0, 8) "," TENSOR("9.num_batches_tracked", "I64",
                                                                    "[]", 8, 16) ",\"0.weight",
      "\"0.bias\"",
      "\"1.weight\"",
      "\"1.bias\"",
      "\"1.running_mean\"",
      "\"1.running_var\"",
      "\"4.weight\"",
      "\"5.weight\"",
      "\"5.bias\"",
      "\"6.weight\"",
      "\"8.weight\"",
      "\"9.running_var\""};
  for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
    if (strstr((const char *)bytes + 8, parts[i]) == NULL)
      fail_msg("%s is not in %s", parts[i], (const char *)bytes + 8);
  free(bytes);
  quern_network_free(loaded);
  quern_network_free(network);
}

/* As torch.save writes a state_dict, without metadata; a Linear without bias precedes the
 * normalization. */
static void test_without_metadata(void **state) {
  (void)state;
  static const char header[] =
      "{" F32("0.weight", "[2,1]", 0, 8) "," F32("1.weight", "[2]", 8, 16) "," F32(
          "1.bias", "[2]", 16, 24) "," F32("1.running_mean", "[2]", 24,
                                           32) "," F32("1.running_var", "[2]", 32,
                                                       40) "," F32("3.weight", "[1,2]", 40,
                                                                   48) "," F32("4.weight", "[1]",
                                                                               48, 52) "}";
  quern_network *network = NULL;
  write_header(path_of("plain"), header, strlen(header), 52);
  assert_ok(quern_model_load(path_of("plain"), NULL, &network));
  const quern_layer first = quern_network_layer(network, 0),
                    second = quern_network_layer(network, 1);
  assert_int_equal(first.normalization.kind, QUERN_NORMALIZATION_BATCH);
  assert_true(first.normalization.epsilon == 1e-5f);
  assert_int_equal(second.normalization.kind, QUERN_NORMALIZATION_LAYER);
  assert_false(first.freeze_bias || second.freeze_bias);
  float gamma[2], beta[2], mean[2], variance[2], weights[2], bias[2];
  assert_ok(quern_network_get_layer(network, 0, weights, bias));
  assert_ok(quern_network_get_normalization(network, 0, gamma, beta, mean, variance));
  for (size_t i = 0; i < 2; i++) {
    assert_true(weights[i] == (float)i && bias[i] == 0 && gamma[i] == (float)(2 + i) &&
                beta[i] == (float)(4 + i));
    assert_true(mean[i] == (float)(6 + i) && variance[i] == (float)(8 + i));
  }
  assert_ok(quern_network_get_normalization(network, 1, gamma, beta, NULL, NULL));
  assert_true(gamma[0] == 12 && beta[0] == 0);
  quern_network_free(network);
}

static void test_bad_files(void **state) {
  (void)state;
#define DENSE      F32("0.weight", "[2,1]", 0, 8)
#define META(text) "\"__metadata__\":{\"quern.normalization\":\"" text "\"},"
  static const struct {
    const char *header;
    size_t bytes;
    quern_status status;
    const char *part;
  } cases[] = {
      {"{" F32("0.weight", "[2]", 0, 8) "}", 8, QUERN_ERROR_FORMAT,
       "expected a dense layer right before it"},
      {"{" DENSE "," F32("1.weight", "[2]", 8, 16) "," F32("2.weight", "[2]", 16, 24) "}", 24,
       QUERN_ERROR_FORMAT, "\"2.weight\" belongs to a normalization, expected a dense layer"},
      {"{" DENSE "," F32("2.weight", "[2]", 8, 16) "}", 16, QUERN_ERROR_UNSUPPORTED,
       "does not directly follow \"0.weight\""},
      {"{" DENSE "," F32("1.weight", "[3]", 8, 20) "}", 20, QUERN_ERROR_SHAPE,
       "\"1.weight\" is [3], but \"0.weight\""},
      {"{" DENSE "," F32("1.weight", "[2]", 8, 16) "," F32("1.running_mean", "[2]", 16, 24) "}", 24,
       QUERN_ERROR_FORMAT, "\"1\" has one of running_mean and running_var"},
      {"{" DENSE
       "," F32("1.running_mean", "[2]", 8, 16) "," F32("1.running_var", "[2]", 16, 24) "}",
       24, QUERN_ERROR_FORMAT, "\"1.weight\" is missing"},
      {"{" DENSE "," F32("0.running_mean", "[2]", 8, 16) "}", 16, QUERN_ERROR_FORMAT,
       "\"0.weight\" is missing"},
      {"{" DENSE "," F32("1.num_batches_tracked", "[]", 8, 12) "}", 12, QUERN_ERROR_FORMAT,
       "dtype is F32, expected I64"},
      {"{" DENSE "," TENSOR("1.num_batches_tracked", "I64", "[1]", 8, 16) "}", 16,
       QUERN_ERROR_FORMAT, "has 1 dimensions, expected none"},
      {"{" META("batch") DENSE "}", 8, QUERN_ERROR_FORMAT,
       "layer 0 has \"batch\", but its tensors are those of \"none\""},
      {"{" META("none,none") DENSE "}", 8, QUERN_ERROR_FORMAT,
       "2 normalizations, expected one for each of the 1"},
      {"{" META("group") DENSE "}", 8, QUERN_ERROR_FORMAT, "unknown normalization \"group\""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    quern_network *network = (quern_network *)(uintptr_t)1;
    write_header(path_of("bad"), cases[i].header, strlen(cases[i].header), cases[i].bytes);
    assert_int_equal(quern_model_load(path_of("bad"), NULL, &network), cases[i].status);
    assert_null(network);
    assert_error_says(path_of("bad"), cases[i].part, NULL);
  }
}

/* A checkpoint's flat range, listed by parts. The optimizer's state has trainable parameters
 * only. */
static void test_inspect_checkpoint(void **state) {
  (void)state;
  quern_layer layers[] = {quern_dense(3, QUERN_ACTIVATION_RELU),
                          quern_dense(2, QUERN_ACTIVATION_IDENTITY)};
  static const float values[] = {1, 2, 3, 4};
  static const int32_t labels[] = {0, 1, 1, 0};
  quern_network *network;
  quern_dataset *data;
  quern_context *context;
  quern_trainer *trainer;
  quern_epoch epoch;
  quern_inspection *file;
  quern_train_options options = plain_train_options();
  layers[0].normalization = quern_normalization_of(QUERN_NORMALIZATION_BATCH);
  options.optimizer = quern_optimizer_of(QUERN_OPTIMIZER_MOMENTUM, 0.1);
  assert_ok(quern_context_create("reference", &context));
  assert_ok(quern_network_create(1, layers, 2, QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 1));
  assert_ok(quern_dataset_from_floats(values, labels, 4, 1, &data));
  assert_ok(quern_trainer_create(context, network, data, NULL, &options, &trainer));
  assert_ok(quern_trainer_epoch(trainer, &epoch));
  assert_ok(quern_trainer_save(trainer, path_of("checkpoint")));
  assert_ok(quern_inspect(path_of("checkpoint"), &file));
  static const char *const names[] = {
      "parameters: layer 0 weights",      "parameters: layer 0 bias",
      "parameters: layer 0 gamma",        "parameters: layer 0 beta",
      "parameters: layer 0 running mean", "parameters: layer 0 running variance",
      "parameters: layer 1 weights",      "parameters: layer 1 bias",
      "momentum: layer 0 weights",        "momentum: layer 0 bias",
      "momentum: layer 0 gamma",          "momentum: layer 0 beta",
      "momentum: layer 1 weights",        "momentum: layer 1 bias"};
  assert_int_equal(quern_inspection_tensor_count(file), sizeof names / sizeof *names);
  for (size_t i = 0; i < sizeof names / sizeof *names; i++)
    assert_string_equal(quern_inspection_tensor(file, i).name, names[i]);
  quern_inspection_free(file);
  quern_trainer_free(trainer);
  quern_dataset_free(data);
  quern_network_free(network);
  quern_context_free(context);
}

int main(void) {
  const struct CMUnitTest tests[] = {MODEL_TEST(test_round_trip), MODEL_TEST(test_without_metadata),
                                     MODEL_TEST(test_bad_files),
                                     MODEL_TEST(test_inspect_checkpoint)};
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}
