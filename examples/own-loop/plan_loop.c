/* A loop over a plan: the program chooses the batches, and the learning rate of each step. */
#include "digits.h"

#include <stdio.h>

enum { EPOCHS = 20 };

/* Decreases as 1 / (1 + epoch / 5), which none of quern's schedules does. */
static double rate_of(int epoch) {
  return 0.05 / (1.0 + epoch / 5.0);
}

static quern_status run_epoch(quern_plan *plan, const digits *train, double rate,
                              quern_tensor losses) {
  quern_optimizer optimizer = quern_optimizer_of(QUERN_OPTIMIZER_NESTEROV, rate);
  /* of the same kind, so momentum continues */
  quern_status status = quern_plan_set_optimizer(plan, &optimizer);
  for (size_t first = 0; status == QUERN_OK && first < train->count; first += BATCH) {
    const size_t rows = train->count - first < BATCH ? train->count - first : BATCH;
    status = quern_plan_step(plan, digits_x(train, first, rows), digits_labels(train, first, rows),
                             quern_vector(losses.buffer, losses.offset + first, rows));
  }
  return status;
}

/* Adds the losses on the device and reads the sum, which is the only wait of an epoch. */
static quern_status mean_loss(quern_context *context, quern_tensor losses, quern_tensor sum,
                              double *mean) {
  float total = 0.0f;
  quern_status status = quern_sum(context, losses, sum);
  if (status == QUERN_OK)
    status =
        quern_buffer_read(sum.buffer, sum.offset * sizeof total, sizeof total, &total, QUERN_WAIT);
  *mean = (double)total / (double)losses.columns;
  return status;
}

static quern_status run(quern_context *context, quern_network *network, digits *train,
                        digits *test) {
  quern_plan *plan = NULL;
  quern_buffer *numbers = NULL; /* a loss for each sample, and their sum */
  double loss = 0.0, accuracy = 0.0;
  quern_status status = digits_upload(context, train, test);
  if (status == QUERN_OK)
    status = quern_plan_create(context, network, BATCH, QUERN_PLAN_TRAINING, &plan);
  if (status == QUERN_OK)
    status = quern_buffer_create(context, (train->count + 1) * sizeof(float), &numbers);
  const quern_tensor losses = quern_vector(numbers, 0, train->count),
                     sum = quern_vector(numbers, train->count, 1);
  for (int epoch = 1; status == QUERN_OK && epoch <= EPOCHS; epoch++) {
    status = run_epoch(plan, train, rate_of(epoch), losses);
    if (status == QUERN_OK) status = mean_loss(context, losses, sum, &loss);
    if (status == QUERN_OK)
      printf("epoch %2d: rate %.4f, loss %.4f\n", epoch, rate_of(epoch), loss);
  }
  if (status == QUERN_OK) status = digits_accuracy(plan, context, test, &accuracy);
  if (status == QUERN_OK)
    status = quern_plan_download(plan, network); /* to save it, or predict with it */
  if (status == QUERN_OK) printf("accuracy %.3f on %zu held out\n", accuracy, test->count);
  quern_buffer_free(numbers);
  quern_plan_free(plan);
  return status;
}

int main(void) {
  const quern_layer layers[] = {quern_dense(64, QUERN_ACTIVATION_RELU),
                                quern_dense(CLASSES, QUERN_ACTIVATION_IDENTITY)};
  quern_context *context = NULL;
  quern_network *network = NULL;
  digits train = {0}, test = {0};
  quern_status status = quern_context_create(NULL, &context);
  if (status == QUERN_OK)
    status = quern_network_create(PIXELS, layers, 2, QUERN_LOSS_CATEGORICAL, &network);
  if (status == QUERN_OK) status = quern_network_initialize(network, QUERN_INITIALIZER_DEFAULT, 1);
  if (status == QUERN_OK) status = run(context, network, &train, &test);
  if (status != QUERN_OK)
    fprintf(stderr, "%s: %s\n", quern_status_name(status), quern_last_error());
  digits_free(&train);
  digits_free(&test);
  quern_network_free(network);
  quern_context_free(context);
  return status == QUERN_OK ? 0 : 1;
}
