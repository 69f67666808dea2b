/* The optimizer step for a vector of parameters. Used over a range (optimizer.cl), on a finished
 * gradient sum (dense_backward_weights.cl) and in whole steps (steps.cl). Needs common.cl. */

/* Rules, layout and formulas of quern_update in include/quern/backend_ops.h. */
#define UPDATE_SGD              0
#define UPDATE_MOMENTUM         1
#define UPDATE_NESTEROV         2
#define UPDATE_ADAM             3
#define UPDATE_RMSPROP          4
#define UPDATE_RMSPROP_MOMENTUM 5

typedef struct {
  int rule, decays_bias;
  float rate, decay, keep;
  float momentum, gain;
  float square_decay, square_gain, correction, epsilon;
} Update;

/* An Update as kernel parameters. They are few, since setting each costs time, and not a struct,
 * which implementations pass differently. */
#define UPDATE_PARAMETERS int2 update_rules, float8 update_numbers, float update_epsilon
#define UPDATE_OF_PARAMETERS                                                                       \
  {                                                                                                \
    update_rules.s0, update_rules.s1, update_numbers.s0, update_numbers.s1, update_numbers.s2,     \
        update_numbers.s3, update_numbers.s4, update_numbers.s5, update_numbers.s6,                \
        update_numbers.s7, update_epsilon                                                          \
  }

/* Changes a copy, not the parameter: Mesa's rusticl passes a struct as the caller's own. */
Update update_of_bias(Update update) {
  Update of_bias = update;
  if (!update.decays_bias) {
    of_bias.decay = 0.0f;
    of_bias.keep = 1.0f;
  }
  return of_bias;
}

/* Applies a step to `lanes` parameters p, with m and v if the rule keeps them. `rule` is u->rule,
 * passed separately so that a caller can make it constant. u is a pointer, since PoCL copies a
 * struct at each call that it does not inline. */
void update_part(int rule, const Update *u, quern_vector g, __global float *p, __global float *m,
                 __global float *v, uint lanes) {
  const quern_vector old = quern_load_part(p, lanes);
  quern_vector next, d = (quern_vector)(1.0f), momentum = d;
  g += u->decay * old;
  if (rule >= UPDATE_ADAM) {
    const quern_vector square =
        u->square_decay * quern_load_part(v, lanes) + u->square_gain * (g * g);
    quern_store_part(square, v, lanes);
    d = sqrt(square) * u->correction + u->epsilon;
  }
  if (rule >= UPDATE_RMSPROP) g /= d;
  if (rule != UPDATE_SGD && rule != UPDATE_RMSPROP) {
    momentum = u->momentum * quern_load_part(m, lanes) + (rule == UPDATE_ADAM ? u->gain * g : g);
    quern_store_part(momentum, m, lanes);
  }
  if (rule == UPDATE_SGD || rule == UPDATE_RMSPROP)
    next = old - u->rate * g;
  else if (rule == UPDATE_ADAM)
    next = u->keep * old - u->rate * momentum / d;
  else if (rule == UPDATE_NESTEROV)
    next = old - u->rate * (g + u->momentum * momentum);
  else
    next = old - u->rate * momentum;
  quern_store_part(next, p, lanes);
}
