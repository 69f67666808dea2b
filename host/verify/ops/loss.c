/* The losses. */
#include "loss.h"

#include "../../base/error.h"
#include <float.h>
#include <math.h>
#include <stdlib.h>

static const struct {
  size_t n, k;
  bool large;
} shapes[] = {{1, 1, false},   {1, 2, false},   {3, 1, false},   {2, 3, false},    {7, 10, false},
              {16, 16, false}, {17, 15, false}, {65, 7, false},  {1, 257, false},  {33, 64, false},
              {130, 3, false}, {3, 1000, true}, {257, 33, true}, {1000, 10, true}, {63, 130, true}};
enum { SHAPES = sizeof shapes / sizeof *shapes };

typedef enum outputs {
  LOSS_AND_GRADIENT,
  LOSS_ONLY,
  GRADIENT_ONLY,
  GRADIENT_OVER_Z,
  OUTPUTS
} outputs;

static quern_status call_loss(quern_context *context, const quern_tensor *t,
                              const void *arguments) {
  const quern__loss_case *problem = arguments;
  if (problem->kind->weighted)
    return quern_weighted_cross_entropy(context, t[0], t[1], t[4], t[5], problem->smoothing,
                                        problem->scale, t[2], t[3]);
  return problem->kind->call(context, t[0], t[1], problem->scale, t[2], t[3]);
}

static quern_status allocate_targets(quern__loss_case *problem) {
  problem->y = calloc(problem->n * problem->k, sizeof *problem->y);
  problem->labels = calloc(problem->n, sizeof *problem->labels);
  if (problem->z != NULL && problem->y != NULL && problem->labels != NULL) return QUERN_OK;
  free(problem->z);
  free(problem->y);
  free(problem->labels);
  return quern__fail_memory("verify", problem->n * problem->k * sizeof *problem->y);
}

/* Computes the bounds of the outputs; false without memory. */
static bool set_magnitudes(const quern__loss_case *problem, quern__op *op) {
  float *losses = calloc(problem->n, sizeof *losses),
        *dz = calloc(problem->n * problem->k, sizeof *dz);
  op->operands[2].magnitude = losses;
  op->operands[3].magnitude = dz;
  if (losses == NULL || dz == NULL) return false;
  for (size_t r = 0; r < problem->n; r++) {
    double loss;
    problem->kind->magnitude(problem, r, &loss, dz + r * problem->k);
    losses[r] = (float)loss;
  }
  return true;
}

/* Takes ownership of the case's memory. `nans`: number of losses that are NaN. */
static quern_status check_loss(quern__verify *v, const quern__loss_case *problem, outputs wanted,
                               size_t nans, const char *expected_fault) {
  static const char *const names[] = {"", " loss only", " gradient only", " gradient over z"};
  quern__op op = {.call = call_loss, .arguments = problem, .expected_fault = expected_fault};
  float range = 0;
  for (size_t i = 0; i < problem->n * problem->k; i++) range = fmaxf(range, fabsf(problem->z[i]));
  /* k terms in a sum. z - m is rounded in proportion to its size, which matters until exp
   * underflows. */
  op.bound = (quern__bound){.terms = (double)problem->k + 2 * fmin(2.0 * (double)range, 104) + 8,
                            .absolute = 2.0 * (double)FLT_MIN};
  if (problem->kind->weighted)
    op.bound.terms += (double)problem->k + 8; /* sums of weights, and products with them */
  quern__op_title(&op, "%s %zux%zu to %g%s", problem->kind->name, problem->n, problem->k,
                  (double)range, names[wanted]);
  quern__op_operand(&op, 0, "z", QUERN__IN, QUERN__FLOAT, problem->n, problem->k, problem->z);
  if (problem->kind->labeled)
    quern__op_operand(&op, 1, "labels", QUERN__IN, QUERN__INT, 1, problem->n, problem->labels);
  else
    quern__op_operand(&op, 1, "y", QUERN__IN, QUERN__FLOAT, problem->n, problem->k, problem->y);
  if (wanted != GRADIENT_ONLY)
    quern__op_operand(&op, 2, "losses", QUERN__OUT, QUERN__FLOAT, 1, problem->n, NULL);
  if (wanted != LOSS_ONLY)
    quern__op_operand(&op, 3, "dz", QUERN__OUT, QUERN__FLOAT, problem->n, problem->k, NULL);
  op.operands[2].nans = nans;
  if (problem->weights != NULL) {
    quern__op_operand(&op, 4, "class_weights", QUERN__IN, QUERN__FLOAT, 1, problem->k,
                      problem->weights);
    quern__op_operand(&op, 5, "total", QUERN__IN, QUERN__FLOAT, 1, 1,
                      quern__values_copy(&problem->total, 1, sizeof problem->total));
  }
  if (wanted == GRADIENT_OVER_Z) op.operands[3].same_as = 1;
  if (!set_magnitudes(problem, &op)) op.out_of_memory = true;
  free(problem->kind->labeled ? (void *)problem->y : (void *)problem->labels);
  return quern__verify_check(v, &op);
}

/* Chooses weights and smoothing: smoothing only, weights only, both, and full smoothing. False
 * without memory. */
static bool choose_weights(quern__verify *v, quern__loss_case *problem, outputs wanted) {
  static const float smoothing[OUTPUTS] = {0.125f, 0.0f, 0.25f, 1.0f};
  problem->smoothing = smoothing[wanted];
  if (wanted == LOSS_AND_GRADIENT) return true;
  problem->weights = quern__values_floats(&v->values, problem->k, 0.25f, 2.0f);
  for (size_t r = 0; problem->weights != NULL && r < problem->n; r++)
    problem->total += problem->weights[problem->labels[r]];
  return problem->weights != NULL;
}

/* Half of the rows have hard targets, as in the worked example. */
static quern_status check_shape(quern__verify *v, const quern__loss_kind *kind, size_t n, size_t k,
                                float range, outputs wanted) {
  quern__loss_case problem = {.kind = kind, .n = n, .k = k, .scale = 1.0f / (float)n};
  quern__values_next(&v->values);
  problem.z = quern__values_floats(&v->values, n * k, -range, range);
  QUERN__FORWARD(allocate_targets(&problem));
  for (size_t i = 0; i < n * k; i++)
    problem.y[i] = (float)(quern__values_word(&v->values) >> 8) * 0x1p-24f;
  for (size_t r = 0; r < n; r++)
    problem.labels[r] = (int32_t)quern__values_below(&v->values, (uint32_t)k);
  for (size_t r = 0; r < n; r += 2)
    for (size_t a = 0; a < k; a++)
      problem.y[r * k + a] = a == (size_t)problem.labels[r] ? 1.0f : 0.0f;
  if (kind->weighted && !choose_weights(v, &problem, wanted)) {
    free(problem.z);
    free(problem.y);
    free(problem.labels);
    return quern__fail_memory("verify", k * sizeof *problem.weights);
  }
  return check_loss(v, &problem, wanted, 0, NULL);
}

/* Logits of any size: no result is NaN, and a loss is infinite only if it exceeds a float's
 * range. */
static quern_status check_extreme(quern__verify *v, const quern__loss_kind *kind, size_t label) {
  static const float z[][3] = {{3e38f, -3e38f, 0.0f},    {3e38f, 3e38f, -3e38f},
                               {-3e38f, -3e38f, -3e38f}, {1e4f, 1e4f, 1e4f},
                               {-1e4f, 0.0f, -1e4f},     {90.0f, 0.0f, -90.0f}};
  enum { ROWS = sizeof z / sizeof *z, COUNT = sizeof z / sizeof(float) };
  quern__loss_case problem = {.kind = kind, .n = ROWS, .k = 3, .scale = 0.5f};
  quern__values_next(&v->values);
  problem.z = quern__values_copy(z, COUNT, sizeof **z);
  QUERN__FORWARD(allocate_targets(&problem));
  for (size_t r = 0; r < ROWS; r++) {
    problem.labels[r] = (int32_t)label;
    problem.y[r * 3 + label] = 1.0f;
  }
  return check_loss(v, &problem, LOSS_AND_GRADIENT, 0, NULL);
}

/* A bad label is reported once, with the first such row. Its loss is NaN and its gradient zero;
 * other rows are not affected. */
static quern_status check_bad_label(quern__verify *v, const quern__loss_kind *kind, int32_t wrong,
                                    int32_t also) {
  enum { N = 37, K = 5 };
  quern__loss_case problem = {.kind = kind, .n = N, .k = K, .scale = 1.0f};
  quern__values_next(&v->values);
  problem.z = quern__values_floats(&v->values, N * K, -2.0f, 2.0f);
  QUERN__FORWARD(allocate_targets(&problem));
  for (size_t r = 0; r < N; r++) problem.labels[r] = (int32_t)quern__values_below(&v->values, K);
  problem.labels[3] = wrong;
  problem.labels[17] = problem.labels[36] = also;
  return check_loss(v, &problem, LOSS_AND_GRADIENT, 3, "row 3 ");
}

static quern_status sweep_loss(quern__verify *v, const quern__loss_kind *kind) {
  static const int32_t wrong[] = {-1, 5, INT32_MAX, INT32_MIN, 6};
  enum { WRONG = sizeof wrong / sizeof *wrong };
  for (size_t i = 0; i < SHAPES; i++) {
    if ((shapes[i].large && v->small) || shapes[i].k < kind->least_outputs) continue;
    for (unsigned wanted = 0; wanted < OUTPUTS; wanted++)
      QUERN__FORWARD(check_shape(v, kind, shapes[i].n, shapes[i].k, (i + wanted) % 2 ? 1.0f : 15.0f,
                                 (outputs)wanted));
  }
  for (size_t label = 0; kind->any_logits && label < 3; label++)
    QUERN__FORWARD(check_extreme(v, kind, label));
  for (size_t i = 0; kind->labeled && i < WRONG; i++)
    QUERN__FORWARD(check_bad_label(v, kind, wrong[i], wrong[(i + 1) % WRONG]));
  return QUERN_OK;
}

quern_status quern__sweep_softmax_cross_entropy(quern__verify *v) {
  return sweep_loss(v, &quern__loss_categorical);
}

quern_status quern__sweep_elementwise_cross_entropy(quern__verify *v) {
  return sweep_loss(v, &quern__loss_elementwise);
}

quern_status quern__sweep_binary_cross_entropy(quern__verify *v) {
  return sweep_loss(v, &quern__loss_binary);
}

quern_status quern__sweep_mean_squared_error(quern__verify *v) {
  return sweep_loss(v, &quern__loss_squared);
}

quern_status quern__sweep_mean_absolute_error(quern__verify *v) {
  return sweep_loss(v, &quern__loss_absolute);
}

quern_status quern__sweep_huber_loss(quern__verify *v) {
  return sweep_loss(v, &quern__loss_huber);
}

quern_status quern__sweep_weighted_cross_entropy(quern__verify *v) {
  return sweep_loss(v, &quern__loss_weighted);
}

/* --- Label weights ---------------------------------------------------------------------------- */

static quern_status call_label_weights(quern_context *context, const quern_tensor *t,
                                       const void *arguments) {
  (void)arguments;
  return quern_label_weights(context, t[0], t[1], t[2]);
}

/* Includes a label above the classes and one below. */
static quern_status check_label_weights(quern__verify *v, size_t n, size_t k) {
  quern__op op = {.call = call_label_weights, .bound = {.kind = QUERN__BITS}};
  quern__values_next(&v->values);
  quern__op_title(&op, "label weights %zu of %zu", n, k);
  int32_t *labels = quern__values_labels(&v->values, n, k);
  if (labels != NULL && n > 2) {
    labels[1] = -1;
    labels[n - 1] = (int32_t)k;
  }
  quern__op_operand(&op, 0, "labels", QUERN__IN, QUERN__INT, 1, n, labels);
  quern__op_operand(&op, 1, "class_weights", QUERN__IN, QUERN__FLOAT, 1, k,
                    quern__values_floats(&v->values, k, 0.0f, 3.0f));
  quern__op_operand(&op, 2, "weights", QUERN__OUT, QUERN__FLOAT, 1, n, NULL);
  return quern__verify_check(v, &op);
}

quern_status quern__sweep_label_weights(quern__verify *v) {
  for (size_t i = 0; i < SHAPES; i++)
    if (!shapes[i].large || !v->small)
      QUERN__FORWARD(check_label_weights(v, shapes[i].n, shapes[i].k));
  return QUERN_OK;
}
