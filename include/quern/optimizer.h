/* Optimizers and learning-rate schedules, as plain values: what trainers, plans and the op level
 * take.
 *
 * Every formula is PyTorch's (torch.optim, version 1.13), and so is every default; docs/parity.md
 * has the differences. g is the gradient of a parameter p, lr the learning rate, decay the weight
 * decay; m and v are what an optimizer keeps for each parameter, zero at first; t counts its steps
 * from 1. */
#ifndef QUERN_OPTIMIZER_H
#define QUERN_OPTIMIZER_H

#include <quern/status.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* X(NAME, "name"):
 *
 *   SGD        g ← g + decay p                                        p ← p - lr g
 *   MOMENTUM   g ← g + decay p,  m ← momentum m + g                   p ← p - lr m
 *              (Polyak 1964, as Sutskever et al. 2013 write it but with lr outside of m,
 *              dampening 0)
 *   NESTEROV   g and m as above                                       p ← p - lr (g + momentum m)
 *              (Nesterov 1983, as Sutskever et al. 2013)
 *   ADAM       g ← g + decay p,  m ← beta1 m + (1 - beta1) g,  v ← beta2 v + (1 - beta2) g²
 *              p ← p - lr / (1 - beta1ᵗ) · m / (√v / √(1 - beta2ᵗ) + epsilon)
 *              (Kingma and Ba 2015)
 *   ADAMW      as ADAM with p ← (1 - lr decay) p in place of g ← g + decay p
 *              (Loshchilov and Hutter 2019)
 *   RMSPROP    g ← g + decay p,  v ← alpha v + (1 - alpha) g²         p ← p - lr g / (√v + epsilon)
 *              with momentum > 0:  m ← momentum m + g / (√v + epsilon)         p ← p - lr m
 *              (Hinton, Coursera lecture 6e, 2012; not centered) */
#define QUERN_OPTIMIZERS(X)                                                                        \
  X(SGD, "sgd")                                                                                    \
  X(MOMENTUM, "momentum")                                                                          \
  X(NESTEROV, "nesterov")                                                                          \
  X(ADAM, "adam")                                                                                  \
  X(ADAMW, "adamw")                                                                                \
  X(RMSPROP, "rmsprop")

typedef enum quern_optimizer_kind {
#define QUERN_OPTIMIZER_VALUE(name, text) QUERN_OPTIMIZER_##name,
  QUERN_OPTIMIZERS(QUERN_OPTIMIZER_VALUE)
#undef QUERN_OPTIMIZER_VALUE
} quern_optimizer_kind;

/* Start from quern_optimizer_of, or from quern_optimizer_default() for a constant. Fields that a
 * kind does not read are ignored. */
typedef struct quern_optimizer {
  quern_optimizer_kind kind;
  /* whether biases, and with them gammas and betas, decay like weights, as in PyTorch; ignored
   * where an op is given a range */
  bool decay_bias;
  double learning_rate; /* finite, 0 or more */
  double weight_decay;  /* finite, 0 or more */
  double momentum;      /* MOMENTUM, NESTEROV, RMSPROP: finite, 0 or more */
  double beta1, beta2;  /* ADAM, ADAMW: 0 or more and less than 1 */
  double alpha;         /* RMSPROP: 0 to 1 */
  double epsilon;       /* ADAM, ADAMW, RMSPROP: finite, 0 or more */
} quern_optimizer;

/* Plain SGD, and the fields of the others as PyTorch has them; torch has no default for momentum,
 * 0.9 is the usual one. */
static inline quern_optimizer quern_optimizer_default(void) {
  quern_optimizer optimizer;
  optimizer.kind = QUERN_OPTIMIZER_SGD;
  optimizer.decay_bias = true;
  optimizer.learning_rate = 0.1;
  optimizer.weight_decay = 0.0;
  optimizer.momentum = 0.9;
  optimizer.beta1 = 0.9;
  optimizer.beta2 = 0.999;
  optimizer.alpha = 0.99;
  optimizer.epsilon = 1e-8;
  return optimizer;
}

/* An optimizer with PyTorch's defaults: no weight decay, but 0.01 for ADAMW, and no momentum for
 * RMSPROP. PyTorch's learning rates are 0.001, and 0.01 for RMSPROP. */
static inline quern_optimizer quern_optimizer_of(quern_optimizer_kind kind, double learning_rate) {
  quern_optimizer optimizer = quern_optimizer_default();
  optimizer.kind = kind;
  optimizer.learning_rate = learning_rate;
  if (kind == QUERN_OPTIMIZER_ADAMW) optimizer.weight_decay = 0.01;
  if (kind == QUERN_OPTIMIZER_RMSPROP) optimizer.momentum = 0.0;
  return optimizer;
}

/* How many ranges as long as the parameters an optimizer keeps: m, v, both or none. */
QUERN_API bool quern_optimizer_keeps_momentum(const quern_optimizer *optimizer); /* m */
QUERN_API bool quern_optimizer_keeps_square(const quern_optimizer *optimizer);   /* v */

/* "sgd", "adamw" …; NULL for a value that is none. Static. And the reverse; false, with *kind
 * untouched, for a name that is none. */
QUERN_API const char *quern_optimizer_name(quern_optimizer_kind kind);
QUERN_API bool quern_optimizer_find(const char *name, quern_optimizer_kind *kind);

/* --- Schedules -------------------------------------------------------------------------------- */

/* X(NAME, "name"): the learning rate of step t = 0, 1, …, which begins at lr, the optimizer's:
 *
 *   CONSTANT  lr
 *   STEP      lr gamma^⌊t / period⌋                                torch.optim.lr_scheduler.StepLR
 *   COSINE    minimum + (lr - minimum) (1 + cos(π t / steps)) / 2  CosineAnnealingLR
 *               (Loshchilov and Hutter 2017)
 *   ONE_CYCLE   from lr / start up to lr, reached at t = peak steps - 1, and down to lr / start /
 *               end at steps - 1, each along half a cosine; the momentum (beta1 of ADAM and ADAMW)
 *               goes from most_momentum down to least_momentum and
 *               back. An optimizer without momentum has none to cycle.                  OneCycleLR
 *               (Smith and Topin 2018)
 *
 * With a warm-up of w steps, step t < w has the rate  lr (f + (1 - f) t / w),  f = warmup_factor
 * (LinearLR), and step t >= w is step t - w of the schedule (SequentialLR with the milestone w). */
#define QUERN_SCHEDULES(X)                                                                         \
  X(CONSTANT, "constant")                                                                          \
  X(STEP, "step")                                                                                  \
  X(COSINE, "cosine")                                                                              \
  X(ONE_CYCLE, "one-cycle")

typedef enum quern_schedule_kind {
#define QUERN_SCHEDULE_VALUE(name, text) QUERN_SCHEDULE_##name,
  QUERN_SCHEDULES(QUERN_SCHEDULE_VALUE)
#undef QUERN_SCHEDULE_VALUE
} quern_schedule_kind;

/* Start from quern_schedule_of, or from quern_schedule_default() for a constant. All steps are an
 * optimizer's, a batch each. */
typedef struct quern_schedule {
  quern_schedule_kind kind;
  uint64_t warmup;      /* steps; 0: no warm-up */
  double warmup_factor; /* 0 to 1 */
  /* COSINE, ONE_CYCLE: of the schedule, the warm-up not counted. 0: all that a trainer has left for
   * it */
  uint64_t steps;
  uint64_t period;                      /* STEP: at least 1 */
  double gamma;                         /* STEP: finite, 0 or more */
  double minimum;                       /* COSINE: finite, 0 or more */
  double peak;                          /* ONE_CYCLE: share of the steps, 0 to 1 */
  double start, end;                    /* ONE_CYCLE: more than 0 */
  double most_momentum, least_momentum; /* ONE_CYCLE: 0 or more and less than 1 */
} quern_schedule;

/* A constant rate, and the other fields as PyTorch has them; it has no default for STEP's
 * period. */
static inline quern_schedule quern_schedule_default(void) {
  quern_schedule schedule;
  schedule.kind = QUERN_SCHEDULE_CONSTANT;
  schedule.warmup = 0;
  schedule.warmup_factor = 1.0 / 3.0;
  schedule.steps = 0;
  schedule.period = 1;
  schedule.gamma = 0.1;
  schedule.minimum = 0.0;
  schedule.peak = 0.3;
  schedule.start = 25.0;
  schedule.end = 1e4;
  schedule.most_momentum = 0.95;
  schedule.least_momentum = 0.85;
  return schedule;
}

static inline quern_schedule quern_schedule_of(quern_schedule_kind kind) {
  quern_schedule schedule = quern_schedule_default();
  schedule.kind = kind;
  return schedule;
}

/* The optimizer with the learning rate and momentum that the schedule gives it for step `step` = 0,
 * 1, …; the schedule's `steps` must be set where its kind reads them. Past its last step a schedule
 * stays where it ended; COSINE, as in PyTorch, rises again. Both must be valid. Computed in
 * double. */
QUERN_API quern_optimizer quern_schedule_at(const quern_schedule *schedule,
                                            const quern_optimizer *optimizer, uint64_t step);

/* "constant", "one-cycle" …, as for optimizers. */
QUERN_API const char *quern_schedule_name(quern_schedule_kind kind);
QUERN_API bool quern_schedule_find(const char *name, quern_schedule_kind *kind);

/* QUERN_ERROR_ARGUMENT, naming the field and its value, for one that is out of the range given
 * above. */
QUERN_API quern_status quern_optimizer_check(const quern_optimizer *optimizer);
QUERN_API quern_status quern_schedule_check(const quern_schedule *schedule);

#ifdef __cplusplus
}
#endif
#endif
