/* The state of one training run, and its steps, in their order. */
#ifndef QUERN_CLI_TRAIN_SESSION_H
#define QUERN_CLI_TRAIN_SESSION_H

#include "../log/log.h"
#include "../log/profile.h"
#include "../log/progress.h"
#include "../parallel/residency.h"
#include "settings.h"

/* What a run opens and measures. */
typedef struct train_session {
  const train_settings *settings;
  FILE *out;
  quern_dataset *train, *test;
  quern_network *network;
  cli_device_set devices;
  cli_json json;
  cJSON *epochs;
  quern_epoch last;
  cli_progress progress;
  cli_profile profile;
  cli_log log;
  float *class_weights; /* owned; NULL: none */
  size_t batch;
  quern_optimizer optimizer;
  quern_schedule schedule;
  cli_residency residency;
  bool done;               /* not interrupted */
  const char *saved;       /* the model's file, or NULL */
  bool held_out;           /* the test samples are a part of the data */
  size_t measured;         /* epochs that this run has trained */
  double seconds_a_sample; /* summed, without the first epoch, in which kernels may be built */
} train_session;

/* Opens the training and the test data, and prepares both by the training data. */
cli_exit cli_training_open_data(train_session *run);

/* Sets the class weights: those given, or n / (k n_c) for each class c (scikit-learn's "balanced"),
 * which gives all classes the same total weight. */
cli_exit cli_training_weigh_classes(train_session *run);

/* Creates the network, without weights. */
cli_exit cli_training_make_network(train_session *run);

/* Sets the first weights, after a check that device and host have the memory to train them. Each of
 * several devices checks it later, with its own part of the batch. */
cli_exit cli_training_initialize(const train_session *run, const quern_train_options *training);

/* The options for the library; they point into the session. */
quern_train_options cli_training_options(train_session *run);

/* Redraws the progress line: quern_train_options.on_progress. */
void cli_training_on_progress(const quern_progress *current, void *user);

/* Prints what is trained on which data. */
void cli_training_announce(const train_session *run);

/* Prints the last lines, of a training that is done or that was stopped. */
cli_exit cli_training_conclude(train_session *run);
cli_exit cli_training_report_stopped(const train_session *run);

#endif
