/* A program outside quern's tree, in C++17: trains the digits and prints its accuracy. */
#include <cstdio>
#include <memory>
#include <quern/quern.h>

template <auto free_function> struct freed_by {
  template <typename T> void operator()(T *handle) const {
    free_function(handle);
  }
};
using context = std::unique_ptr<quern_context, freed_by<quern_context_free>>;
using dataset = std::unique_ptr<quern_dataset, freed_by<quern_dataset_free>>;
using network = std::unique_ptr<quern_network, freed_by<quern_network_free>>;

static bool train_digits() {
  quern_context *made_context = nullptr;
  if (quern_context_create(nullptr, &made_context) != QUERN_OK) return false;
  const context device(made_context);

  quern_dataset *made_train = nullptr, *made_test = nullptr;
  if (quern_dataset_open("digits", nullptr, &made_train, &made_test) != QUERN_OK) return false;
  const dataset train(made_train), test(made_test);

  const quern_layer layers[] = {quern_dense(32, QUERN_ACTIVATION_TANH),
                                quern_dense(10, QUERN_ACTIVATION_IDENTITY)};
  quern_network *made_network = nullptr;
  if (quern_network_create(64, layers, 2, QUERN_LOSS_CATEGORICAL, &made_network) != QUERN_OK)
    return false;
  const network model(made_network);

  quern_train_options options = quern_train_options_default();
  quern_epoch last;
  if (quern_network_initialize(model.get(), QUERN_INITIALIZER_DEFAULT, 1) != QUERN_OK ||
      quern_train(device.get(), model.get(), train.get(), test.get(), &options, &last) != QUERN_OK)
    return false;
  std::printf("accuracy %.3f\n", last.test.accuracy);
  return true;
}

int main() {
  if (train_digits()) return 0;
  std::fprintf(stderr, "%s\n", quern_last_error());
  return 1;
}
