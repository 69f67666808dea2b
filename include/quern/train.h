/* Training, evaluation and prediction over data sets: a call each, and a trainer for a loop of
 * epochs of one's own. */
#ifndef QUERN_TRAIN_H
#define QUERN_TRAIN_H

#include <quern/collective.h>
#include <quern/dataset.h>
#include <quern/plan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a network makes of a data set. What does not belong to its task is NaN. */
typedef struct quern_metrics {
  size_t samples;
  /* Mean over the samples, of targets as they are trained on. Finite where each sample's is. */
  double loss;
  double accuracy;           /* classes: share of samples whose largest output is their label */
  double samples_per_second; /* by the wall clock, waiting included */
  quern_task task;
  /* Labels, each of which is predicted where its probability is above 1/2 (its output, under a loss
   * without a sigmoid). With TP the labels that are there and predicted, FP those predicted alone,
   * FN those there alone, over all samples and labels: f1 = 2 TP / (2 TP + FP + FN), NaN where that
   * is 0 / 0. */
  double exact_match;    /* share of samples that have all of theirs right */
  double label_accuracy; /* share of labels that are right */
  double f1;
  /* A regression, in the units of the data, also where targets are standardized. y: targets, z:
   * outputs; means are over samples and targets. r_squared is the mean over the targets of 1 - Σ (y
   * - z)² / Σ (y - ȳ)², NaN where a target is the same all over. */
  double mean_squared_error;
  double mean_absolute_error;
  double r_squared;
} quern_metrics;

typedef struct quern_epoch {
  size_t epoch;                    /* 1, 2, … */
  size_t epochs;                   /* how many were asked for */
  double train_loss;               /* mean over the epoch's samples, each as its step saw it */
  double train_samples_per_second; /* by the wall clock, evaluation and checkpoints left out */
  bool tested;                     /* whether there is a test set, and so `test` */
  quern_metrics test;
  /* Steps of the epoch that are done, and all it has: where they differ, loss, speed and test are
   * to come. */
  size_t step, steps;
  /* With options.patience: the epoch with the lowest test loss so far, 0 before the first; and
   * whether it lies so far back that training stops. */
  size_t best_epoch;
  bool out_of_patience;
  /* Seconds that the epoch's steps took here, by the wall clock. With a collective, in how many of
   * them this rank's gradients were on their way through the ranks, and in how many of those the
   * device had nothing left to do: the others are hidden behind backward. */
  double train_seconds, reduction_seconds, reduction_exposed_seconds;
} quern_epoch;

/* How far training is within an epoch. */
typedef struct quern_progress {
  size_t epoch, epochs; /* as in quern_epoch */
  size_t step, steps;   /* of the epoch: how many are done, and all */
  /* mean over the epoch's samples so far; NaN or infinite where one of theirs is */
  double train_loss;
  double train_samples_per_second; /* of the epoch's steps that ran here */
} quern_progress;

/* Functions of the options are called on the thread that trains. One may free the data sets, the
 * network, the contexts and the texts of the options: training has a hold or a copy of each, and
 * what it learned is then gone with the network. A trainer that is freed by a function of its own
 * options stops as if that were `stop`, and is freed when its steps return. From there its steps,
 * save and resume are QUERN_ERROR_BUSY, and so is quern_dataset_fit or quern_dataset_apply on data
 * that are trained on. */

/* Called within an epoch after every tenth of a second or so, on the thread that trains, while the
 * device waits: it should be quick. An epoch that takes less may pass without a call, and its end
 * is told by quern_epoch_fn alone. */
typedef void (*quern_progress_fn)(const quern_progress *progress, void *user);

/* Called after each epoch; false stops training there, with what was learned kept. */
typedef bool (*quern_epoch_fn)(const quern_epoch *epoch, void *user);

/* Asked between steps, on the thread that trains; true stops training there, inside an epoch too,
 * with what was learned kept. Once true it stays true. It may read a flag that a signal handler
 * sets. With it the host waits every tenth of a second or so, instead of once an epoch, so that a
 * stop comes soon. */
typedef bool (*quern_stop_fn)(void *user);

/* Start from quern_train_options_default(). */
typedef struct quern_train_options {
  size_t size; /* sizeof(quern_train_options), so that the struct can grow */
  size_t epochs;
  size_t batch; /* samples a step; the last step of an epoch takes what is left */
  quern_optimizer optimizer;
  /* of the shuffle and of dropout: the same seed gives the same order and the same masks
   * everywhere */
  uint64_t seed;
  quern_epoch_fn on_epoch;
  void *user;
  quern_stop_fn stop; /* may be NULL */
  /* the most that the norm of all gradients may be, see quern_clip_norm; 0: any */
  float clip_norm;
  /* Of quern_train alone; a trainer's own loop calls quern_trainer_save and
   * quern_trainer_resume. */
  const char *checkpoint; /* a file to write checkpoints to, or NULL; copied, as `resume` is */
  /* steps between two, or 0: after each epoch; and one where training stops */
  size_t checkpoint_every;
  const char *resume; /* a checkpoint to go on from, or NULL */
  /* May be NULL, and costs nothing then. With it the host waits within an epoch as it does for
   * `stop`, and has the losses of what was done since the last call added up. */
  quern_progress_fn on_progress;
  /* Of training under QUERN_LOSS_CATEGORICAL alone, see quern_plan_set_class_weights; what is
   * measured on the test set, and by quern_evaluate, is the loss without them. */
  float label_smoothing; /* 0 … 1 */
  /* [network outputs], copied, each 0 or 1e-15 to 1e15; or NULL: all the same */
  const float *class_weights;

  /* of the learning rate, a step of the optimizer at a time, over all epochs */
  quern_schedule schedule;
  /* Early stopping: training stops after so many epochs without a lower test loss than before, and
   * the weights of the epoch with the lowest are what quern_train leaves in the network, also where
   * training ends otherwise. 0: never. Needs a test set. */
  size_t patience;
  /* The most bytes of the device, each rank's own, that the data sets may take; 0: what is left of
   * its memory beside the rest, an eighth of it spared. A data set for which that is too little is
   * streamed: see quern_trainer_create. */
  size_t data_memory;
  /* NULL: this process trains by itself. Else it is one rank of several that train one network
   * together, see below; it stays the caller's, and is used until the trainer is freed. */
  const quern_collective *collective;
  /* [ranks of the collective], copied, and the same on every rank: rank r takes shares[r] of Σ
   * shares of each batch, see below. NULL: all take as much. Not all are 0, and their sum is at
   * most UINT32_MAX. */
  const uint32_t *shares;
} quern_train_options;

static inline quern_train_options quern_train_options_default(void) {
  quern_train_options options;
  options.size = sizeof options;
  options.epochs = 10;
  options.batch = 32;
  options.optimizer = quern_optimizer_default();
  options.seed = 0;
  options.on_epoch = NULL;
  options.user = NULL;
  options.stop = NULL;
  options.clip_norm = 0.0f;
  options.checkpoint = NULL;
  options.checkpoint_every = 0;
  options.resume = NULL;
  options.on_progress = NULL;
  options.label_smoothing = 0.0f;
  options.class_weights = NULL;
  options.schedule = quern_schedule_default();
  options.patience = 0;
  options.data_memory = 0;
  options.collective = NULL;
  options.shares = NULL;
  return options;
}

/* Trains the network on `train`, measuring `test` (may be NULL) after each epoch, and leaves what
 * was learned in the network. *last, where not NULL, gets the last epoch's figures. The data must
 * have the network's inputs as columns and no label past its outputs, or as many labels or numbers
 * as it has outputs and a loss that takes such (see quern_plan_evaluate_targets). Where a layer has
 * batch normalization, a batch that leaves one sample for the last step is QUERN_ERROR_ARGUMENT, as
 * one sample is to PyTorch. The network gets the schema of the data, so that others can be prepared
 * as they were. Stopped by options.stop inside an epoch, *last has its steps, and fewer `step`.
 * With options.patience its `test` is that of the weights that are left. Resumed from a checkpoint
 * with every epoch done, it trains nothing, and *last has a train_loss of NaN.
 *
 * QUERN_ERROR_NOT_FINITE: the loss, or a parameter, is NaN or infinite. quern_last_error says in
 * which step, and in which layer it began. The network is left as it was, and so is the last
 * checkpoint. */
QUERN_API quern_status quern_train(quern_context *context, quern_network *network,
                                   const quern_dataset *train, const quern_dataset *test,
                                   const quern_train_options *options, quern_epoch *last);

/* This and quern_predict send data of more than some MiB a chunk at a time, so that a device need
 * not have room for them; 4 bytes a sample, for the losses, stay on it here. */
QUERN_API quern_status quern_evaluate(quern_context *context, const quern_network *network,
                                      const quern_dataset *dataset, quern_metrics *metrics);

/* outputs [rows][network outputs]: probabilities, or plain outputs where quern_loss_is_regression,
 * which are in the units of the data, also where the network's schema has standardized targets. The
 * data need no labels or targets, and are prepared as the network's schema says
 * (quern_dataset_options.schema). */
QUERN_API quern_status quern_predict(quern_context *context, const quern_network *network,
                                     const quern_dataset *dataset, float *outputs);

/* --- Several ranks
 * ---------------------------------------------------------------------------------------
 *
 * With options.collective each rank makes the same calls with the same network, data sets and
 * options, on a device of its own, and what it does of each is told here.
 *
 * `batch` is the batch of all ranks together. Of its n samples, in the order of the one shuffle
 * that all have, rank r takes those from floor(n (s_0 + … + s_{r-1}) / Σ s) on, s being the shares:
 * without any, parts differ by one sample at most; one may be empty. Each adds up the gradient of
 * its samples over n; the sums of all are added in the order of ranks (all_reduce_start), and each
 * rank clips and updates by that. So every rank has the same parameters after each step, and they
 * are those of one process but for the order in which a sum is taken. Rank 0's parameters are the
 * ones that training starts from; where ranks have devices that differ, and so may round
 * differently, all take rank 0's parameters and what its optimizer keeps anew when an epoch begins.
 *
 * Batch normalization takes mean and variance over the whole batch, all ranks' samples together,
 * and so the sums of its way back: each such layer costs three small all-reduces a step, in which a
 * rank without a sample takes part. QUERN_ERROR_UNSUPPORTED where a rank's backend lacks the ops
 * for it (batch_norm_moments, batch_norm_backward_parameters, batch_norm_backward_data).
 *
 * The test set is divided among the ranks as a batch is. Losses and metrics are of all ranks'
 * samples, and every rank gets the same. Where stop, or on_epoch, of one rank ends the training, it
 * ends on all, after the same step. Functions are called on each rank that has them.
 * QUERN_ERROR_NOT_FINITE is told alike on every rank, and so is a failure to create, save or
 * resume, with "rank R of N: " before what that rank had to say; a rank that fails otherwise
 * abandons the collective.
 *
 * Rank 0 alone writes and reads checkpoints. Another number of ranks, or other shares, may go on
 * from them: the order of sums then is another.
 *
 * Where the training data are resident, a rank has all of them on its device, since any sample may
 * be any rank's in the next epoch. Where it streams them it sends its own samples alone: all ranks
 * together send each sample once an epoch, and chunks in as much memory reach over as many times
 * more batches. So data that are too long for a device, but not for all, are streamed. Of the test
 * set, whose order stays, a rank sends its part, resident or streamed. Each rank's host memory has
 * the data sets whole. */

/* --- Several devices of one process
 * ----------------------------------------------------------------------
 *
 * The same with a rank for each context, in their order, each in a thread of its own: rank 0 is the
 * calling thread, and it alone calls options' functions. Contexts may be of any devices, whatever
 * their makers; none is listed twice.
 *
 * The batch is divided by shares. With given ones the bits are the same from run to run. Shares
 * that are measured are whole samples of a batch, and may differ from one run to the next, as the
 * order of sums then does; each checkpoint has them, and training that is resumed on as many
 * devices goes on with its own: to the same bits, but where devices round differently and training
 * stopped inside an epoch, since they are made alike at the beginning of what is left. */

/* shares [count]: what quern_train_on takes where it is given none. Those of options->resume, where
 * it was written by as many ranks with shares; *measured is then false. Else steps with made-up
 * samples, on all devices at the same time, since some may share a processor, find out how long
 * each takes for its part, and parts are made so that all take as long. A device that has a share
 * of 0 is so slow that the others do better without it. `measured` may be NULL. Takes under a
 * second, where no kernels are to be built and a step is short beside that. */
QUERN_API quern_status quern_train_shares(quern_context *const *contexts, size_t count,
                                          const quern_network *network, const quern_dataset *train,
                                          const quern_train_options *options, uint32_t *shares,
                                          bool *measured);

/* quern_train on `count` devices. shares [count], or NULL for those of quern_train_shares.
 * options->collective and options->shares are this call's to set, and must be NULL. With one
 * context it is quern_train. Where a device fails, training ends on all, and quern_last_error
 * begins with "rank R of N", R being the context's place. */
QUERN_API quern_status quern_train_on(quern_context *const *contexts, size_t count,
                                      const uint32_t *shares, quern_network *network,
                                      const quern_dataset *train, const quern_dataset *test,
                                      const quern_train_options *options, quern_epoch *last);

/* --- The trainer: the same, an epoch at a time ------------------------------------------------ */

typedef struct quern_trainer quern_trainer;

/* Uploads the data sets, once and as they are, of several ranks no more of the test set than this
 * rank's part, and makes a plan. Network and data sets may be freed afterward; options are copied.
 * The caller owns *trainer.
 *
 * Where options.data_memory or the device does not have room for them, the larger one, or both,
 * stay in the host's memory and are streamed: two chunks of whole batches, or of what is this
 * rank's of each, take turns on the device, one to compute on, one on its way. Batches, their order
 * and every number are those of resident data, bit for bit. A data set that is streamed is read
 * from until the trainer is freed: it may be freed before, and until then is not to be changed
 * (quern_dataset_fit is QUERN_ERROR_BUSY). QUERN_ERROR_ARGUMENT where data_memory has no room for
 * two batches; quern_last_error says how much that is. */
QUERN_API quern_status quern_trainer_create(quern_context *context, const quern_network *network,
                                            const quern_dataset *train, const quern_dataset *test,
                                            const quern_train_options *options,
                                            quern_trainer **trainer);
QUERN_API void quern_trainer_free(quern_trainer *trainer);

/* How the data sets of a training lie on a device. */
typedef struct quern_data_residency {
  size_t size; /* sizeof(quern_data_residency), set by the caller, so that the struct can grow */
  /* the most bytes that they may take: options.data_memory, or for 0 what was made of it */
  size_t data_memory;
  size_t bytes; /* that they take */
  /* The most samples in each of the two chunks of a set that is streamed, other ranks' not counted;
   * 0: it is resident. */
  size_t train_chunk;
  size_t test_chunk;
} quern_data_residency;

static inline quern_data_residency quern_data_residency_default(void) {
  quern_data_residency placement;
  placement.size = sizeof placement;
  placement.data_memory = 0;
  placement.bytes = 0;
  placement.train_chunk = 0;
  placement.test_chunk = 0;
  return placement;
}

/* What quern_trainer_create does with these data sets, told before it does; of options->collective,
 * which rank it is of how many counts, and no other rank is asked. `test` and `options` may be
 * NULL. */
QUERN_API quern_status quern_trainer_residency(
    const quern_context *context, const quern_network *network, const quern_dataset *train,
    const quern_dataset *test, const quern_train_options *options, quern_data_residency *placement);

/* Bytes that quern_trainer_create takes from the device for these arguments: the data sets, or two
 * chunks of each that options.data_memory has streamed (0: none; the device may have a say of its
 * own, see quern_trainer_residency), the plan, what the optimizer keeps, all that is learned once
 * more to go back to, the best parameters with options.patience, a batch, a loss for each sample,
 * and the numbers of each step of an epoch. All of it is taken and written to then, so that a
 * device that has less says so before the first epoch. A backend may take some beside, as at
 * quern_plan_bytes, and a device that needs the gradients in memory for optimizers other than plain
 * SGD (GPUs) takes as much again as the parameters. `test` and `options` may be NULL. */
QUERN_API quern_status quern_trainer_bytes(const quern_network *network, const quern_dataset *train,
                                           const quern_dataset *test,
                                           const quern_train_options *options, size_t *bytes);

/* Runs the next epoch, or what is left of one: the host queues every step and waits at its end;
 * then it runs the test set, if any. Where options.stop ends it early, epoch->step says so, and the
 * next call goes on. A loss that is NaN or infinite is QUERN_ERROR_NOT_FINITE, as at quern_train,
 * and the trainer then stands before the step that gives it. */
QUERN_API quern_status quern_trainer_epoch(quern_trainer *trainer, quern_epoch *epoch);

/* The same for the next `steps` steps, at most to the end of the epoch. Waits for them. Between two
 * calls the trainer can be saved. */
QUERN_API quern_status quern_trainer_steps(quern_trainer *trainer, size_t steps,
                                           quern_epoch *epoch);

/* Copies what was learned so far into a network of the same shape, or what was learned by the end
 * of the epoch with the lowest test loss (QUERN_ERROR_ARGUMENT before the first epoch's end, or
 * without options.patience); not the schema of the data, for which there is
 * quern_network_set_schema. */
QUERN_API quern_status quern_trainer_download(quern_trainer *trainer, quern_network *network);
QUERN_API quern_status quern_trainer_download_best(quern_trainer *trainer, quern_network *network);

/* --- Checkpoints: training stopped and resumed to the same bits ------------------------------- */

/* A checkpoint is a safetensors file with all that the rest of the training depends on: the
 * parameters and what the optimizer keeps, each as one flat range of floats; the epoch, the step in
 * it, and the losses of its steps so far; the generator's seed; and what it was trained with.
 * Training that is resumed on the same device, driver and version of quern ends with the same bits
 * as training that never stopped.
 *
 * The file appears whole or not at all: on a failure what was at `path` stays.
 * QUERN_ERROR_NOT_FINITE: what would be saved is not finite, and a good checkpoint is worth more.
 * Waits for the steps that are queued. The first time it removes what runs that were killed while
 * they wrote have left in the folder. */
QUERN_API quern_status quern_trainer_save(quern_trainer *trainer, const char *path);

/* Takes a trainer to where another was saved. QUERN_ERROR_FORMAT where the file is no whole
 * checkpoint, or belongs to another training: another network, other training data, batch, seed,
 * optimizer or schedule; the error names the field and both values. How many epochs are asked for
 * may differ, unless the schedule is made for them. On a failure the trainer is as before. */
QUERN_API quern_status quern_trainer_resume(quern_trainer *trainer, const char *path);

#ifdef __cplusplus
}
#endif
#endif
