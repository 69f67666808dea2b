/* Optimizers and learning-rate schedules, plain values for trainers, plans and the op level.
 *
 * All formulas and defaults are PyTorch's (torch.optim, version 1.13); docs/parity.md lists the
 * differences. g is the gradient of a parameter p, lr the learning rate, decay the weight decay. m
 * and v are an optimizer's state for each parameter, initially zero; t counts its steps from 1. */
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

/* Start from quern_optimizer_of or quern_optimizer_default(). Fields that a kind does not use are
 * ignored. */
typedef struct quern_optimizer {
  quern_optimizer_kind kind;
  /* apply weight decay to biases, gammas and betas too, as PyTorch does; ignored by ops that update
   * a range */
  bool decay_bias;
  double learning_rate; /* finite, 0 or more */
  double weight_decay;  /* finite, 0 or more */
  double momentum;      /* MOMENTUM, NESTEROV, RMSPROP: finite, 0 or more */
  double beta1, beta2;  /* ADAM, ADAMW: 0 or more and less than 1 */
  double alpha;         /* RMSPROP: 0 to 1 */
  double epsilon;       /* ADAM, ADAMW, RMSPROP: finite, 0 or more */
} quern_optimizer;

/* Returns an optimizer with this learning rate and PyTorch's defaults: no weight decay, except 0.01
 * for ADAMW; decay_bias true; beta1 0.9, beta2 0.999, alpha 0.99, epsilon 1e-8; momentum 0 for
 * RMSPROP. PyTorch has no default of momentum for the others, which get 0.9. PyTorch's learning
 * rates are 0.001, and 0.01 for RMSPROP. */
QUERN_API quern_optimizer quern_optimizer_of(quern_optimizer_kind kind, double learning_rate);

/* Returns a learning rate that usually trains well with batches of some tens of samples: 0.1 for
 * SGD, 0.02 for MOMENTUM and NESTEROV, 0.002 for ADAM and ADAMW, 0.001 for RMSPROP. */
QUERN_API double quern_optimizer_usual_rate(quern_optimizer_kind kind);

/* Returns the optimizer of quern_train_options_default(): ADAM with its usual rate. */
QUERN_API quern_optimizer quern_optimizer_default(void);

/* True if the optimizer keeps m and v, each as long as the parameters. */
QUERN_API bool quern_optimizer_keeps_momentum(const quern_optimizer *optimizer); /* m */
QUERN_API bool quern_optimizer_keeps_square(const quern_optimizer *optimizer);   /* v */

/* Return the name, e.g. "sgd" or "adamw"; NULL if the value is invalid. Static. Look up a name;
 * return false and leave *kind unchanged if it is unknown. */
QUERN_API const char *quern_optimizer_name(quern_optimizer_kind kind);
QUERN_API bool quern_optimizer_find(const char *name, quern_optimizer_kind *kind);

/* --- Schedules -------------------------------------------------------------------------------- */

/* X(NAME, "name"): the learning rate of step t = 0, 1, …; lr is the optimizer's:
 *
 *   CONSTANT  lr
 *   STEP      lr gamma^⌊t / period⌋                                torch.optim.lr_scheduler.StepLR
 *   COSINE    minimum + (lr - minimum) (1 + cos(π t / steps)) / 2  CosineAnnealingLR
 *               (Loshchilov and Hutter 2017)
 *   ONE_CYCLE from lr / start up to lr at t = peak steps - 1,      OneCycleLR
 *             then down to lr / start / end at t = steps - 1, each along half a cosine. Momentum
 *             (beta1 of ADAM and ADAMW), if the optimizer has it, falls from most_momentum to
 *             least_momentum and rises back.
 *               (Smith and Topin 2018)
 *
 * With w warm-up steps, step t < w has the rate lr (f + (1 - f) t / w), f = warmup_factor
 * (LinearLR). Step t >= w is step t - w of the schedule (SequentialLR with the milestone w). */
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

/* Start from quern_schedule_of or quern_schedule_default(). Steps are optimizer steps, one per
 * batch. Fields that a kind does not use are ignored. */
typedef struct quern_schedule {
  quern_schedule_kind kind;
  uint64_t warmup;      /* steps; 0: no warm-up */
  double warmup_factor; /* 0 to 1 */
  /* COSINE, ONE_CYCLE: length without warm-up. 0: all steps that a training has after the warm-up
   */
  uint64_t steps;
  uint64_t period;                      /* STEP. 0: 10 epochs of a training */
  double gamma;                         /* STEP: finite, 0 or more */
  double minimum;                       /* COSINE: finite, 0 or more */
  double peak;                          /* ONE_CYCLE: fraction of steps, 0 to 1 */
  double start, end;                    /* ONE_CYCLE: more than 0 */
  double most_momentum, least_momentum; /* ONE_CYCLE: 0 or more and less than 1 */
} quern_schedule;

/* Returns a schedule without warm-up and with PyTorch's defaults: gamma 0.1, minimum 0, peak 0.3,
 * start 25, end 1e4, momentum 0.85 to 0.95, warmup_factor 1/3. */
QUERN_API quern_schedule quern_schedule_of(quern_schedule_kind kind);

/* Returns the schedule of quern_train_options_default(): ONE_CYCLE. */
QUERN_API quern_schedule quern_schedule_default(void);

/* Returns the optimizer with the schedule's learning rate and momentum for step `step` = 0, 1, ….
 * Both arguments must be valid, and `steps` and `period` set if the kind uses them (see
 * quern_train_options_resolve); a period of 0 leaves the rate constant. After its last step a
 * schedule keeps its final value, except COSINE, which rises again as in PyTorch. Computed in
 * double. */
QUERN_API quern_optimizer quern_schedule_at(const quern_schedule *schedule,
                                            const quern_optimizer *optimizer, uint64_t step);

/* Return and look up names, e.g. "constant" or "one-cycle", as for optimizers. */
QUERN_API const char *quern_schedule_name(quern_schedule_kind kind);
QUERN_API bool quern_schedule_find(const char *name, quern_schedule_kind *kind);

/* Check all fields. QUERN_ERROR_ARGUMENT names a field outside its range above, and its value. */
QUERN_API quern_status quern_optimizer_check(const quern_optimizer *optimizer);
QUERN_API quern_status quern_schedule_check(const quern_schedule *schedule);

#ifdef __cplusplus
}
#endif
#endif
