/* The optimizer step for a vector of parameters, with the only copy of each rule. Used over a range
 * (optimizer.cl), on a finished gradient sum (dense_backward_weights.cl, dense_group.cl) and in
 * whole steps (fused_steps_kernels.cl). Needs common.cl. */

/* Rules, layout and formulas of quern_optimizer_step in include/quern/backend_ops.h. */
#define RULE_SGD              0
#define RULE_MOMENTUM         1
#define RULE_NESTEROV         2
#define RULE_ADAM             3
#define RULE_RMSPROP          4
#define RULE_RMSPROP_MOMENTUM 5

typedef struct {
  int rule, decays_bias;
  float rate, decay, keep;
  float momentum, gain;
  float square_decay, square_gain, correction, epsilon;
} OptimizerStep;

/* An OptimizerStep as kernel parameters. They are few, since setting each costs time, and not a
 * struct, which implementations pass differently. */
#define OPTIMIZER_PARAMETERS int2 optimizer_rules, float8 optimizer_numbers, float optimizer_epsilon
#define OPTIMIZER_OF_PARAMETERS                                                                    \
  {                                                                                                \
    optimizer_rules.s0, optimizer_rules.s1, optimizer_numbers.s0, optimizer_numbers.s1,            \
        optimizer_numbers.s2, optimizer_numbers.s3, optimizer_numbers.s4, optimizer_numbers.s5,    \
        optimizer_numbers.s6, optimizer_numbers.s7, optimizer_epsilon                              \
  }

/* Changes a copy, not the parameter: Mesa's rusticl passes a struct as the caller's own. */
OptimizerStep optimizer_of_bias(OptimizerStep update) {
  OptimizerStep of_bias = update;
  if (!update.decays_bias) {
    of_bias.decay = 0.0f;
    of_bias.keep = 1.0f;
  }
  return of_bias;
}

/* True if the rule reads and writes m, and v. */
#define KEEPS_MOMENTUM(rule) ((rule) != RULE_SGD && (rule) != RULE_RMSPROP)
#define KEEPS_SQUARE(rule)   ((rule) >= RULE_ADAM)

/* Returns the parameters after a step with the gradients g, and updates *m and *v if the rule keeps
 * them. `rule` is u->rule, passed separately so that a caller can make it constant. u is a pointer,
 * since PoCL copies a struct at each call that it does not inline. */
quern_vector optimizer_step(int rule, const OptimizerStep *u, quern_vector g, quern_vector old,
                            quern_vector *m, quern_vector *v) {
  quern_vector d = (quern_vector)(1.0f);
  g += u->decay * old;
  if (KEEPS_SQUARE(rule)) {
    *v = u->square_decay * *v + u->square_gain * (g * g);
    d = sqrt(*v) * u->correction + u->epsilon;
  }
  if (rule >= RULE_RMSPROP) g /= d;
  if (KEEPS_MOMENTUM(rule)) *m = u->momentum * *m + (rule == RULE_ADAM ? u->gain * g : g);
  if (rule == RULE_SGD || rule == RULE_RMSPROP) return old - u->rate * g;
  if (rule == RULE_ADAM) return u->keep * old - u->rate * *m / d;
  if (rule == RULE_NESTEROV) return old - u->rate * (g + u->momentum * *m);
  return old - u->rate * *m;
}

/* The same for plain SGD, which keeps nothing. */
quern_vector optimizer_step_sgd(const OptimizerStep *u, quern_vector g, quern_vector old) {
  quern_vector none = (quern_vector)(0.0f);
  return optimizer_step(RULE_SGD, u, g, old, &none, &none);
}

/* Applies a step to `lanes` parameters p, with m and v if the rule keeps them. */
void optimizer_step_part(int rule, const OptimizerStep *u, quern_vector g, __global float *p,
                         __global float *m, __global float *v, uint lanes) {
  quern_vector momentum = (quern_vector)(0.0f), square = momentum;
  if (KEEPS_MOMENTUM(rule)) momentum = quern_load_part(m, lanes);
  if (KEEPS_SQUARE(rule)) square = quern_load_part(v, lanes);
  quern_store_part(optimizer_step(rule, u, g, quern_load_part(p, lanes), &momentum, &square), p,
                   lanes);
  if (KEEPS_MOMENTUM(rule)) quern_store_part(momentum, m, lanes);
  if (KEEPS_SQUARE(rule)) quern_store_part(square, v, lanes);
}
