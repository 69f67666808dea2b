/* usage: ring MODEL
 *
 * Learns which points of the unit square are in a ring, saves the network as MODEL, loads it and
 * predicts. */
#include <quern/quern.h>
#include <stdio.h>

enum { POINTS = 4000, INSIDE = 1, CLASSES = 2 };

/* Points in sequence, two coordinates each, and for each 1 if it is in the ring. */
static void make_points(float *points, int32_t *inside, unsigned random) {
  for (size_t i = 0; i < POINTS; i++) {
    for (size_t j = 0; j < 2; j++) {
      random = random * 1664525u + 1013904223u;
      points[2 * i + j] = (float)(random >> 8) / 16777216.0f;
    }
    const float x = points[2 * i] - 0.5f, y = points[2 * i + 1] - 0.5f, square = x * x + y * y;
    inside[i] = square > 0.04f && square < 0.16f;
  }
}

static quern_status learn(quern_context *context, const quern_dataset *train,
                          const quern_dataset *test, quern_network *network) {
  quern_epoch last;
  quern_train_options options = quern_train_options_default();
  options.epochs = 30;
  options.optimizer.learning_rate = 0.01;
  quern_status status = quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 1);
  if (status == QUERN_OK) status = quern_train(context, network, train, test, &options, &last);
  if (status == QUERN_OK)
    printf("%.0f%% of %zu points right\n", 100.0 * last.test.accuracy, last.test.samples);
  return status;
}

static quern_status ask(quern_context *context, const char *path) {
  const float points[][2] = {{0.5f, 0.5f}, {0.5f, 0.8f}, {0.02f, 0.98f}};
  float chances[3][CLASSES];
  quern_network *network = NULL;
  quern_dataset *data = NULL;
  quern_status status = quern_model_load(path, NULL, &network);
  if (status == QUERN_OK)
    status = quern_dataset_from_targets(&points[0][0], NULL, QUERN_TASK_NONE, 3, 2, 0, &data);
  if (status == QUERN_OK) status = quern_predict(context, network, data, &chances[0][0]);
  for (size_t i = 0; status == QUERN_OK && i < 3; i++)
    printf("(%.2f, %.2f) is %s the ring\n", (double)points[i][0], (double)points[i][1],
           chances[i][INSIDE] > 0.5f ? "in" : "outside");
  quern_dataset_free(data);
  quern_network_free(network);
  return status;
}

int main(int argc, char **argv) {
  static float points[2 * POINTS];
  static int32_t inside[POINTS];
  const char *path = argc == 2 ? argv[1] : "ring.safetensors";
  const quern_layer layers[] = {quern_dense(32, QUERN_ACTIVATION_RELU),
                                quern_dense(32, QUERN_ACTIVATION_RELU),
                                quern_dense(CLASSES, QUERN_ACTIVATION_IDENTITY)};
  quern_context *context = NULL;
  quern_dataset *all = NULL, *train = NULL, *test = NULL;
  quern_network *network = NULL;
  make_points(points, inside, 1);

  quern_status status = quern_context_create(NULL, &context);
  if (status == QUERN_OK) status = quern_dataset_from_floats(points, inside, POINTS, 2, &all);
  if (status == QUERN_OK) status = quern_dataset_split(all, 0.2, 1, &train, &test);
  if (status == QUERN_OK)
    status = quern_network_create(2, layers, 3, QUERN_LOSS_CATEGORICAL, &network);
  if (status == QUERN_OK) status = learn(context, train, test, network);
  if (status == QUERN_OK) status = quern_model_save(network, path);
  if (status == QUERN_OK) status = ask(context, path);
  if (status != QUERN_OK)
    fprintf(stderr, "%s: %s\n", quern_status_name(status), quern_last_error());

  quern_network_free(network);
  quern_dataset_free(test);
  quern_dataset_free(train);
  quern_dataset_free(all);
  quern_context_free(context);
  return status == QUERN_OK ? 0 : 1;
}
