/* Trainings as cases of their sweep. */
#ifndef QUERN_HOST_VERIFY_OPS_TRAINING_H
#define QUERN_HOST_VERIFY_OPS_TRAINING_H

#include "../sweep.h"
#include <quern/activation.h>
#include <quern/loss.h>
#include <quern/normalization.h>
#include <quern/optimizer.h>

enum { QUERN__TRAINING_LAYERS = 3 };

typedef struct quern__training_case {
  size_t inputs, samples, batch, epochs;
  bool bytes;
  bool targets; /* targets instead of labels */
  bool weighs;  /* class weights */
  float smoothing;
  quern_loss loss;
  struct {
    size_t units;
    quern_activation_kind activation;
    bool freeze_weights, freeze_bias;
    float dropout;
    quern_normalization_kind normalization;
  } layers[QUERN__TRAINING_LAYERS];
  size_t layer_count;
  bool large;
  quern_optimizer_kind optimizer; /* all but plain SGD with numbers that change from step to step */
} quern__training_case;

extern const quern__training_case quern__training_cases[];
extern const size_t quern__training_case_count;

#endif
