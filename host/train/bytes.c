/* The device memory of a trainer, computed before it is created: one line per allocation. */
#include "../base/error.h"
#include "../base/memory.h"
#include "../base/size.h"
#include "../data/dataset.h"
#include "../functions/optimizer.h"
#include "../network/network.h"
#include "trainer.h"
#include <stdio.h>

typedef struct total {
  size_t bytes;
  bool fits;
} total;

static void add_bytes(total *sum, size_t count, size_t element_bytes) {
  size_t bytes;
  sum->fits = sum->fits && quern__multiply(count, element_bytes, &bytes) &&
              quern__add(sum->bytes, bytes, &sum->bytes);
}

static quern_status squares_bytes(const quern_network *network, const quern_train_options *options,
                                  size_t *bytes) {
  const quern__shape *shape = &network->shape;
  quern__buckets buckets = {.count = 0};
  QUERN__FORWARD(options->collective != NULL ? quern__reducer_divide(shape, &buckets)
                                             : quern__buckets_whole(shape, &buckets));
  const quern_status status = quern__clip_bytes(shape, &buckets, bytes);
  quern__buckets_free(&buckets);
  return status;
}

/* Computes the bytes of everything but the data sets. `options` were read by
 * quern__train_options_read. */
static quern_status bytes_without_data(const quern_network *network, const quern_dataset *train,
                                       const quern_dataset *test,
                                       const quern_train_options *options, size_t *bytes) {
  const size_t size = quern__trainer_size(options, train, test);
  size_t plan, optimizer, squares = 0, weights = 0, samples;
  QUERN__FORWARD(quern_plan_bytes(network, size, quern__trainer_mode(options, NULL), &plan));
  QUERN__FORWARD(quern_plan_optimizer_bytes(network, &options->optimizer, &optimizer));
  if (options->clip_norm > 0.0f) QUERN__FORWARD(squares_bytes(network, options, &squares));
  if (options->class_weights != NULL)
    QUERN__FORWARD(quern__class_weights_bytes(&network->shape, size, &weights));
  total sum = {0, true};
  add_bytes(&sum, plan, 1);
  add_bytes(&sum, squares, 1);
  add_bytes(&sum, weights, 1);
  add_bytes(&sum, optimizer, 1);
  add_bytes(&sum, network->shape.flat_count, sizeof(float)); /* quern__training_state_create */
  add_bytes(&sum, optimizer, 1);
  if (options->patience > 0)
    add_bytes(&sum, network->shape.flat_count, sizeof(float)); /* quern__best_create */
  quern_train_options cut = *options;
  cut.batch = quern__trainer_batch(options, train, test);
  /* create_updates */
  add_bytes(&sum, quern__train_steps_per_epoch(&cut, train->rows), sizeof(quern_optimizer_step));
  sum.fits = sum.fits && quern__multiply(size, train->columns, &samples);
  if (sum.fits) add_bytes(&sum, samples, sizeof(float)); /* quern__batch_create */
  const size_t label = quern__sample_size_of(train, true).label;
  add_bytes(&sum, size, label);
  add_bytes(&sum, quern__trainer_rows(train, test), sizeof(float)); /* quern__tally_create */
  add_bytes(&sum, 1, sizeof(float) + sizeof(int32_t));
  if (!sum.fits)
    return quern__fail(QUERN_ERROR_OVERFLOW,
                       "trainer: the size of %zu samples of %zu values overflows", train->rows,
                       train->columns);
  *bytes = sum.bytes;
  return QUERN_OK;
}

/* Resident training data is complete on every rank: shuffled, a sample may be any rank's in the
 * next epoch. */
static quern__residency_request residency_of_train(const quern_dataset *dataset, size_t batch,
                                                   size_t size) {
  return (quern__residency_request){.size = quern__sample_size_of(dataset, true),
                                    .rows = dataset->rows,
                                    .unit = size,
                                    .span = batch,
                                    .units = quern__divide_up(dataset->rows, batch)};
}

/* A rank's test samples are adjacent and the same in each pass. */
static quern__residency_request residency_of_test(const quern_dataset *dataset,
                                                  const quern_train_options *options, size_t size) {
  if (dataset == NULL) return (quern__residency_request){.rows = 0};
  const quern__shard shard = quern__trainer_test_shard(options, dataset->rows);
  return (quern__residency_request){.size = quern__sample_size_of(dataset, true),
                                    .rows = shard.own,
                                    .unit = size,
                                    .span = size,
                                    .units = quern__divide_up(shard.own, size)};
}

static quern_status place_data(const quern_dataset *train, const quern_dataset *test,
                               quern__data_limits *limits, const quern_train_options *options,
                               quern__data *data) {
  const size_t size = quern__trainer_size(options, train, test);
  limits->strict = options->data_memory > 0;
  if (limits->strict) limits->bytes = options->data_memory;
  data->memory = limits->bytes;
  data->train = residency_of_train(train, quern__trainer_batch(options, train, test), size);
  data->test = residency_of_test(test, options, size);
  return quern__place(limits, &data->train, &data->test);
}

static uint64_t subtract_or_zero(uint64_t bytes, uint64_t taken) {
  return bytes > taken ? bytes - taken : 0;
}

/* Bytes of a data set in host memory. */
static uint64_t host_bytes(const quern_dataset *dataset) {
  size_t bytes;
  if (dataset == NULL) return 0;
  const quern__sample_size size = quern__sample_size_of(dataset, true);
  return quern__chunk_bytes(&size, dataset->rows, &bytes) ? bytes : SIZE_MAX;
}

/* Computes the device memory left for the data. Devices do not report how much is free, so an
 * eighth is left to others. A device in the host's memory is limited to what the host has left, and
 * the data already takes some of it. */
static uint64_t memory_left(const quern_device_info *info, size_t other_bytes,
                            const quern_dataset *train, const quern_dataset *test) {
  if (info->memory == 0) return SIZE_MAX;
  uint64_t left = subtract_or_zero(info->memory, other_bytes);
  if (info->kind != QUERN_DEVICE_GPU)
    left = subtract_or_zero(subtract_or_zero(left, host_bytes(train)), host_bytes(test));
  const uint64_t available = subtract_or_zero(quern__memory_of_device(info), other_bytes);
  if (available < left) left = available;
  left -= left / 8;
  return left < SIZE_MAX ? left : SIZE_MAX;
}

/* Checks, before any of it is allocated, that the memory is available. */
static quern_status check_memory(const quern_device_info *info, const quern_network *network,
                                 size_t other_bytes, const quern__data *data) {
  char what[96];
  size_t bytes;
  if (!quern__add(data->train.bytes, data->test.bytes, &bytes) ||
      !quern__add(bytes, other_bytes, &bytes))
    bytes = SIZE_MAX;
  snprintf(what, sizeof what, "train: %zu parameters, the optimizer's state and the data",
           network->shape.parameter_count);
  return quern__memory_check_device(
      info, &(quern__demand){what, "take fewer units or a smaller batch", bytes});
}

quern_status quern__trainer_place_data(const quern_context *context, const quern_network *network,
                                       const quern_dataset *train, const quern_dataset *test,
                                       const quern_train_options *options, quern__data *data) {
  size_t other_bytes;
  quern_device_info info;
  quern_context_describe(context, &info);
  QUERN__FORWARD(bytes_without_data(network, train, test, options, &other_bytes));
  quern__data_limits limits = {.bytes = (size_t)memory_left(&info, other_bytes, train, test),
                               .allocation = (size_t)info.max_allocation};
  QUERN__FORWARD(place_data(train, test, &limits, options, data));
  QUERN__FORWARD(quern__plan_check_memory(context, network,
                                          quern__trainer_size(options, train, test),
                                          quern__trainer_mode(options, context)));
  return check_memory(&info, network, other_bytes, data);
}

quern_status quern_trainer_residency(const quern_context *context, const quern_network *network,
                                     const quern_dataset *train, const quern_dataset *test,
                                     const quern_train_options *options,
                                     quern_data_residency *residency) {
  if (context == NULL || network == NULL || train == NULL || residency == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "trainer residency: the context, the network, the "
                                             "training data or the result pointer is NULL");
  if (residency->size != sizeof *residency)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "trainer residency: a result of %zu bytes, expected %zu: start from "
                       "quern_data_residency_default()",
                       residency->size, sizeof *residency);
  quern_train_options read;
  quern__data data;
  QUERN__FORWARD(quern__train_options_read(options, train->rows, &read));
  QUERN__FORWARD(quern__trainer_place_data(context, network, train, test, &read, &data));
  residency->data_memory = data.memory;
  residency->bytes = data.train.bytes + data.test.bytes;
  residency->train_chunk = data.train.residency.chunk_rows;
  residency->test_chunk = data.test.residency.chunk_rows;
  return QUERN_OK;
}

quern_status quern_trainer_bytes(const quern_network *network, const quern_dataset *train,
                                 const quern_dataset *test, const quern_train_options *options,
                                 size_t *bytes) {
  if (network == NULL || train == NULL || bytes == NULL)
    return quern__fail(
        QUERN_ERROR_ARGUMENT,
        "trainer bytes: the network, the training data or the result pointer is NULL");
  quern_train_options read;
  QUERN__FORWARD(quern__train_options_read(options, train->rows, &read));
  size_t other_bytes;
  quern__data data;
  quern__data_limits limits = {.bytes = SIZE_MAX};
  QUERN__FORWARD(bytes_without_data(network, train, test, &read, &other_bytes));
  QUERN__FORWARD(place_data(train, test, &limits, &read, &data));
  total sum = {0, true};
  add_bytes(&sum, other_bytes, 1);
  add_bytes(&sum, data.train.bytes, 1);
  add_bytes(&sum, data.test.bytes, 1);
  if (!sum.fits)
    return quern__fail(QUERN_ERROR_OVERFLOW,
                       "trainer: the size of %zu samples of %zu values overflows", train->rows,
                       train->columns);
  *bytes = sum.bytes;
  return QUERN_OK;
}
