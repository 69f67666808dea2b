/* The step of an optimizer for a vector of parameters, for every kernel that takes one: over a range (optimizer.cl), as a gradient
 * leaves its sum (dense_backward_weights.cl), in whole steps (steps.cl). */

/* Layout and formulas of quern_update in include/quern/backend.h, and its rules. */
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

/* One as a kernel's parameters: few, since setting each costs, and no struct, which implementations pass in ways of their own. */
#define UPDATE_PARAMETERS int2 update_rules, float8 update_numbers, float update_epsilon
#define UPDATE_OF_PARAMETERS                                                                                 \
  {update_rules.s0,   update_rules.s1,   update_numbers.s0, update_numbers.s1, update_numbers.s2, update_numbers.s3, \
   update_numbers.s4, update_numbers.s5, update_numbers.s6, update_numbers.s7, update_epsilon}

/* A copy is changed and not the parameter: Mesa's rusticl passes a struct as the caller's own. */
Update update_of_bias(Update update) {
  Update of_bias = update;
  if (!update.decays_bias) {
    of_bias.decay = 0.0f;
    of_bias.keep = 1.0f;
  }
  return of_bias;
}

/* The parameters after the step. `rule` is the same for every work-item, so the branches cost little. m and v are read and
 * written where the rule keeps them. */
quern_vector update_vector(Update u, quern_vector g, quern_vector p, __global float *m, __global float *v, uint lanes) {
  quern_vector d = (quern_vector)(1.0f);
  g += u.decay * p;
  if (u.rule >= UPDATE_ADAM) {
    const quern_vector square = u.square_decay * quern_load_part(v, lanes) + u.square_gain * (g * g);
    quern_store_part(square, v, lanes);
    d = sqrt(square) * u.correction + u.epsilon;
  }
  if (u.rule >= UPDATE_RMSPROP) g /= d;
  if (u.rule == UPDATE_SGD || u.rule == UPDATE_RMSPROP) return p - u.rate * g;
  const quern_vector old = quern_load_part(m, lanes);
  const quern_vector momentum = u.momentum * old + (u.rule == UPDATE_ADAM ? u.gain * g : g);
  quern_store_part(momentum, m, lanes);
  if (u.rule == UPDATE_ADAM) return u.keep * p - u.rate * momentum / d;
  if (u.rule == UPDATE_NESTEROV) return p - u.rate * (g + u.momentum * momentum);
  return p - u.rate * momentum;
}

/* Takes the step of `lanes` parameters from `at` on, which is where m and v have theirs too. */
void update_part(Update update, quern_vector gradient, __global float *parameters, __global float *m, __global float *v,
                 size_t at, uint lanes) {
  const quern_vector old = quern_load_part(parameters + at, lanes);
  quern_store_part(update_vector(update, gradient, old, m + at, v + at, lanes), parameters + at, lanes);
}
