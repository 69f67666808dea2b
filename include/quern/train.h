/* Training, evaluation and prediction over data sets: a call each, and a trainer for a loop of epochs of
 * one's own. */
#ifndef QUERN_TRAIN_H
#define QUERN_TRAIN_H

#include <quern/dataset.h>
#include <quern/plan.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a network makes of a data set. */
typedef struct quern_metrics {
  size_t samples;
  double loss;               /* mean over the samples */
  double accuracy;           /* share of samples whose largest output is their label */
  double samples_per_second; /* by the wall clock, waiting included */
} quern_metrics;

typedef struct quern_epoch {
  size_t epoch;                    /* 1, 2, … */
  size_t epochs;                   /* how many were asked for */
  double train_loss;               /* mean over the epoch's samples, each as its step saw it */
  double train_samples_per_second; /* by the wall clock, evaluation left out */
  bool tested;                     /* whether there is a test set, and so `test` */
  quern_metrics test;
} quern_epoch;

/* Called after each epoch; false stops training there, with what was learned kept. */
typedef bool (*quern_epoch_fn)(const quern_epoch *epoch, void *user);

/* Start from QUERN_TRAIN_OPTIONS_INIT. */
typedef struct quern_train_options {
  size_t size; /* sizeof(quern_train_options), so that the struct can grow */
  size_t epochs;
  size_t batch; /* samples a step; the last step of an epoch takes what is left */
  quern_sgd sgd;
  uint64_t seed; /* of the shuffle: the same seed gives the same order everywhere */
  quern_epoch_fn on_epoch;
  void *user;
} quern_train_options;

#define QUERN_TRAIN_OPTIONS_INIT                                                                             \
  { sizeof(quern_train_options), 10, 32, {0.1f, 0.0f}, 0, NULL, NULL }

/* Trains the network on `train`, measuring `test` (may be NULL) after each epoch, and leaves what was learned
 * in the network. *last, where not NULL, gets the last epoch's figures. The data must have the network's
 * inputs as columns and no label past its outputs. */
QUERN_API quern_status quern_train(quern_context *context, quern_network *network, const quern_dataset *train,
                                   const quern_dataset *test, const quern_train_options *options,
                                   quern_epoch *last);

QUERN_API quern_status quern_evaluate(quern_context *context, const quern_network *network,
                                      const quern_dataset *dataset, quern_metrics *metrics);

/* outputs [rows][network outputs]: probabilities, or plain outputs for QUERN_SQUARED. */
QUERN_API quern_status quern_predict(quern_context *context, const quern_network *network,
                                     const quern_dataset *dataset, float *outputs);

/* --- The trainer: the same, an epoch at a time ---------------------------------------------------------- */

typedef struct quern_trainer quern_trainer;

/* Uploads the data sets, once and as they are, and makes a plan. Network and data sets may be freed
 * afterwards; options are copied. The caller owns *trainer. */
QUERN_API quern_status quern_trainer_create(quern_context *context, const quern_network *network,
                                            const quern_dataset *train, const quern_dataset *test,
                                            const quern_train_options *options, quern_trainer **trainer);
QUERN_API void quern_trainer_free(quern_trainer *trainer);

/* Runs the next epoch: the host queues every step and waits at its end; then it runs the test set, if any. */
QUERN_API quern_status quern_trainer_epoch(quern_trainer *trainer, quern_epoch *epoch);

/* Copies what was learned so far into a network of the same shape. */
QUERN_API quern_status quern_trainer_download(quern_trainer *trainer, quern_network *network);

#ifdef __cplusplus
}
#endif
#endif
