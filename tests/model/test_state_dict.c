/* Files of other programs: which tensors are used, in which order, and what the note reports. */
#include "model_test.h"

#define TENSOR(name, type, shape, begin, end)                                                      \
  "\"" name "\":{\"dtype\":\"" type "\",\"shape\":" shape ",\"data_offsets\":[" #begin "," #end "]}"
#define F32(name, shape, begin, end) TENSOR(name, "F32", shape, begin, end)

static quern_network *load_header(const char *header, size_t bytes) {
  quern_network *network = NULL;
  write_header(path_of("model"), header, strlen(header), bytes);
  assert_ok(quern_model_load(path_of("model"), NULL, &network));
  return network;
}

static void assert_note(const quern_network *network, const char *part) {
  if (strstr(quern_network_note(network), part) == NULL)
    fail_msg("the note is \"%s\", expected \"%s\"", quern_network_note(network), part);
}

#define ASSUMED                                                                                    \
  "the file does not name its activations and loss: relu in hidden layers and categorical as the " \
  "loss are assumed"

/* A loss with a weight per class is saved with the model that owns it. */
static void test_tensors_of_losses_are_left_out(void **state) {
  (void)state;
  static const char *const names[] = {"criterion.weight",  "loss_fct.weight",
                                      "train.loss.weight", "Loss.pos_weight",
                                      "criterion.weight",  "bce_loss.pos_weight"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    char header[512], note[128];
    snprintf(header, sizeof header,
             "{" F32("fc1.weight", "[2,1]", 0, 8) "," F32("fc2.weight", "[2,2]", 8,
                                                          24) "," F32("%s", "[2]", 24, 32) "}",
             names[i]);
    snprintf(note, sizeof note, "\"%s\" belongs to a loss and is left out", names[i]);
    quern_network *network = load_header(header, 32);
    assert_int_equal(quern_network_layer_count(network), 2);
    assert_int_equal(quern_network_layer(network, 0).normalization.kind, QUERN_NORMALIZATION_NONE);
    assert_int_equal(quern_network_layer(network, 1).normalization.kind, QUERN_NORMALIZATION_NONE);
    assert_note(network, note);
    assert_note(network, ASSUMED);
    quern_network_free(network);
  }
}

/* PReLU has one-dimensional weights too. */
static void test_a_normalization_is_one_by_name_or_tensors(void **state) {
  (void)state;
  static const struct {
    const char *header, *note;
  } used[] = {
      {"{" F32("a.weight", "[2,1]", 0, 8) "," F32("a_norm.weight", "[2]", 8, 16) "}",
       "\"a_norm\" is assumed to be between \"a\" and its activation"},
      {"{" F32("b.weight", "[2,1]", 0, 8) "," F32("bn1.weight", "[2]", 8, 16) "}", "\"bn1\""},
      {"{" F32("b.weight", "[2,1]", 0, 8) "," F32("x.weight", "[2]", 8, 16) "," F32("x.bias", "[2]",
                                                                                    16, 24) "}",
       "\"x\" is assumed to be between"},
      {"{" F32("net.0.weight", "[2,1]", 0, 8) "," F32("net.1.weight", "[2]", 8, 16) "}",
       "\"net.1\" is assumed to be a LayerNorm without bias"},
  };
  for (size_t i = 0; i < sizeof used / sizeof *used; i++) {
    quern_network *network = load_header(used[i].header, i == 2 ? 24 : 16);
    assert_int_equal(quern_network_layer(network, 0).normalization.kind, QUERN_NORMALIZATION_LAYER);
    assert_note(network, used[i].note);
    quern_network_free(network);
  }
  static const struct {
    const char *header, *part;
    quern_status status;
  } refused[] = {
      {"{" F32("a.weight", "[2,1]", 0, 8) "," F32("act.weight", "[2]", 8, 16) "}",
       "\"act.weight\" has one dimension, and neither its name nor a bias",
       QUERN_ERROR_UNSUPPORTED},
      {"{" F32("net.0.weight", "[2,1]", 0, 8) "," F32("net.2.weight", "[2]", 8, 16) "}",
       "\"net.2.weight\" belongs to a normalization that does not directly follow",
       QUERN_ERROR_UNSUPPORTED},
      {"{" F32("criterion.weight", "[4]", 0, 16) "}", "has no layer", QUERN_ERROR_FORMAT},
  };
  for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
    write_header(path_of("bad"), refused[i].header, strlen(refused[i].header), 16);
    load_fails(path_of("bad"), refused[i].status, refused[i].part);
  }
}

/* Layers of the given shapes; their order as a list of widths. */
static void check_order(const char *const *names, const size_t (*shapes)[2], size_t count,
                        const char *widths, const char *note) {
  char header[1024] = "{", found[128];
  size_t length = 1, bytes = 0;
  for (size_t i = 0; i < count; i++) {
    const size_t size = 4 * shapes[i][0] * shapes[i][1];
    length += (size_t)snprintf(
        header + length, sizeof header - length,
        "%s\"%s.weight\":{\"dtype\":\"F32\",\"shape\":[%zu,%zu],\"data_offsets\":[%zu,%zu]}",
        i > 0 ? "," : "", names[i], shapes[i][0], shapes[i][1], bytes, bytes + size);
    bytes += size;
  }
  snprintf(header + length, sizeof header - length, "}");
  quern_network *network = load_header(header, bytes);
  length = (size_t)snprintf(found, sizeof found, "%zu", quern_network_inputs(network));
  for (size_t i = 0; i < count; i++)
    length += (size_t)snprintf(found + length, sizeof found - length, "-%zu",
                               quern_network_layer(network, i).units);
  assert_string_equal(found, widths);
  if (note != NULL)
    assert_note(network, note);
  else if (strstr(quern_network_note(network), "order") != NULL)
    fail_msg("%s: the note is \"%s\"", widths, quern_network_note(network));
  quern_network_free(network);
}

static void test_the_order_of_layers(void **state) {
  (void)state;
  /* numbers decide, however many digits */
  check_order((const char *[]){"fc10", "fc2", "fc1"}, (const size_t[][2]){{2, 2}, {2, 2}, {2, 3}},
              3, "3-2-2-2", NULL);
  /* shapes decide */
  check_order((const char *[]){"hidden", "input", "output"},
              (const size_t[][2]){{3, 3}, {3, 5}, {2, 3}}, 3, "5-3-3-2", NULL);
  check_order((const char *[]){"a", "b", "c", "d"},
              (const size_t[][2]){{4, 2}, {1, 3}, {2, 5}, {3, 4}}, 4, "5-2-4-3-1", NULL);
  /* a block of numbered layers counts as one */
  check_order((const char *[]){"classifier", "hidden.0", "hidden.2"},
              (const size_t[][2]){{3, 3}, {3, 5}, {3, 3}}, 3, "5-3-3-3", NULL);
  /* both orders fit: the names' words decide, and the note reports it */
  check_order((const char *[]){"decoder", "encoder"}, (const size_t[][2]){{6, 2}, {2, 6}}, 2,
              "6-2-6", "assumed \"encoder\", \"decoder\"");
  check_order((const char *[]){"a", "b", "c"}, (const size_t[][2]){{2, 2}, {2, 2}, {2, 2}}, 3,
              "2-2-2-2", "assumed \"a\", \"b\", \"c\"");
  /* two ways from 3 to 4 that could be exchanged */
  check_order((const char *[]){"a", "b", "c", "d"},
              (const size_t[][2]){{3, 5}, {4, 3}, {3, 4}, {4, 3}}, 4, "5-3-4-3-4",
              "names and shapes do not tell the order");
}

/* Writes a layer of 3 inputs and 1 output: its weights float16, its bias of the given type. */
static void write_types(const char *type, const void *bias, size_t size) {
  /* 1, -2 and the smallest subnormal number */
  static const unsigned char weights[] = {0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00};
  char header[256];
  const size_t length = (size_t)snprintf(
      header, sizeof header,
      "{" TENSOR("0.weight", "F16", "[1,3]", 0, 6) ",\"0.bias\":{\"dtype\":\"%s\",\"shape\":[1],"
                                                   "\"data_offsets\":[6,%zu]}}",
      type, 6 + size);
  unsigned char bytes[512] = {(unsigned char)length};
  memcpy(bytes + 8, header, length);
  memcpy(bytes + 8 + length, weights, sizeof weights);
  memcpy(bytes + 8 + length + sizeof weights, bias, size);
  write_bytes(path_of("types"), bytes, 8 + length + sizeof weights + size);
}

static void test_other_types_are_converted(void **state) {
  (void)state;
  static const unsigned char tenth[] = {0x9a, 0x99, 0x99, 0x99, 0x99, 0x99, 0xb9, 0x3f},
                             large[] = {0, 0, 0, 0, 0, 0, 0xf0, 0x47}, two[] = {0x00, 0xc0};
  static const float expected[] = {0.1f, -2.0f};
  for (size_t i = 0; i < 2; i++) {
    quern_network *network = NULL;
    float weights[3], bias;
    write_types(i == 0 ? "F64" : "BF16", i == 0 ? tenth : two, i == 0 ? 8 : 2);
    assert_ok(quern_model_load(path_of("types"), NULL, &network));
    assert_ok(quern_network_get_layer(network, 0, weights, &bias));
    assert_true(weights[0] == 1.0f && weights[1] == -2.0f && weights[2] == 0x1p-24f);
    assert_true(bias == expected[i]);
    quern_network_free(network);
  }
  write_types("F64", large, 8);
  load_fails(path_of("types"), QUERN_ERROR_FORMAT, "\"0.bias\": a number is too large for float32");
  write_types("I16", two, 2);
  load_fails(path_of("types"), QUERN_ERROR_FORMAT,
             "\"0.bias\": dtype is I16, expected F32, F64, F16 or BF16");
}

static void test_the_note_of_options(void **state) {
  (void)state;
  static const char header[] =
      "{" F32("0.weight", "[2,1]", 0, 8) "," F32("2.weight", "[1,2]", 8, 16) "}";
  quern_model_options options = quern_model_options_default();
  quern_network *network = load_header(header, 16);
  assert_string_equal(quern_network_note(network), ASSUMED);
  quern_network_free(network);
  options.activation_is_chosen = true;
  assert_ok(quern_model_load(path_of("model"), &options, &network));
  assert_string_equal(quern_network_note(network),
                      "the file does not name its loss: categorical as the loss is assumed");
  assert_ok(quern_model_save(network, path_of("own")));
  quern_network_free(network);
  options.loss_is_chosen = true;
  assert_ok(quern_model_load(path_of("model"), &options, &network));
  assert_string_equal(quern_network_note(network), "");
  quern_network_free(network);
  assert_ok(quern_model_load(path_of("own"), NULL, &network));
  assert_string_equal(quern_network_note(network), "");
  quern_network_free(network);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      MODEL_TEST(test_tensors_of_losses_are_left_out),
      MODEL_TEST(test_a_normalization_is_one_by_name_or_tensors),
      MODEL_TEST(test_the_order_of_layers),
      MODEL_TEST(test_other_types_are_converted),
      MODEL_TEST(test_the_note_of_options),
  };
  return cmocka_run_group_tests(tests, make_temporary_folder, remove_temporary_folder);
}
