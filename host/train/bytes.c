/* The device memory of a trainer, before there is one: a line for each that its parts create. */
#include "../dataset.h"
#include "../error.h"
#include "../network/network.h"
#include "../optimizer.h"
#include "../schema.h"
#include "../size.h"
#include "trainer.h"

/* Sums up; false once it does not fit. */
typedef struct total {
  size_t bytes;
  bool fits;
} total;

static void add(total *sum, size_t count, size_t element_bytes) {
  size_t bytes;
  sum->fits = sum->fits && quern__multiply(count, element_bytes, &bytes) &&
              quern__add(sum->bytes, bytes, &sum->bytes);
}

/* What is to be predicted of a sample: a label, or so many floats. */
static size_t truths(const quern_dataset *dataset) {
  return dataset->targets != NULL ? dataset->schema->outputs : 1;
}

/* quern__resident_create */
static void add_resident(total *sum, const quern_dataset *dataset) {
  size_t values;
  sum->fits = sum->fits && quern__multiply(dataset->rows, dataset->columns, &values);
  if (!sum->fits) return;
  add(sum, values, quern__element_bytes(dataset->element));
  sum->fits = sum->fits && quern__multiply(dataset->rows, truths(dataset), &values);
  if (!sum->fits) return;
  add(sum, values, sizeof(float)); /* as long as an int32_t */
  add(sum, dataset->rows, sizeof(uint32_t));
}

quern_status quern_trainer_bytes(const quern_network *network, const quern_dataset *train,
                                 const quern_dataset *test, const quern_train_options *options,
                                 size_t *bytes) {
  if (network == NULL || train == NULL || bytes == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "trainer bytes: the network, the training data or the result pointer is NULL");
  quern_train_options read;
  QUERN__FORWARD(quern__train_options_read(options, &read));
  const size_t batch = quern__trainer_batch(&read, train, test);
  size_t plan, optimizer, squares = 0, weights = 0, samples;
  const size_t size = quern__trainer_size(&read, train, test);
  QUERN__FORWARD(quern_plan_bytes(network, size, quern__trainer_mode(&read, NULL), &plan));
  QUERN__FORWARD(quern_plan_optimizer_bytes(network, &read.optimizer, &optimizer));
  if (read.clip_norm > 0.0f) QUERN__FORWARD(quern__clip_bytes(&network->shape, &squares));
  if (read.class_weights != NULL) QUERN__FORWARD(quern__class_weights_bytes(&network->shape, size, &weights));
  total sum = {0, true};
  add_resident(&sum, train);
  if (test != NULL) add_resident(&sum, test);
  add(&sum, plan, 1);
  add(&sum, squares, 1);
  add(&sum, weights, 1);
  add(&sum, optimizer, 1);
  add(&sum, network->shape.flat_count, sizeof(float)); /* quern__learned_create */
  add(&sum, optimizer, 1);
  if (read.patience > 0) add(&sum, network->shape.flat_count, sizeof(float)); /* quern__best_create */
  read.batch = batch;
  add(&sum, quern__train_steps_an_epoch(&read, train->rows), sizeof(quern_update)); /* create_updates */
  sum.fits = sum.fits && quern__multiply(size, train->columns, &samples);
  if (sum.fits) add(&sum, samples, sizeof(float)); /* quern__batch_create */
  sum.fits = sum.fits && quern__multiply(size, truths(train), &samples);
  if (sum.fits) add(&sum, samples, sizeof(float));
  add(&sum, quern__trainer_rows(train, test), sizeof(float)); /* quern__tally_create */
  add(&sum, 1, sizeof(float) + sizeof(int32_t));
  if (!sum.fits)
    return quern__fail(QUERN_ERROR_OVERFLOW, "trainer: the size of %zu samples of %zu values overflows",
                       train->rows, train->columns);
  *bytes = sum.bytes;
  return QUERN_OK;
}
