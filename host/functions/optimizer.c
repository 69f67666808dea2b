/* Optimizers: names, checks, and the coefficients of a step. */
#include "optimizer.h"

#include "../base/error.h"
#include "../base/names.h"
#include <float.h>
#include <math.h>

static const char *const optimizer_names[] = {
#define NAME(name, text) text,
    QUERN_OPTIMIZERS(NAME)
#undef NAME
};

const char *quern_optimizer_name(quern_optimizer_kind kind) {
  return quern__name_of(optimizer_names, QUERN__COUNT(optimizer_names), (size_t)kind);
}

bool quern_optimizer_find(const char *name, quern_optimizer_kind *kind) {
  size_t index;
  if (!quern__name_find(optimizer_names, QUERN__COUNT(optimizer_names), name, &index)) return false;
  *kind = (quern_optimizer_kind)index;
  return true;
}

quern_optimizer quern_optimizer_of(quern_optimizer_kind kind, double learning_rate) {
  return (quern_optimizer){.kind = kind,
                           .decay_bias = true,
                           .learning_rate = learning_rate,
                           .weight_decay = kind == QUERN_OPTIMIZER_ADAMW ? 0.01 : 0.0,
                           .momentum = kind == QUERN_OPTIMIZER_RMSPROP ? 0.0 : 0.9,
                           .beta1 = 0.9,
                           .beta2 = 0.999,
                           .alpha = 0.99,
                           .epsilon = 1e-8};
}

double quern_optimizer_usual_rate(quern_optimizer_kind kind) {
  switch (kind) {
  case QUERN_OPTIMIZER_SGD:
    break;
  case QUERN_OPTIMIZER_MOMENTUM:
  case QUERN_OPTIMIZER_NESTEROV:
    return 0.02;
  case QUERN_OPTIMIZER_ADAM:
  case QUERN_OPTIMIZER_ADAMW:
    return 0.002;
  case QUERN_OPTIMIZER_RMSPROP:
    return 0.001;
  }
  return 0.1;
}

quern_optimizer quern_optimizer_default(void) {
  return quern_optimizer_of(QUERN_OPTIMIZER_ADAM, quern_optimizer_usual_rate(QUERN_OPTIMIZER_ADAM));
}

bool quern_optimizer_keeps_momentum(const quern_optimizer *optimizer) {
  switch (optimizer->kind) {
  case QUERN_OPTIMIZER_SGD:
    return false;
  case QUERN_OPTIMIZER_MOMENTUM:
  case QUERN_OPTIMIZER_NESTEROV:
  case QUERN_OPTIMIZER_ADAM:
  case QUERN_OPTIMIZER_ADAMW:
    return true;
  case QUERN_OPTIMIZER_RMSPROP:
    return optimizer->momentum > 0.0;
  }
  return false;
}

bool quern_optimizer_keeps_square(const quern_optimizer *optimizer) {
  return optimizer->kind >= QUERN_OPTIMIZER_ADAM;
}

/* Checks 0 <= value < until. INFINITY: any value that is finite as a float. */
static quern_status check_optimizer(const char *field, double value, double until,
                                    const char *expected) {
  if (value >= 0.0 && value < until && value <= (double)FLT_MAX) return QUERN_OK;
  return quern__fail(QUERN_ERROR_ARGUMENT, "optimizer: a %s of %g, expected %s", field, value,
                     expected);
}

quern_status quern_optimizer_check(const quern_optimizer *optimizer) {
  if (optimizer == NULL) return quern__fail(QUERN_ERROR_ARGUMENT, "optimizer: it is NULL");
  if (quern_optimizer_name(optimizer->kind) == NULL)
    return quern__fail(QUERN_ERROR_ARGUMENT, "optimizer: unknown kind %d", (int)optimizer->kind);
  const char *const real = "a finite number, not negative";
  QUERN__FORWARD(check_optimizer("learning rate", optimizer->learning_rate, INFINITY, real));
  QUERN__FORWARD(check_optimizer("weight decay", optimizer->weight_decay, INFINITY, real));
  switch (optimizer->kind) {
  case QUERN_OPTIMIZER_SGD:
    return QUERN_OK;
  case QUERN_OPTIMIZER_MOMENTUM:
  case QUERN_OPTIMIZER_NESTEROV:
    return check_optimizer("momentum", optimizer->momentum, INFINITY, real);
  case QUERN_OPTIMIZER_ADAM:
  case QUERN_OPTIMIZER_ADAMW:
    QUERN__FORWARD(check_optimizer("beta1", optimizer->beta1, 1.0, "0 or more and less than 1"));
    QUERN__FORWARD(check_optimizer("beta2", optimizer->beta2, 1.0, "0 or more and less than 1"));
    return check_optimizer("epsilon", optimizer->epsilon, INFINITY, real);
  case QUERN_OPTIMIZER_RMSPROP:
    QUERN__FORWARD(check_optimizer("momentum", optimizer->momentum, INFINITY, real));
    QUERN__FORWARD(check_optimizer("alpha", optimizer->alpha, nextafter(1.0, 2.0), "0 to 1"));
    return check_optimizer("epsilon", optimizer->epsilon, INFINITY, real);
  }
  return QUERN_OK;
}

quern_optimizer_step quern__optimizer_step(const quern_optimizer *optimizer, uint64_t step) {
  const double rate = optimizer->learning_rate, decay = optimizer->weight_decay, t = (double)step;
  quern_optimizer_step update = {.rule = QUERN_OPTIMIZER_RULE_SGD,
                                 .decays_bias = optimizer->decay_bias,
                                 .rate = (float)rate,
                                 .decay = (float)decay,
                                 .keep = 1.0f,
                                 .momentum = (float)optimizer->momentum,
                                 .correction = 1.0f,
                                 .epsilon = (float)optimizer->epsilon};
  switch (optimizer->kind) {
  case QUERN_OPTIMIZER_SGD:
    break;
  case QUERN_OPTIMIZER_MOMENTUM:
    update.rule = QUERN_OPTIMIZER_RULE_MOMENTUM;
    break;
  case QUERN_OPTIMIZER_NESTEROV:
    update.rule = QUERN_OPTIMIZER_RULE_NESTEROV;
    break;
  case QUERN_OPTIMIZER_ADAMW:
    update.keep = (float)(1.0 - rate * decay);
    update.decay = 0.0f;
    /* fall through */
  case QUERN_OPTIMIZER_ADAM:
    update.rule = QUERN_OPTIMIZER_RULE_ADAM;
    update.rate = (float)(rate / (1.0 - pow(optimizer->beta1, t)));
    update.momentum = (float)optimizer->beta1;
    update.gain = (float)(1.0 - optimizer->beta1);
    update.square_decay = (float)optimizer->beta2;
    update.square_gain = (float)(1.0 - optimizer->beta2);
    update.correction = (float)(1.0 / sqrt(1.0 - pow(optimizer->beta2, t)));
    break;
  case QUERN_OPTIMIZER_RMSPROP:
    update.rule = quern_optimizer_keeps_momentum(optimizer) ? QUERN_OPTIMIZER_RULE_RMSPROP_MOMENTUM
                                                            : QUERN_OPTIMIZER_RULE_RMSPROP;
    update.square_decay = (float)optimizer->alpha;
    update.square_gain = (float)(1.0 - optimizer->alpha);
    break;
  }
  return update;
}
