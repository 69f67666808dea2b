/* Trains on the digits that ship with quern, then classifies the first one held out. */
#include <quern/quern.h>
#include <stdio.h>
#include <stdlib.h>

int main(void) {
  quern_context *context = NULL;
  quern_dataset *train = NULL, *test = NULL;
  quern_network *network = NULL;
  const quern_layer layers[] = {quern_dense(64, QUERN_ACTIVATION_RELU),
                                quern_dense(10, QUERN_ACTIVATION_IDENTITY)};
  quern_train_options options = quern_train_options_default();
  quern_epoch last;
  float *chances = NULL;

  bool ok = quern_context_create(NULL, &context) == QUERN_OK &&
            quern_dataset_open("digits", NULL, &train, &test) == QUERN_OK &&
            quern_network_create(64, layers, 2, QUERN_LOSS_CATEGORICAL, &network) == QUERN_OK &&
            quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 1) == QUERN_OK &&
            quern_train(context, network, train, test, &options, &last) == QUERN_OK &&
            (chances = malloc(quern_dataset_rows(test) * 10 * sizeof *chances)) != NULL &&
            quern_predict(context, network, test, chances) == QUERN_OK;
  if (ok)
    printf("accuracy %.3f; the first held-out digit is a %d with probability %.3f\n",
           last.test.accuracy, (int)quern_dataset_label(test, 0),
           (double)chances[quern_dataset_label(test, 0)]);
  else
    fprintf(stderr, "%s\n", quern_last_error());

  free(chances);
  quern_network_free(network);
  quern_dataset_free(train);
  quern_dataset_free(test);
  quern_context_free(context);
  return ok ? 0 : 1;
}
