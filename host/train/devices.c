/* Training on several devices of one process, with one thread and rank per device. */
#include "../base/error.h"
#include "../base/size.h"
#include "../data/dataset.h"
#include "../device/context.h"
#include "../network/network.h"
#include "../parallel/shares.h"
#include "trainer.h"
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

typedef struct job {
  quern_context *const *contexts;
  quern_status (*run)(const struct job *job, const quern_collective *collective);
  const quern_train_options *options;
  const quern_network *network;
  const quern_dataset *train, *test;
  const uint32_t *shares;
  quern_network *result; /* written by rank 0 only, like `last` and `measured` */
  quern_epoch *last;
  uint32_t *measured; /* result: shares of `batch` */
  uint32_t batch;
} job;

typedef struct worker {
  const job *self;
  const quern_collective *collective;
  pthread_t thread;
  quern_status status;
  char *error; /* quern_last_error of its thread, owned; NULL without memory */
} worker;

/* Runs the job. After a failure, others must not wait for this rank. */
static void run_worker(worker *self) {
  self->status = self->self->run(self->self, self->collective);
  if (self->status == QUERN_OK) return;
  quern__collective_abandon(self->collective);
  self->error = quern__remember_error();
}

static void *run_worker_thread(void *user) {
  run_worker(user);
  return NULL;
}

/* Starts a thread without signals, which are for the program's own threads. */
static bool start_thread(worker *self) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  const bool started = pthread_create(&self->thread, NULL, run_worker_thread, self) == 0;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
  return started;
}

/* Reports one error: that of the first rank that failed on its own, or the one that all agree
 * on. */
static quern_status combine_results(worker *workers, size_t count) {
  const worker *cause = NULL;
  size_t failed = 0;
  bool agreed = true;
  for (size_t r = 0; r < count; r++) {
    const worker *item = &workers[r];
    if (item->status == QUERN_OK) continue;
    failed++;
    if (cause == NULL ||
        (cause->status == QUERN_ERROR_COLLECTIVE && item->status != QUERN_ERROR_COLLECTIVE))
      cause = item;
  }
  if (cause == NULL) return QUERN_OK;
  const char *message = cause->error != NULL ? cause->error : "";
  for (size_t r = 0; r < count; r++)
    agreed = agreed && workers[r].error != NULL && strcmp(workers[r].error, message) == 0;
  if (agreed || cause->status == QUERN_ERROR_COLLECTIVE)
    return quern__fail(cause->status, "%s", message);
  quern_device_info info;
  quern_context_describe(cause->self->contexts[cause->collective->rank], &info);
  return quern__fail(cause->status, "rank %zu of %zu, %s: %s", cause->collective->rank, count,
                     info.name, message);
}

static quern_status run_workers(quern_thread_group *group, const job *self, worker *workers,
                                size_t count) {
  size_t started = 1;
  for (size_t r = 0; r < count; r++)
    workers[r] = (worker){.self = self, .collective = quern_thread_group_at(group, r)};
  while (started < count && start_thread(&workers[started])) started++;
  for (size_t r = started; r < count; r++) {
    workers[r].status = quern__fail(QUERN_ERROR_OUT_OF_MEMORY, "train: no thread could be started");
    quern__collective_abandon(workers[r].collective);
    workers[r].error = quern__remember_error();
  }
  run_worker(&workers[0]);
  for (size_t r = 1; r < started; r++) pthread_join(workers[r].thread, NULL);
  const quern_status status = combine_results(workers, count);
  for (size_t r = 0; r < count; r++) free(workers[r].error);
  return status;
}

static quern_status run_on_all(const job *self, size_t count) {
  quern_thread_group *group = NULL;
  quern_status status;
  worker *workers = malloc(count * sizeof *workers);
  if (workers == NULL) return quern__fail_memory("train", count * sizeof *workers);
  QUERN__TRY(quern_thread_group_create(count, 0.0, &group));
  status = run_workers(group, self, workers, count);
cleanup:
  quern_thread_group_free(group);
  free(workers);
  return status;
}

static int compare_pointers(const void *a, const void *b) {
  const quern_context *const *first = a, *const *second = b;
  return (*first > *second) - (*first < *second);
}

static quern_status check_distinct(quern_context *const *contexts, size_t count) {
  const quern_context **sorted = malloc(count * sizeof *sorted);
  if (sorted == NULL) return quern__fail_memory("train", count * sizeof *sorted);
  for (size_t i = 0; i < count; i++) sorted[i] = contexts[i];
  qsort(sorted, count, sizeof *sorted, compare_pointers);
  size_t i = 1;
  while (i < count && sorted[i] != sorted[i - 1]) i++;
  quern_device_info info;
  if (i < count) quern_context_describe(sorted[i], &info);
  free(sorted);
  if (i >= count) return QUERN_OK;
  return quern__fail(QUERN_ERROR_ARGUMENT, "train: a context on %s is listed twice", info.name);
}

static quern_status check_devices(quern_context *const *contexts, size_t count,
                                  const quern_network *network, const quern_dataset *train,
                                  const quern_train_options *given, quern_train_options *options) {
  if (contexts == NULL || count == 0 || network == NULL || train == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT,
                       "train: the contexts, the network or the training data is NULL");
  for (size_t i = 0; i < count; i++)
    if (contexts[i] == NULL)
      return quern__fail(QUERN_ERROR_ARGUMENT, "train: context %zu is NULL", i);
  QUERN__FORWARD(check_distinct(contexts, count));
  QUERN__FORWARD(quern__train_options_read(given, train->rows, options));
  if (options->collective != NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "train: the options have a collective, expected NULL: "
                                             "the devices of one process use their own");
  return QUERN_OK;
}

static quern_status measure_rank(const job *self, const quern_collective *collective) {
  quern_train_options options = *self->options;
  options.collective = collective;
  uint32_t *shares = malloc(collective->ranks * sizeof *shares);
  if (shares == NULL) return quern__fail_memory("shares", collective->ranks * sizeof *shares);
  const quern_status status = quern__shares_measure(self->contexts[collective->rank], self->network,
                                                    &options, self->batch, shares);
  if (status == QUERN_OK && collective->rank == 0)
    memcpy(self->measured, shares, collective->ranks * sizeof *shares);
  free(shares);
  return status;
}

quern_status quern_train_shares(quern_context *const *contexts, size_t count,
                                const quern_network *network, const quern_dataset *train,
                                const quern_train_options *given, uint32_t *shares,
                                bool *measured) {
  quern_train_options options;
  bool found = false;
  QUERN__FORWARD(check_devices(contexts, count, network, train, given, &options));
  if (shares == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "train shares: the result pointer is NULL");
  if (options.resume != NULL)
    QUERN__FORWARD(quern__shares_read(options.resume, count, shares, &found));
  if (measured != NULL) *measured = !found;
  if (found) return QUERN_OK;
  const job current = {.contexts = contexts,
                       .run = measure_rank,
                       .options = &options,
                       .network = network,
                       .measured = shares,
                       .batch = (uint32_t)quern__trainer_batch(&options, train, NULL)};
  return run_on_all(&current, count);
}

static quern_status train_rank(const job *self, const quern_collective *collective) {
  const bool first = collective->rank == 0;
  quern_train_options options = *self->options;
  options.collective = collective;
  options.shares = self->shares;
  if (!first) {
    options.on_epoch = NULL;
    options.on_progress = NULL;
    options.stop = NULL;
    options.user = NULL;
  }
  return quern__train_into(self->contexts[collective->rank], self->network, self->train, self->test,
                           &options, first ? self->result : NULL, first ? self->last : NULL);
}

/* Keeps references to all arguments during the job: functions of the options, called by rank 0, may
 * free them before other ranks begin. */
static quern_status train_with_references(job current, size_t count) {
  quern_context **held = malloc(count * sizeof *held);
  if (held == NULL) return quern__fail_memory("train", count * sizeof *held);
  for (size_t i = 0; i < count; i++) quern__context_hold(held[i] = current.contexts[i]);
  quern__network_hold(current.result);
  quern__dataset_hold(current.train);
  quern__dataset_hold(current.test);
  current.contexts = held;
  const quern_status status = run_on_all(&current, count);
  quern__dataset_release(current.test);
  quern__dataset_release(current.train);
  quern_network_free(current.result);
  for (size_t i = 0; i < count; i++) quern__context_release(held[i]);
  free(held);
  return status;
}

quern_status quern_train_on(quern_context *const *contexts, size_t count, const uint32_t *shares,
                            quern_network *network, const quern_dataset *train,
                            const quern_dataset *test, const quern_train_options *given,
                            quern_epoch *last) {
  quern_train_options options;
  quern_status status;
  uint32_t *measured = NULL;
  QUERN__FORWARD(check_devices(contexts, count, network, train, given, &options));
  QUERN__FORWARD(quern__shares_check(shares, count));
  if (count == 1) return quern_train(contexts[0], network, train, test, given, last);
  if (shares == NULL) {
    measured = malloc(count * sizeof *measured);
    if (measured == NULL) return quern__fail_memory("train", count * sizeof *measured);
    QUERN__TRY(quern_train_shares(contexts, count, network, train, given, measured, NULL));
  }
  const job current = {.contexts = contexts,
                       .run = train_rank,
                       .options = &options,
                       .network = network,
                       .train = train,
                       .test = test,
                       .shares = shares != NULL ? shares : measured,
                       .result = network,
                       .last = last};
  status = train_with_references(current, count);
cleanup:
  free(measured);
  return status;
}
