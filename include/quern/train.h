/* Training, evaluation and prediction over data sets: one function each, and a trainer for programs
 * that run their own loop over epochs. */
#ifndef QUERN_TRAIN_H
#define QUERN_TRAIN_H

#include <quern/context.h>
#include <quern/dataset.h>
#include <quern/network.h>
#include <quern/optimizer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Metrics of a network on a data set. Fields that do not apply to its task are NaN. */
typedef struct quern_metrics {
  size_t samples;
  /* Mean over the samples, of targets as trained on. Finite if the loss of every sample is. */
  double loss;
  double accuracy;           /* classes: share of samples whose largest output is their label */
  double samples_per_second; /* wall clock, including waits */
  quern_task task;
  /* Multi-label tasks. A label is predicted if its probability exceeds 1/2 (its output, under a
   * loss without a sigmoid). With TP, FP and FN the true positives, false positives and false
   * negatives over all samples and labels: f1 = 2 TP / (2 TP + FP + FN), NaN if that is 0 / 0. */
  double exact_match;    /* share of samples with every label predicted correctly */
  double label_accuracy; /* share of labels predicted correctly */
  double f1;
  /* Regression, in the units of the data even if targets are standardized. y: targets, z: outputs;
   * means are over samples and targets. r_squared is the mean over the targets of 1 - Σ (y - z)² /
   * Σ (y - ȳ)², NaN if a target is constant. */
  double mean_squared_error;
  double mean_absolute_error;
  double r_squared;
} quern_metrics;

/* Figures of one epoch. */
typedef struct quern_epoch {
  size_t epoch;  /* 1, 2, … */
  size_t epochs; /* how many were requested */
  /* Completed steps of the epoch, and all its steps. If they differ, loss, speed and test are not
   * final. */
  size_t step, steps;
  /* mean over the epoch's samples, each before its step's update */
  double train_loss;
  double train_samples_per_second; /* wall clock, without evaluation and checkpoints */
  bool tested;                     /* true if there is a test set; `test` is set only then */
  quern_metrics test;
  /* With options.patience: the epoch with the lowest test loss so far (0 before the first), and
   * whether it is old enough for training to stop. */
  size_t best_epoch;
  bool out_of_patience;
  /* Wall-clock seconds of this rank's steps of the epoch; those with an all-reduce in flight; and
   * those of the latter not overlapped by device work. */
  double train_seconds, reduction_seconds, reduction_exposed_seconds;
} quern_epoch;

/* Progress within an epoch. */
typedef struct quern_progress {
  size_t epoch, epochs; /* as in quern_epoch */
  size_t step, steps;   /* of the epoch: completed, and all */
  /* mean over the epoch's samples so far; NaN or infinite if a sample's loss is */
  double train_loss;
  double train_samples_per_second; /* over the epoch's steps that ran here */
} quern_progress;

/* Callbacks run on the training thread. A callback may free the data sets, network, contexts and
 * strings of the options: training holds a reference to, or a copy of, each. If it frees the
 * network, what was learned is lost. A trainer freed by its own callback stops as if by `stop`, and
 * is freed when its steps return. Until then its steps, save and resume return QUERN_ERROR_BUSY.
 * quern_dataset_fit and quern_dataset_apply also return it for data in use by training. */

/* Called about every tenth of a second within an epoch, on the training thread. The device waits
 * meanwhile, so it should be quick. An epoch shorter than that may pass without a call; its end is
 * reported by quern_epoch_fn alone. */
typedef void (*quern_progress_fn)(const quern_progress *progress, void *user);

/* Called after each epoch. Returning false stops training and keeps what was learned. */
typedef bool (*quern_epoch_fn)(const quern_epoch *epoch, void *user);

/* Called between steps on the training thread. Returning true stops training, even inside an epoch,
 * and keeps what was learned. Once true, it must stay true. It may read a flag that a signal
 * handler sets. With it, the host waits about every tenth of a second instead of once per epoch, so
 * that a stop takes effect soon. */
typedef bool (*quern_stop_fn)(void *user);

/* Options of a training, grouped by subject. Start from quern_train_options_default(), whose values
 * are given as "default". Pointers are borrowed until the training ends, except where a field says
 * that it is copied. */
typedef struct quern_train_options {
  size_t size; /* sizeof(quern_train_options), so that the struct can grow */

  /* --- Steps --- */
  size_t epochs; /* default 20; at least 1 */
  /* Samples per step; the last step of an epoch takes the rest. 0, the default: 64, or as few as
   * give an epoch of a small data set 20 steps. See quern_train_options_resolve. */
  size_t batch;
  /* Seed of the shuffle and of dropout: the same seed gives the same order and masks everywhere.
   * Default 1. */
  uint64_t seed;

  /* --- Optimizer --- */
  /* default quern_optimizer_default(): QUERN_OPTIMIZER_ADAM with a learning rate of 0.002 */
  quern_optimizer optimizer;
  /* Schedule of the learning rate, per optimizer step, over all epochs. Default
   * quern_schedule_default(): QUERN_SCHEDULE_ONE_CYCLE. */
  quern_schedule schedule;
  /* Maximum norm of all gradients, see quern_clip_norm. 0, the default: no limit. */
  float clip_norm;

  /* --- Loss, only for QUERN_LOSS_CATEGORICAL --- */
  /* 0 … 1, see quern_plan_set_class_weights. The loss on the test set, and of quern_evaluate,
   * ignores this and the weights. Default 0. */
  float label_smoothing;
  /* [network outputs], copied, each 0 or 1e-15 to 1e15. NULL, the default: all equal. */
  const float *class_weights;

  /* --- Early stopping --- */
  /* Training stops after this many epochs without a new lowest test loss. However training ends,
   * quern_train leaves the weights of the epoch with the lowest test loss in the network. Requires
   * a test set. 0, the default: off. */
  size_t patience;

  /* --- Checkpoints, only for quern_train and quern_train_on --- */
  /* File to write checkpoints to, copied. NULL, the default: none. A loop over a trainer calls
   * quern_trainer_save and quern_trainer_resume instead. */
  const char *checkpoint;
  /* Steps between checkpoints. 0, the default: after each epoch. One is also written when training
   * stops. */
  size_t checkpoint_every;
  const char *resume; /* checkpoint to resume from, copied. NULL, the default: none */

  /* --- Callbacks --- */
  quern_epoch_fn on_epoch; /* each may be NULL, the default */
  /* Costs nothing if NULL. Otherwise the host waits within an epoch as for `stop`, and has the
   * losses since the last call summed. */
  quern_progress_fn on_progress;
  quern_stop_fn stop;
  void *user; /* passed to each callback */

  /* --- Devices --- */
  /* Maximum bytes of device memory, per rank, for the data sets. A data set that does not fit is
   * streamed, see quern_trainer_create. 0, the default: seven eighths of the memory left beside
   * everything else. */
  size_t data_memory;
  /* NULL, the default: this process trains alone. Otherwise it is one rank of several that train
   * one network together, see below. Used until the trainer is freed. */
  const quern_collective *collective;
  /* [ranks of the collective], copied, the same on every rank: rank r takes shares[r] / Σ shares of
   * each batch, see below. Not all are 0, and their sum is at most UINT32_MAX. NULL, the default:
   * equal shares. */
  const uint32_t *shares;
} quern_train_options;

/* Sets the first `size` bytes of *options to the defaults, and options->size to `size`. For
 * bindings from other languages; C programs call quern_train_options_default(). Bytes past the
 * struct of this library become 0. Never waits or fails; ignores NULL and a size less than that of
 * `size`. */
QUERN_API void quern_train_options_set_default(quern_train_options *options, size_t size);

/* Returns the defaults of C programs, the Python package and the command. */
static inline quern_train_options quern_train_options_default(void) {
  quern_train_options options;
  quern_train_options_set_default(&options, sizeof options);
  return options;
}

/* Sets what options leave to the size of the training set, `rows` samples: a batch of 0 as
 * described there, schedule.steps of 0 to all steps after the warm-up, and schedule.period of 0 to
 * the steps of 10 epochs. quern_train and quern_trainer_create do the same; a program calls this to
 * know the values. QUERN_ERROR_ARGUMENT: NULL, 0 rows, a wrong options->size. */
QUERN_API quern_status quern_train_options_resolve(quern_train_options *options, size_t rows);

/* Trains the network on `train`, measures `test` (may be NULL) after each epoch, and leaves what
 * was learned in the network. Waits until training ends. options NULL: the defaults. The network
 * gets the schema of the data, so that other data can be prepared alike.
 *
 * The data must have one column per network input. They have either labels below the number of
 * outputs, or one label or number per output and a loss that takes them (see
 * quern_plan_evaluate_targets).
 *
 * *last, if not NULL, gets the last epoch's figures. If training stops inside an epoch, last->step
 * < last->steps. With options.patience, last->test describes the best epoch's weights, which are
 * the ones kept. If a resumed checkpoint was already complete, nothing is trained and
 * last->train_loss is NaN.
 *
 * QUERN_ERROR_ARGUMENT: among others, a layer has batch normalization and the last batch has one
 * sample, which PyTorch rejects too. QUERN_ERROR_NOT_FINITE: the loss or a parameter is NaN or
 * infinite. quern_last_error names the step and the layer in which it began; the network and the
 * last checkpoint stay unchanged. */
QUERN_API quern_status quern_train(quern_context *context, quern_network *network,
                                   const quern_dataset *train, const quern_dataset *test,
                                   const quern_train_options *options, quern_epoch *last);

/* Measures the network on a data set, and waits. Like quern_predict, streams data sets larger than
 * a few MiB in chunks, so they need not fit in device memory. The losses, 4 bytes per sample, stay
 * on the device. QUERN_ERROR_SHAPE: the data have other columns than the network has inputs, here
 * and below. */
QUERN_API quern_status quern_evaluate(quern_context *context, const quern_network *network,
                                      const quern_dataset *dataset, quern_metrics *metrics);

/* Computes outputs [rows][network outputs], and waits: probabilities, or plain outputs if
 * quern_loss_is_regression. Plain outputs are in the units of the data, even if the network's
 * schema standardizes targets. The data need no labels or targets; they must be prepared by the
 * network's schema (quern_dataset_options.schema). */
QUERN_API quern_status quern_predict(quern_context *context, const quern_network *network,
                                     const quern_dataset *dataset, float *outputs);

/* --- Several ranks ---------------------------------------------------------------------------
 *
 * With options.collective each rank makes the same calls with the same network, data sets and
 * options, on a device of its own.
 *
 * `batch` is the batch of all ranks together. All ranks share one shuffle. Of a batch's n samples
 * in that order, rank r takes those from floor(n (s_0 + … + s_{r-1}) / Σ s) on; s are the shares.
 * Without shares, parts differ by at most one sample; one may be empty. Each rank sums the gradient
 * of its samples, divided by n. These sums are added in rank order (all_reduce_start), and each
 * rank clips and updates by the result. So every rank has the same parameters after each step; they
 * differ from those of one process only by the order of summation. Training starts from rank 0's
 * parameters. If ranks have different devices, which may round differently, all copy rank 0's
 * parameters and optimizer state at the beginning of each epoch.
 *
 * Batch normalization computes mean and variance, and the sums of its backward pass, over all
 * ranks' samples of the batch. Each such layer costs three small all-reduces per step, in which
 * ranks without a sample take part. QUERN_ERROR_UNSUPPORTED: a rank's backend lacks the ops for it
 * (batch_norm_moments, batch_norm_backward_parameters, batch_norm_backward_data).
 *
 * The test set is divided among the ranks like a batch. Losses and metrics cover all ranks'
 * samples, and every rank gets the same. If stop or on_epoch of one rank ends the training, it ends
 * on all ranks after the same step. Callbacks are called on each rank that sets them.
 * QUERN_ERROR_NOT_FINITE is reported alike on every rank. So is a failure to create, save or
 * resume, with "rank R of N: " before that rank's message. A rank that fails otherwise abandons the
 * collective.
 *
 * Only rank 0 writes and reads checkpoints. Training may resume with another number of ranks or
 * other shares, which changes the order of summation.
 *
 * If the training data are resident, each rank has all of them on its device, since any sample may
 * be any rank's in the next epoch. If they are streamed, each rank sends only its own samples: all
 * ranks together send each sample once per epoch, and a chunk of the same size spans as many times
 * more batches as there are ranks. So data that exceed one device's memory, but not that of all,
 * are streamed. Of the test set, whose order is fixed, a rank sends only its part, resident or
 * streamed. Each rank's host memory has the complete data sets. */

/* --- Several devices of one process ----------------------------------------------------------
 *
 * The same with one rank per context, in their order, each in its own thread. Rank 0 is the calling
 * thread, and only it calls the callbacks. Contexts may be of any devices of any vendor; none is
 * listed twice.
 *
 * The batch is divided by shares. With given shares, runs are bit-identical. Measured shares are
 * whole samples of a batch; they, and so the order of summation, may differ between runs. Each
 * checkpoint stores its shares, and training resumed on the same number of devices uses them. It
 * ends with the same bits, unless devices round differently and training stopped inside an epoch,
 * since the devices' parameters are made equal at the beginning of the rest of the epoch. */

/* Determines the shares [count] that quern_train_on uses if given none. If options->resume was
 * written by the same number of ranks with shares, returns those and sets *measured to false.
 * Otherwise runs steps with made-up samples on all devices at once, since some may share a
 * processor, measures how long each takes for its part, and balances the parts. A device with a
 * share of 0 is so slow that the others are faster without it. `measured` may be NULL. Takes under
 * a second, unless kernels must be built or steps are long. */
QUERN_API quern_status quern_train_shares(quern_context *const *contexts, size_t count,
                                          const quern_network *network, const quern_dataset *train,
                                          const quern_train_options *options, uint32_t *shares,
                                          bool *measured);

/* quern_train on `count` devices. shares [count], or NULL for those of quern_train_shares.
 * options->collective and options->shares must be NULL; this call sets them. With one context it is
 * quern_train. If a device fails, training ends on all, and quern_last_error begins with "rank R of
 * N", R being the index of the context. */
QUERN_API quern_status quern_train_on(quern_context *const *contexts, size_t count,
                                      const uint32_t *shares, quern_network *network,
                                      const quern_dataset *train, const quern_dataset *test,
                                      const quern_train_options *options, quern_epoch *last);

/* --- The trainer: the same, one epoch at a time ----------------------------------------------- */

typedef struct quern_trainer quern_trainer;

/* Creates a plan and uploads the data sets once, unchanged; with several ranks, only this rank's
 * part of the test set. Options are copied. Network and data sets may be freed afterward. The
 * caller owns *trainer.
 *
 * If the data sets exceed options.data_memory or the device's memory, the larger one, or both, stay
 * in host memory and are streamed. Two chunks alternate on the device, one being computed on and
 * one in transfer; each holds whole batches, or this rank's part of each. Batches, their order and
 * all results are bit-identical to those of resident data. A streamed data set is read until the
 * trainer is freed. It may be freed earlier, but must not be changed until then (quern_dataset_fit
 * returns QUERN_ERROR_BUSY).
 *
 * QUERN_ERROR_ARGUMENT: data_memory is too small for two batches; quern_last_error gives the size
 * needed. */
QUERN_API quern_status quern_trainer_create(quern_context *context, const quern_network *network,
                                            const quern_dataset *train, const quern_dataset *test,
                                            const quern_train_options *options,
                                            quern_trainer **trainer);

/* Frees a trainer. From one of its own callbacks it is freed when its steps return. NULL is
 * accepted. */
QUERN_API void quern_trainer_free(quern_trainer *trainer);

/* Placement of a training's data sets on a device. */
typedef struct quern_data_residency {
  size_t size; /* sizeof(quern_data_residency), set by the caller, so that the struct can grow */
  /* maximum bytes for the data sets: options.data_memory, or the limit chosen if that is 0 */
  size_t data_memory;
  size_t bytes; /* taken by the data sets */
  /* Maximum samples in each of the two chunks of a streamed set, without other ranks' samples. 0:
   * the set is resident. */
  size_t train_chunk;
  size_t test_chunk;
} quern_data_residency;

static inline quern_data_residency quern_data_residency_default(void) {
  quern_data_residency residency;
  residency.size = sizeof residency;
  residency.data_memory = 0;
  residency.bytes = 0;
  residency.train_chunk = 0;
  residency.test_chunk = 0;
  return residency;
}

/* Predicts how quern_trainer_create would place these data sets. Only rank and ranks of
 * options->collective are read; nothing is communicated. `test` and `options` may be NULL. */
QUERN_API quern_status quern_trainer_residency(
    const quern_context *context, const quern_network *network, const quern_dataset *train,
    const quern_dataset *test, const quern_train_options *options, quern_data_residency *residency);

/* Computes the bytes of device memory that quern_trainer_create allocates for these arguments: the
 * data sets, or two chunks of each that options.data_memory causes to be streamed (0: none, though
 * the device may limit it, see quern_trainer_residency); the plan; optimizer state; a backup of
 * everything learned; the best parameters with options.patience; a batch; a loss per sample; and
 * the numbers of each step of an epoch. All of it is allocated and written to at creation, so a
 * device with less memory fails before the first epoch. A backend may take some more, see
 * quern_plan_bytes. A device that needs the gradients in memory for optimizers other than plain SGD
 * (GPUs) also takes the size of the parameters again. `test` and `options` may be NULL. */
QUERN_API quern_status quern_trainer_bytes(const quern_network *network, const quern_dataset *train,
                                           const quern_dataset *test,
                                           const quern_train_options *options, size_t *bytes);

/* Runs the next epoch, or the rest of one, then the test set, if any. The host queues every step
 * and waits at the end. If options.stop ends it early, epoch->step < epoch->steps, and the next
 * call continues. QUERN_ERROR_NOT_FINITE: as for quern_train; the trainer is then at the state
 * before the step that failed. */
QUERN_API quern_status quern_trainer_epoch(quern_trainer *trainer, quern_epoch *epoch);

/* Runs the next `steps` steps, at most to the end of the epoch, and waits for them. The trainer can
 * be saved between calls. */
QUERN_API quern_status quern_trainer_steps(quern_trainer *trainer, size_t steps,
                                           quern_epoch *epoch);

/* Copies what was learned so far, or by the end of the epoch with the lowest test loss, into a
 * network of the same shape. Does not copy the schema of the data; use quern_network_set_schema.
 * QUERN_ERROR_ARGUMENT, for the best: no epoch has ended, or options.patience is 0. */
QUERN_API quern_status quern_trainer_download(quern_trainer *trainer, quern_network *network);
QUERN_API quern_status quern_trainer_download_best(quern_trainer *trainer, quern_network *network);

/* --- Checkpoints: training stopped and resumed to the same bits ------------------------------- */

/* Saves a checkpoint: a safetensors file with everything that the rest of the training depends on.
 * It has the parameters and optimizer state, each as one flat range of floats; the epoch, the step
 * in it, and the losses of its steps so far; the generator's seed; and what it was trained with.
 * Training resumed on the same device, driver and version of quern ends with the same bits as
 * training that never stopped.
 *
 * Waits for queued steps. The file is written atomically: on failure, what was at `path` stays. The
 * first save removes temporary files left in the folder by runs killed while writing.
 * QUERN_ERROR_NOT_FINITE: what would be saved is not finite; the existing checkpoint is kept. */
QUERN_API quern_status quern_trainer_save(quern_trainer *trainer, const char *path);

/* Restores a trainer to a saved state. The number of epochs may differ, unless the schedule depends
 * on it. On failure the trainer is unchanged. QUERN_ERROR_FORMAT: the file is not a complete
 * checkpoint, or belongs to a training with another network, training data, batch, seed, optimizer
 * or schedule; the error names the field and both values. */
QUERN_API quern_status quern_trainer_resume(quern_trainer *trainer, const char *path);

#ifdef __cplusplus
}
#endif
#endif
