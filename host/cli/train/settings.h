/* What the options of `quern train` set. */
#ifndef QUERN_CLI_TRAIN_SETTINGS_H
#define QUERN_CLI_TRAIN_SETTINGS_H

#include "../data/data_options.h"

typedef struct train_settings {
  cli_data_settings data;
  const char *test;
  cli_counts hidden;
  quern_activation activation;
  int normalization;    /* of quern_normalization_kind */
  double dropout;       /* NaN: none */
  cli_loss loss;        /* kind CLI_UNSET: by the task */
  int initializer;      /* quern_initializer */
  size_t epochs, batch; /* as in quern_train_options */
  int optimizer, schedule, decay_bias;
  /* NaN: the optimizer's default */
  double learning_rate, momentum, beta1, beta2, alpha, epsilon, weight_decay;
  double warmup, step_epochs, gamma; /* NaN: none, or the default */
  double clip_norm;                  /* NaN: gradients are not clipped */
  size_t patience;                   /* 0: no early stopping */
  size_t data_memory;                /* 0: what the device has left */
  double label_smoothing;            /* NaN: none */
  cli_reals class_weights;           /* word: balanced */
  cli_counts shares;                 /* empty: measured */
  uint64_t seed;
  const char *device, *save, *checkpoint, *resume, *log, *config, *write_config;
  size_t checkpoint_every;
  bool json, share_device, profile;
  double rank_timeout;    /* seconds */
  char *const *arguments; /* behind the command's name; ends with NULL */
} train_settings;

#endif
