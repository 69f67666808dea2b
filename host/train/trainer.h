/* The internals of a trainer. */
#ifndef QUERN_HOST_TRAIN_TRAINER_H
#define QUERN_HOST_TRAIN_TRAINER_H

#include "../parallel/collective_ops.h"
#include "../parallel/reduce.h"
#include "best.h"
#include "measure.h"
#include "training_state.h"

struct quern_trainer {
  quern_context *context; /* held */
  quern_train_options options;
  float *class_weights;      /* the options' class weights, a copy; owned, NULL if none */
  uint32_t *shares;          /* likewise */
  char *checkpoint, *resume; /* likewise */
  bool running;              /* steps are running, so functions of the options may be active */
  /* one of them called quern_trainer_free, which then happens after the steps */
  bool abandoned;
  quern_plan *plan;
  /* the largest number of samples of a batch on this rank, and so per pass through the plan */
  size_t size;
  quern__reducer *reducer;        /* reduces the plan's gradients; NULL without a collective */
  quern__reducing reducing;       /* of the current epoch */
  bool mixed;                     /* ranks have different devices, which may round differently */
  quern__data_source train, test; /* test.rows is 0 without test data */
  quern__batch batch;
  quern__tally tally; /* of the current epoch: losses [samples done] */
  quern__training_state state;
  quern__best best;
  /* The optimizer's numbers for each step of the current epoch, [steps per epoch], and their copy
   * on the device. */
  quern_optimizer_step *updates;
  quern_buffer *update_rows;
  uint32_t *order; /* [train.rows]: the epoch's shuffled order, copied to the device */

  size_t epoch; /* completed epochs */
  size_t step;  /* completed steps of the next epoch */
  /* true if the next epoch's order is set, and `state` has a copy of the state before step
   * kept_step */
  bool begun;
  size_t kept_step;
  double seconds; /* seconds of, and samples in, the epoch's steps since it began or was resumed */
  size_t samples;
  /* sum of the losses of the epoch's first samples_reported samples, for on_progress */
  double loss_reported;
  size_t samples_reported;
  double reported; /* time of the last call of on_progress */
  size_t slice;    /* steps queued between two waits within an epoch */

  bool
      cleaned; /* temporary files that an interrupted run left beside the checkpoint were removed */

  uint32_t fingerprint; /* checksum of the training data, if fingerprinted */
  bool fingerprinted;
};

/* Copies the caller's options over the defaults, checks them, and resolves them for a training set
 * of `rows` samples. Callers built against an older, shorter struct are supported. */
quern_status quern__train_options_read(const quern_train_options *given, size_t rows,
                                       quern_train_options *options);

/* Like quern_train, but stores the result in `result`, which may be `network`, or NULL if another
 * rank keeps it. */
quern_status quern__train_into(quern_context *context, const quern_network *network,
                               const quern_dataset *train, const quern_dataset *test,
                               const quern_train_options *options, quern_network *result,
                               quern_epoch *last);

/* The steps of an epoch over `rows` samples. */
size_t quern__train_steps_per_epoch(const quern_train_options *options, size_t rows);

/* The steps of all epochs; at most UINT64_MAX. */
uint64_t quern__train_all_steps(const quern_train_options *options, size_t rows);

/* QUERN_ERROR_ARGUMENT, with the step, if the learning rate of the schedule exceeds a float's
 * range. */
quern_status quern__train_check_rates(const quern_train_options *options, size_t rows);

/* The larger of the two data sets; the batch size, limited to that; and the mode of the plan. */
size_t quern__trainer_rows(const quern_dataset *train, const quern_dataset *test);
size_t quern__trainer_batch(const quern_train_options *options, const quern_dataset *train,
                            const quern_dataset *test);
quern_plan_mode quern__trainer_mode(const quern_train_options *options,
                                    const quern_context *context);

/* The largest number of samples of a batch on one rank. */
size_t quern__trainer_size(const quern_train_options *options, const quern_dataset *train,
                           const quern_dataset *test);

/* This rank's samples of each batch of the training data, and of the test data. */
quern__shard quern__trainer_train_shard(const quern_train_options *options, size_t rows);
quern__shard quern__trainer_test_shard(const quern_train_options *options, size_t rows);

/* How the data sets are stored, and the memory available to them. */
typedef struct quern__data {
  size_t memory;
  quern__residency_request train, test; /* test.rows is 0 if this rank has no test samples */
} quern__data;

quern_status quern__trainer_place_data(const quern_context *context, const quern_network *network,
                                       const quern_dataset *train, const quern_dataset *test,
                                       const quern_train_options *options, quern__data *data);

/* Steps per epoch; samples in the first `steps` steps of an epoch. */
size_t quern__trainer_steps_per_epoch(const quern_trainer *trainer);
size_t quern__trainer_samples_of(const quern_trainer *trainer, size_t steps);

/* Training steps up to the best epoch. */
uint64_t quern__trainer_best_steps(const quern_trainer *trainer);

/* Evaluates the test data, which must exist, into epoch->test. */
quern_status quern__trainer_test(quern_trainer *trainer, quern_epoch *epoch);

/* True if the best epoch is options.patience epochs ago or more. */
bool quern__trainer_out_of_patience(const quern_trainer *trainer);

/* QUERN_ERROR_BUSY inside a function of the options that a step of this trainer calls. */
quern_status quern__trainer_check_idle(const char *what, const quern_trainer *trainer);

/* Queues the next `count` steps of an epoch that has begun. */
quern_status quern__trainer_queue(quern_trainer *trainer, size_t count);

/* --- Several ranks: every rank must call these; they do nothing without a collective ---------- */

/* Creates the reducer of the gradients. `status` is this rank's result so far; a failure is
 * reported to all ranks. */
quern_status quern__ranks_create_reducer(quern_trainer *trainer, const quern_network *network,
                                         quern_status status);

/* Compares what must agree on all ranks, compares their devices, and copies the parameters of rank
 * 0. `status` is this rank's result so far; a failure is reported to all ranks. */
quern_status quern__ranks_begin(quern_trainer *trainer, quern_status status);

/* At the start of an epoch or of its remainder: clears the losses to come and, if devices differ,
 * copies the training state of rank 0. */
quern_status quern__ranks_begin_epoch(quern_trainer *trainer);

/* Queues the next step, of n samples from `first` on, which all ranks divide. */
quern_status quern__ranks_step(quern_trainer *trainer, size_t first, size_t n);

/* Moves every rank to the position of rank 0, which has read a checkpoint or failed with
 * `status`. */
quern_status quern__ranks_resume(quern_trainer *trainer, quern_status status);

/* Adds up lists of losses, in each of which a rank has its own samples' and zeros. All ranks get
 * the sums. */
quern_status quern__ranks_merge_losses(const quern_trainer *trainer, float *losses, size_t count);

/* Reports a failure that only this rank has to the others. Returns `status`. */
quern_status quern__ranks_fail(const quern_trainer *trainer, quern_status status);

/* Reads the losses of the epoch's steps so far. QUERN_ERROR_NOT_FINITE: one of them is NaN or
 * infinite. The trainer is then moved back to before the first such step, and the message names the
 * step and the layer where it begins. The caller frees *losses, which is NULL if no step is done,
 * and after a failure. */
quern_status quern__trainer_losses(quern_trainer *trainer, float **losses);

/* QUERN_ERROR_NOT_FINITE, with the layer: a parameter is NaN or infinite. */
quern_status quern__trainer_check_parameters(const quern_trainer *trainer, const float *parameters);

#endif
