/* Batch and layer normalization: checks. */
#include "../device/normalization.h"

#include "../base/error.h"
#include "check.h"
#include <math.h>

enum { F = sizeof(float) };

/* A tensor of an op. Outputs come first in lists, since only they must not overlap the others. */
typedef struct named {
  const char *name;
  quern_tensor tensor;
} named;

/* Checks that none of the first `written` tensors overlaps any other, but that the first may be
 * exactly the one at `place`. */
static void check_apart(quern__check *check, const named *tensors, size_t count, size_t written,
                        size_t place) {
  for (size_t w = 0; w < written; w++)
    for (size_t i = w + 1; i < count; i++) {
      if (w == 0 && i == place)
        quern__check_apart_or_same(check, tensors[w].name, tensors[w].tensor, tensors[i].name,
                                   tensors[i].tensor);
      else
        quern__check_apart(check, tensors[w].name, tensors[w].tensor, tensors[i].name,
                           tensors[i].tensor, F, F);
    }
}

static void check_epsilon(quern__check *check, float epsilon) {
  QUERN__CHECK(check, isfinite(epsilon) && epsilon >= 0.0f, QUERN_ERROR_ARGUMENT,
               "%s: an epsilon of %g, expected a finite number, not negative", check->op,
               (double)epsilon);
}

static void check_pair(quern__check *check, const char *a_name, quern_tensor a, const char *b_name,
                       quern_tensor b) {
  QUERN__CHECK(check, (a.buffer == NULL) == (b.buffer == NULL), QUERN_ERROR_ARGUMENT,
               "%s: %s without %s, expected both or none", check->op,
               a.buffer == NULL ? b_name : a_name, a.buffer == NULL ? a_name : b_name);
}

static void check_vector(quern__check *check, const char *name, quern_tensor tensor, size_t length,
                         const char *because) {
  quern__check_shape(check, name, tensor, 1, length, because);
}

#define A_UNIT   "one for each column of x"
#define A_SAMPLE "one for each row of x"

quern_status quern_batch_norm_forward(quern_context *context, quern_tensor x, quern_tensor gamma,
                                      quern_tensor beta, float epsilon, float momentum,
                                      quern_tensor running_mean, quern_tensor running_variance,
                                      quern_tensor mean, quern_tensor inv_std, quern_tensor y) {
  quern__check check = quern__check_begin("batch norm forward", context);
  const quern_batch_norm_forward_op op = {
      .n = x.rows,
      .units = x.columns,
      .epsilon = epsilon,
      .momentum = momentum,
      .x = quern__check_tensor(&check, "x", x, F),
      .gamma = quern__check_tensor(&check, "gamma", gamma, F),
      .beta = quern__check_tensor(&check, "beta", beta, F),
      .running_mean = quern__check_optional(&check, "running_mean", running_mean, F),
      .running_variance = quern__check_optional(&check, "running_variance", running_variance, F),
      .mean = quern__check_tensor(&check, "mean", mean, F),
      .inv_std = quern__check_tensor(&check, "inv_std", inv_std, F),
      .y = quern__check_tensor(&check, "y", y, F)};
  const named tensors[] = {{"y", y},
                           {"mean", mean},
                           {"inv_std", inv_std},
                           {"running_mean", running_mean},
                           {"running_variance", running_variance},
                           {"gamma", gamma},
                           {"beta", beta},
                           {"x", x}};
  enum { WRITTEN = 5, VECTORS = 7, COUNT = 8, X = 7 };
  QUERN__CHECK(
      &check, x.rows != 1, QUERN_ERROR_ARGUMENT,
      "batch norm forward: x has one row, expected at least 2: a single sample has no variance");
  check_epsilon(&check, epsilon);
  QUERN__CHECK(&check, momentum >= 0.0f && momentum <= 1.0f, QUERN_ERROR_ARGUMENT,
               "batch norm forward: a momentum of %g, expected 0 to 1", (double)momentum);
  check_pair(&check, "running_mean", running_mean, "running_variance", running_variance);
  quern__check_shape(&check, "y", y, x.rows, x.columns, "the shape of x");
  for (size_t i = 1; i < VECTORS; i++)
    check_vector(&check, tensors[i].name, tensors[i].tensor, x.columns, A_UNIT);
  check_apart(&check, tensors, COUNT, WRITTEN, X);
  if (check.status != QUERN_OK) return check.status;
  if (context->backend->batch_norm_forward == NULL) return quern__fail_no_op(&check);
  return QUERN__CALL(context, context->backend->batch_norm_forward(context->state, &op));
}

bool quern__has_batch_norm_parts(const quern_context *context) {
  const quern_backend *backend = context->backend;
  return backend->batch_norm_moments != NULL && backend->batch_norm_backward_parameters != NULL &&
         backend->batch_norm_backward_data != NULL;
}

quern_status quern_batch_norm_moments(quern_context *context, quern_tensor x, quern_tensor mean,
                                      quern_tensor squares) {
  quern__check check = quern__check_begin("batch norm moments", context);
  const quern_batch_norm_moments_op op = {.n = x.rows,
                                          .units = x.columns,
                                          .x = quern__check_tensor(&check, "x", x, F),
                                          .mean = quern__check_tensor(&check, "mean", mean, F),
                                          .squares =
                                              quern__check_tensor(&check, "squares", squares, F)};
  const named tensors[] = {{"mean", mean}, {"squares", squares}, {"x", x}};
  enum { WRITTEN = 2, COUNT = 3 };
  check_vector(&check, "mean", mean, x.columns, A_UNIT);
  check_vector(&check, "squares", squares, x.columns, A_UNIT);
  check_apart(&check, tensors, COUNT, WRITTEN, COUNT);
  if (check.status != QUERN_OK) return check.status;
  if (context->backend->batch_norm_moments == NULL) return quern__fail_no_op(&check);
  return QUERN__CALL(context, context->backend->batch_norm_moments(context->state, &op));
}

quern_status quern_batch_norm_inference(quern_context *context, quern_tensor x, quern_tensor gamma,
                                        quern_tensor beta, float epsilon, quern_tensor mean,
                                        quern_tensor variance, quern_tensor y) {
  quern__check check = quern__check_begin("batch norm inference", context);
  const quern_batch_norm_inference_op op = {
      .n = x.rows,
      .units = x.columns,
      .epsilon = epsilon,
      .x = quern__check_tensor(&check, "x", x, F),
      .gamma = quern__check_tensor(&check, "gamma", gamma, F),
      .beta = quern__check_tensor(&check, "beta", beta, F),
      .mean = quern__check_tensor(&check, "mean", mean, F),
      .variance = quern__check_tensor(&check, "variance", variance, F),
      .y = quern__check_tensor(&check, "y", y, F)};
  const named tensors[] = {{"y", y},       {"gamma", gamma},       {"beta", beta},
                           {"mean", mean}, {"variance", variance}, {"x", x}};
  enum { VECTORS = 5, COUNT = 6, X = 5 };
  check_epsilon(&check, epsilon);
  quern__check_shape(&check, "y", y, x.rows, x.columns, "the shape of x");
  for (size_t i = 1; i < VECTORS; i++)
    check_vector(&check, tensors[i].name, tensors[i].tensor, x.columns, A_UNIT);
  check_apart(&check, tensors, COUNT, 1, X);
  if (check.status != QUERN_OK) return check.status;
  if (context->backend->batch_norm_inference == NULL) return quern__fail_no_op(&check);
  return QUERN__CALL(context, context->backend->batch_norm_inference(context->state, &op));
}

quern_status quern_layer_norm_forward(quern_context *context, quern_tensor x, quern_tensor gamma,
                                      quern_tensor beta, float epsilon, quern_tensor mean,
                                      quern_tensor inv_std, quern_tensor y) {
  quern__check check = quern__check_begin("layer norm forward", context);
  const quern_layer_norm_forward_op op = {.n = x.rows,
                                          .units = x.columns,
                                          .epsilon = epsilon,
                                          .x = quern__check_tensor(&check, "x", x, F),
                                          .gamma = quern__check_tensor(&check, "gamma", gamma, F),
                                          .beta = quern__check_tensor(&check, "beta", beta, F),
                                          .mean = quern__check_optional(&check, "mean", mean, F),
                                          .inv_std =
                                              quern__check_optional(&check, "inv_std", inv_std, F),
                                          .y = quern__check_tensor(&check, "y", y, F)};
  const named tensors[] = {{"y", y},         {"mean", mean}, {"inv_std", inv_std},
                           {"gamma", gamma}, {"beta", beta}, {"x", x}};
  enum { WRITTEN = 3, COUNT = 6, X = 5 };
  check_epsilon(&check, epsilon);
  check_pair(&check, "mean", mean, "inv_std", inv_std);
  quern__check_shape(&check, "y", y, x.rows, x.columns, "the shape of x");
  check_vector(&check, "gamma", gamma, x.columns, A_UNIT);
  check_vector(&check, "beta", beta, x.columns, A_UNIT);
  check_vector(&check, "mean", mean, x.rows, A_SAMPLE);
  check_vector(&check, "inv_std", inv_std, x.rows, A_SAMPLE);
  check_apart(&check, tensors, COUNT, WRITTEN, X);
  if (check.status != QUERN_OK) return check.status;
  if (context->backend->layer_norm_forward == NULL) return quern__fail_no_op(&check);
  return QUERN__CALL(context, context->backend->layer_norm_forward(context->state, &op));
}

/* Checks what both backward ops share. `statistics` is the length of mean and inv_std. */
static quern_norm_backward_op check_backward(quern__check *check, size_t statistics,
                                             const char *because, quern_tensor dy, quern_tensor x,
                                             quern_tensor gamma, quern_tensor mean,
                                             quern_tensor inv_std, quern_tensor dx,
                                             quern_tensor dgamma, quern_tensor dbeta) {
  const quern_norm_backward_op op = {.n = x.rows,
                                     .units = x.columns,
                                     .dy = quern__check_tensor(check, "dy", dy, F),
                                     .x = quern__check_tensor(check, "x", x, F),
                                     .gamma = quern__check_tensor(check, "gamma", gamma, F),
                                     .mean = quern__check_tensor(check, "mean", mean, F),
                                     .inv_std = quern__check_tensor(check, "inv_std", inv_std, F),
                                     .dx = quern__check_tensor(check, "dx", dx, F),
                                     .dgamma = quern__check_optional(check, "dgamma", dgamma, F),
                                     .dbeta = quern__check_optional(check, "dbeta", dbeta, F)};
  const named tensors[] = {{"dx", dx}, {"dgamma", dgamma}, {"dbeta", dbeta},     {"gamma", gamma},
                           {"x", x},   {"mean", mean},     {"inv_std", inv_std}, {"dy", dy}};
  enum { WRITTEN = 3, COUNT = 8, DY = 7 };
  quern__check_shape(check, "dy", dy, x.rows, x.columns, "the shape of x");
  quern__check_shape(check, "dx", dx, x.rows, x.columns, "the shape of x");
  for (size_t i = 1; i < 4; i++)
    check_vector(check, tensors[i].name, tensors[i].tensor, x.columns, A_UNIT);
  check_vector(check, "mean", mean, statistics, because);
  check_vector(check, "inv_std", inv_std, statistics, because);
  check_apart(check, tensors, COUNT, WRITTEN, DY);
  return op;
}

quern_status quern_batch_norm_backward(quern_context *context, quern_tensor dy, quern_tensor x,
                                       quern_tensor gamma, quern_tensor mean, quern_tensor inv_std,
                                       quern_tensor dx, quern_tensor dgamma, quern_tensor dbeta) {
  quern__check check = quern__check_begin("batch norm backward", context);
  quern__check_tensor(&check, "dgamma", dgamma, F);
  quern__check_tensor(&check, "dbeta", dbeta, F);
  const quern_norm_backward_op op =
      check_backward(&check, x.columns, A_UNIT, dy, x, gamma, mean, inv_std, dx, dgamma, dbeta);
  if (check.status != QUERN_OK) return check.status;
  if (context->backend->batch_norm_backward == NULL) return quern__fail_no_op(&check);
  return QUERN__CALL(context, context->backend->batch_norm_backward(context->state, &op));
}

quern_status quern_batch_norm_backward_parameters(quern_context *context, quern_tensor dy,
                                                  quern_tensor x, quern_tensor mean,
                                                  quern_tensor inv_std, quern_tensor dgamma,
                                                  quern_tensor dbeta) {
  quern__check check = quern__check_begin("batch norm backward parameters", context);
  const quern_norm_backward_op op = {.n = x.rows,
                                     .units = x.columns,
                                     .dy = quern__check_tensor(&check, "dy", dy, F),
                                     .x = quern__check_tensor(&check, "x", x, F),
                                     .mean = quern__check_tensor(&check, "mean", mean, F),
                                     .inv_std = quern__check_tensor(&check, "inv_std", inv_std, F),
                                     .dgamma = quern__check_tensor(&check, "dgamma", dgamma, F),
                                     .dbeta = quern__check_tensor(&check, "dbeta", dbeta, F)};
  const named tensors[] = {{"dgamma", dgamma},   {"dbeta", dbeta}, {"mean", mean},
                           {"inv_std", inv_std}, {"x", x},         {"dy", dy}};
  enum { WRITTEN = 2, VECTORS = 4, COUNT = 6 };
  quern__check_shape(&check, "dy", dy, x.rows, x.columns, "the shape of x");
  for (size_t i = 0; i < VECTORS; i++)
    check_vector(&check, tensors[i].name, tensors[i].tensor, x.columns, A_UNIT);
  check_apart(&check, tensors, COUNT, WRITTEN, COUNT);
  if (check.status != QUERN_OK) return check.status;
  if (context->backend->batch_norm_backward_parameters == NULL) return quern__fail_no_op(&check);
  return QUERN__CALL(context,
                     context->backend->batch_norm_backward_parameters(context->state, &op));
}

quern_status quern_batch_norm_backward_data(quern_context *context, size_t samples, quern_tensor dy,
                                            quern_tensor x, quern_tensor gamma, quern_tensor mean,
                                            quern_tensor inv_std, quern_tensor dgamma,
                                            quern_tensor dbeta, quern_tensor dx) {
  quern__check check = quern__check_begin("batch norm backward data", context);
  const quern_batch_norm_backward_data_op op = {
      .n = x.rows,
      .units = x.columns,
      .samples = (float)samples,
      .dy = quern__check_tensor(&check, "dy", dy, F),
      .x = quern__check_tensor(&check, "x", x, F),
      .gamma = quern__check_tensor(&check, "gamma", gamma, F),
      .mean = quern__check_tensor(&check, "mean", mean, F),
      .inv_std = quern__check_tensor(&check, "inv_std", inv_std, F),
      .dgamma = quern__check_tensor(&check, "dgamma", dgamma, F),
      .dbeta = quern__check_tensor(&check, "dbeta", dbeta, F),
      .dx = quern__check_tensor(&check, "dx", dx, F)};
  const named tensors[] = {{"dx", dx},     {"dgamma", dgamma},   {"dbeta", dbeta}, {"gamma", gamma},
                           {"mean", mean}, {"inv_std", inv_std}, {"x", x},         {"dy", dy}};
  enum { WRITTEN = 1, VECTORS = 6, COUNT = 8, DY = 7 };
  QUERN__CHECK(&check, samples >= x.rows, QUERN_ERROR_ARGUMENT,
               "batch norm backward data: a batch of %zu samples, expected at least the %zu of x",
               samples, x.rows);
  quern__check_shape(&check, "dy", dy, x.rows, x.columns, "the shape of x");
  quern__check_shape(&check, "dx", dx, x.rows, x.columns, "the shape of x");
  for (size_t i = 1; i < VECTORS; i++)
    check_vector(&check, tensors[i].name, tensors[i].tensor, x.columns, A_UNIT);
  check_apart(&check, tensors, COUNT, WRITTEN, DY);
  if (check.status != QUERN_OK) return check.status;
  if (context->backend->batch_norm_backward_data == NULL) return quern__fail_no_op(&check);
  return QUERN__CALL(context, context->backend->batch_norm_backward_data(context->state, &op));
}

quern_status quern_layer_norm_backward(quern_context *context, quern_tensor dy, quern_tensor x,
                                       quern_tensor gamma, quern_tensor mean, quern_tensor inv_std,
                                       quern_tensor dx, quern_tensor dgamma, quern_tensor dbeta) {
  quern__check check = quern__check_begin("layer norm backward", context);
  check_pair(&check, "dgamma", dgamma, "dbeta", dbeta);
  const quern_norm_backward_op op =
      check_backward(&check, x.rows, A_SAMPLE, dy, x, gamma, mean, inv_std, dx, dgamma, dbeta);
  if (check.status != QUERN_OK) return check.status;
  if (context->backend->layer_norm_backward == NULL) return quern__fail_no_op(&check);
  return QUERN__CALL(context, context->backend->layer_norm_backward(context->state, &op));
}
