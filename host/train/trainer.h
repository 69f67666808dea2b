/* The inside of a trainer, for the files that run, save and look into one. */
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
  float *class_weights;      /* the options' own copy, owned; NULL for none */
  uint32_t *shares;          /* the same of them */
  char *checkpoint, *resume; /* and of these */
  bool running;              /* steps are being taken: functions of the options may be at work */
  bool abandoned;            /* one of them freed it, which waits until the steps return */
  quern_plan *plan;
  /* the most samples of a batch that are this rank's, and so go through the plan at once */
  size_t size;
  quern__reducer *reducer;        /* of the plan's gradients; NULL where this is the only rank */
  quern__reducing reducing;       /* of the epoch under way */
  bool mixed;                     /* ranks have devices that may round differently */
  quern__data_source train, test; /* test.rows is 0 where there is none */
  quern__batch batch;
  quern__tally tally; /* of the epoch under way: losses [samples done] */
  quern__training_state learned;
  quern__best best;
  /* What the optimizer does in each step of the epoch under way, [steps an epoch], and the same on
   * its way to the device. */
  quern_update *updates;
  quern_buffer *update_rows;
  uint32_t *order; /* [train.rows]: the epoch's shuffle, on its way to the device */

  size_t epoch; /* how many are done */
  size_t step;  /* how many steps of the next one are */
  /* the order is that of the next epoch, and `learned` is kept as it was before step kept_step */
  bool begun;
  size_t kept_step;
  double seconds; /* that its steps took, and the samples they took, since it began here */
  size_t samples;
  /* the sum of the losses of the epoch's first samples_reported samples, for on_progress */
  double loss_reported;
  size_t samples_reported;
  double reported; /* when on_progress was called last */
  size_t slice;    /* steps that are queued before the host waits, where it waits within an epoch */

  bool tidied; /* what a killed run left beside the checkpoint was looked for */

  uint32_t fingerprint; /* of the training data, once fingerprinted */
  bool fingerprinted;
};

/* The caller's options over the defaults, checked, for callers built against an older and shorter
 * struct. */
quern_status quern__train_options_read(const quern_train_options *given,
                                       quern_train_options *options);

/* quern_train, with what was learned put into `learned`, which may be `network`, or NULL where it
 * is another rank's to keep. */
quern_status quern__train_into(quern_context *context, const quern_network *network,
                               const quern_dataset *train, const quern_dataset *test,
                               const quern_train_options *options, quern_network *learned,
                               quern_epoch *last);

/* Steps of an epoch over so many samples, and the schedule of all epochs made for them:
 * quern_schedule's `steps` set. */
size_t quern__train_steps_an_epoch(const quern_train_options *options, size_t rows);
void quern__train_schedule(quern_train_options *options, size_t rows);

/* QUERN_ERROR_ARGUMENT, naming the step, where the schedule of these options, made for them, leaves
 * a float's range. */
quern_status quern__train_check_rates(const quern_train_options *options, size_t rows);

/* The most samples that are gone through at once, the batch (never more than there are), and what
 * the plan must do. */
size_t quern__trainer_rows(const quern_dataset *train, const quern_dataset *test);
size_t quern__trainer_batch(const quern_train_options *options, const quern_dataset *train,
                            const quern_dataset *test);
quern_plan_mode quern__trainer_mode(const quern_train_options *options,
                                    const quern_context *context);

/* The most samples of a batch that go through the plan of one rank. */
size_t quern__trainer_size(const quern_train_options *options, const quern_dataset *train,
                           const quern_dataset *test);

/* Of each batch of the training data, or of the test set, what is this rank's. */
quern__shard quern__trainer_train_shard(const quern_train_options *options, size_t rows);
quern__shard quern__trainer_test_shard(const quern_train_options *options, size_t rows);

/* Where the data sets lie, and the room that they were given. */
typedef struct quern__data {
  size_t room;
  quern__residency_request train, test; /* test.rows is 0 where this rank has none of it */
} quern__data;

quern_status quern__trainer_place(const quern_context *context, const quern_network *network,
                                  const quern_dataset *train, const quern_dataset *test,
                                  const quern_train_options *options, quern__data *data);

/* Steps of an epoch; samples that its first `steps` steps take. */
size_t quern__trainer_steps_an_epoch(const quern_trainer *trainer);
size_t quern__trainer_samples_of(const quern_trainer *trainer, size_t steps);

/* Steps that were behind the best epoch. */
uint64_t quern__trainer_best_steps(const quern_trainer *trainer);

/* Runs the test set, of which there is one, into epoch->test. */
quern_status quern__trainer_test(quern_trainer *trainer, quern_epoch *epoch);

/* Whether the best epoch lies as far back as options.patience lets it. */
bool quern__trainer_out_of_patience(const quern_trainer *trainer);

/* QUERN_ERROR_BUSY in a function of the options that its own steps call, from which it cannot be
 * moved. */
quern_status quern__trainer_check_idle(const char *what, const quern_trainer *trainer);

/* Queues the next `count` steps of an epoch that has begun. */
quern_status quern__trainer_queue(quern_trainer *trainer, size_t count);

/* --- Together with other ranks: each rank calls, and where there is one nothing happens
 * ----------------------- */

/* Makes what carries the network's gradients. `status` is how it went so far; one that failed is
 * told to all. */
quern_status quern__ranks_meet(quern_trainer *trainer, const quern_network *network,
                               quern_status status);

/* Compares what must be alike, finds out what devices there are, and takes rank 0's parameters.
 * `status` is how this rank's own making of the trainer went; one that failed is told to all. */
quern_status quern__ranks_begin(quern_trainer *trainer, quern_status status);

/* At the beginning of an epoch, or of what is left of one: clears the losses to come, and takes
 * rank 0's of all that was learned where devices are mixed. */
quern_status quern__ranks_begin_epoch(quern_trainer *trainer);

/* Takes the next step, of the n samples from `first` on of which this rank has a part. */
quern_status quern__ranks_step(quern_trainer *trainer, size_t first, size_t n);

/* Takes every rank to where rank 0 stands, which has read a checkpoint, or failed with `status`. */
quern_status quern__ranks_resume(quern_trainer *trainer, quern_status status);

/* Adds up lists of losses that each have a rank's own, and zeros: on return each has all. */
quern_status quern__ranks_merge_losses(const quern_trainer *trainer, float *losses, size_t count);

/* Where a failure is this rank's own, tells the others that it goes. Returns the status. */
quern_status quern__ranks_fail(const quern_trainer *trainer, quern_status status);

/* Reads the losses of the epoch's steps so far. QUERN_ERROR_NOT_FINITE where one of them is NaN or
 * infinite: the trainer is then taken back to before the first such step, and the error names it
 * and the layer where it begins. *losses, owned by the caller, may be NULL where no step is done;
 * it is freed here on failure. */
quern_status quern__trainer_losses(quern_trainer *trainer, float **losses);

/* QUERN_ERROR_NOT_FINITE, naming the layer, where one of the flat parameters is NaN or infinite. */
quern_status quern__trainer_check_parameters(const quern_trainer *trainer, const float *parameters);

#endif
