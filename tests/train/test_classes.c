/* Data whose labels are numbered differently from the training data are refused. */
#include "../data/temporary.h"
#include "plain_options.h"
#include "test.h"

static quern_context *context;

static int open_all(void **state) {
  return make_temporary_folder(state) != 0 ||
         quern_context_create("reference", &context) != QUERN_OK;
}

static int close_all(void **state) {
  quern_context_free(context);
  return test_teardown(state) != 0 || remove_temporary_folder(state) != 0;
}

static quern_dataset *open_text(const char *text, size_t classes) {
  const char *path = path_of("some.csv");
  quern_dataset_options options = quern_dataset_options_default();
  options.classes = classes;
  write_bytes(path, text, strlen(text));
  return open_one(path, &options);
}

static quern_network *make_network(size_t outputs) {
  const quern_layer layer = quern_dense(outputs, QUERN_ACTIVATION_IDENTITY);
  quern_network *network;
  assert_ok(quern_network_create(1, &layer, 1, QUERN_LOSS_CATEGORICAL, &network));
  assert_ok(quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 1));
  return network;
}

static quern_status train(quern_network *network, const quern_dataset *data,
                          const quern_dataset *test) {
  quern_train_options options = plain_train_options();
  options.epochs = 1;
  return quern_train(context, network, data, test, &options, NULL);
}

static void test_sets(void **state) {
  (void)state;
  static const char *const trained[] = {"1,1\n2,2\n3,3\n", "1,0\n2,1\n3,2\n", "1,a\n2,b\n3,c\n"};
  static const char *const others[] = {"1,1\n2,3\n", "1,0\n2,2\n", "1,a\n2,c\n"};
  for (size_t i = 0; i < sizeof trained / sizeof *trained; i++) {
    quern_dataset *data = open_text(trained[i], 0), *other = open_text(others[i], 0);
    quern_network *network = make_network(3);
    quern_metrics metrics = {0};
    assert_int_equal(train(network, data, other), QUERN_ERROR_DATA);
    assert_error_says("some.csv: its labels are not numbered like the training data's", NULL);
    assert_ok(train(network, data, data));
    if (quern_network_schema(network) != NULL) {
      assert_int_equal(quern_evaluate(context, network, other, &metrics), QUERN_ERROR_DATA);
      assert_error_says("its labels are not numbered", NULL);
    }
    assert_ok(quern_dataset_apply(other, quern_dataset_schema(data)));
    assert_ok(train(network, data, other));
    assert_ok(quern_evaluate(context, network, other, &metrics));
    assert_int_equal(metrics.samples, 2);
    quern_network_free(network);
    quern_dataset_free(data);
    quern_dataset_free(other);
  }
}

static void test_networks_without_a_schema(void **state) {
  (void)state;
  quern_network *network = make_network(3);
  quern_metrics metrics;
  quern_dataset *data = open_text("1,0\n2,2\n", 0);
  assert_int_equal(quern_evaluate(context, network, data, &metrics), QUERN_ERROR_DATA);
  assert_error_says("its labels are numbered by their order", "option classes", NULL);
  quern_dataset_free(data);
  data = open_text("1,0\n2,2\n", 3);
  assert_ok(quern_evaluate(context, network, data, &metrics));
  quern_dataset_free(data);
  quern_network_free(network);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_sets),
                                     cmocka_unit_test(test_networks_without_a_schema)};
  return cmocka_run_group_tests(tests, open_all, close_all);
}
