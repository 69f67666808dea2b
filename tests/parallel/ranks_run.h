/* Runs ranks in tests. Ranks are threads, each with its own device. */
#ifndef QUERN_TESTS_TRAIN_RANKS_RUN_H
#define QUERN_TESTS_TRAIN_RANKS_RUN_H

#include "ranks.h"
#include "ranks_bound.h"

/* Each rank's two devices, created once; an index into `devices` selects one. */
enum { REFERENCE, DEFAULT, DEVICES };
static quern_context *contexts[DEVICES][TEST_MOST_RANKS];

static inline int close_all(void **state) {
  for (size_t d = 0; d < DEVICES; d++)
    for (size_t r = 0; r < TEST_MOST_RANKS; r++) quern_context_free(contexts[d][r]);
  const int counted = test_teardown(state);
  return counted != 0 ? counted : remove_temporary_folder(state);
}

static inline int open_all(void **state) {
  for (size_t r = 0; r < TEST_MOST_RANKS; r++)
    if (quern_context_create("reference", &contexts[REFERENCE][r]) != QUERN_OK ||
        quern_context_create("auto", &contexts[DEFAULT][r]) != QUERN_OK)
      return 1;
  return make_temporary_folder(state);
}

/* One rank's run and its results. */
typedef struct run {
  int device;
  task current;
  quern_train_options options;
  quern_dataset *data, *test;
  quern_network *network;
  quern_epoch last;
  size_t asked, allowed;
  double first_loss; /* of the first epoch */
  const char *path;  /* of a checkpoint */
} run;

static inline quern_status train_rank(test_rank *rank) {
  run *r = rank->user;
  r->options.collective = rank->collective;
  return quern_train(contexts[r->device][rank->collective->rank], r->network, r->data, r->test,
                     &r->options, &r->last);
}

static inline void free_run(run *r) {
  quern_network_free(r->network);
  quern_dataset_free(r->data);
  quern_dataset_free(r->test);
}

/* Ranks begin with different weights; rank 0's are used. */
static inline run make_run(const task *self, const quern_train_options *options, int device,
                           size_t rank) {
  task tested = *self;
  tested.samples = 11;
  return (run){.device = device,
               .current = *self,
               .options = *options,
               .data = task_data(self, 0),
               .test = task_data(&tested, 3),
               .network = task_network(self, 5 + rank)};
}

/* Trains on so many ranks; the caller frees runs[0 …]. */
static inline void train_ranks(const task *self, const quern_train_options *options,
                               const int *devices, size_t ranks, run *runs, test_rank *results) {
  void *users[TEST_MOST_RANKS];
  for (size_t r = 0; r < ranks; r++) {
    runs[r] = make_run(self, options, devices[r], r);
    users[r] = &runs[r];
  }
  test_run_ranks(ranks, 60, train_rank, users, results);
}

static inline void free_runs(run *runs, size_t ranks) {
  for (size_t r = 0; r < ranks; r++) free_run(&runs[r]);
}

static inline void assert_same_figures(const quern_epoch *a, const quern_epoch *b) {
  assert_int_equal(a->epoch, b->epoch);
  assert_int_equal(a->step, b->step);
  assert_memory_equal(&a->train_loss, &b->train_loss, sizeof a->train_loss);
  assert_memory_equal(&a->test.loss, &b->test.loss, sizeof a->test.loss);
  assert_memory_equal(&a->test.accuracy, &b->test.accuracy, sizeof a->test.accuracy);
  assert_memory_equal(&a->test.r_squared, &b->test.r_squared, sizeof a->test.r_squared);
}

/* The result of one process. */
static inline run train_alone(const task *self, const quern_train_options *options, int device) {
  run alone = make_run(self, options, device, 0);
  assert_ok(quern_train(contexts[device][0], alone.network, alone.data, alone.test, &alone.options,
                        &alone.last));
  return alone;
}

/* The devices of 4 ranks. */
static const int references[] = {REFERENCE, REFERENCE, REFERENCE, REFERENCE};
static const int defaults[] = {DEFAULT, DEFAULT, DEFAULT, DEFAULT};
static const int different[] = {DEFAULT, REFERENCE, DEFAULT, REFERENCE};

static inline void assert_all_alike(const run *runs, const test_rank *results, size_t ranks,
                                    bool mixed) {
  for (size_t r = 0; r < ranks; r++) {
    if (results[r].status != QUERN_OK) print_error("rank %zu: %s\n", r, results[r].error);
    assert_int_equal(results[r].status, QUERN_OK);
    /* Devices that round differently get rank 0's parameters only at the start of each epoch. */
    if (!mixed) assert_same_bits(runs[r].network, runs[0].network);
    assert_same_figures(&runs[r].last, &runs[0].last);
  }
}

#endif
