/* Dense layers: forward, backward for the data, backward for weights and biases. */
#include "reference.h"

/* Columns whose sums run side by side, so that a matrix is read along its rows. */
enum { STRIP = 16 };

/* sums_j = Σ_t a[t · a_stride] · b[t · b_stride + j] for j < width <= STRIP. */
static void strip_sums(const float *a, size_t a_stride, const float *b, size_t b_stride, size_t length,
                       size_t width, double sums[STRIP]) {
  for (size_t j = 0; j < width; j++) sums[j] = 0;
  for (size_t t = 0; t < length; t++) {
    const double left = a[t * a_stride];
    for (size_t j = 0; j < width; j++) sums[j] += left * b[t * b_stride + j];
  }
}

static size_t strip_width(size_t columns, size_t first) {
  return columns - first < STRIP ? columns - first : STRIP;
}

quern_status quern__reference_dense_forward(void *state, const quern_dense_forward_op *op) {
  (void)state;
  const float *x = quern__reference_floats(op->x);
  const float *w = quern__reference_floats(op->w);
  const float *b = quern__reference_floats(op->b);
  float *y = quern__reference_floats(op->y);
  double sums[STRIP];
  for (size_t r = 0; r < op->n; r++) {
    for (size_t first = 0; first < op->out; first += STRIP) {
      const size_t width = strip_width(op->out, first);
      strip_sums(x + r * op->in, 1, w + first, op->out, op->in, width, sums);
      for (size_t j = 0; j < width; j++) {
        const double z = sums[j] + (b == NULL ? 0 : b[first + j]);
        y[r * op->out + first + j] = (float)quern__reference_activate(op->activation, z);
      }
    }
  }
  return QUERN_OK;
}

quern_status quern__reference_dense_backward_data(void *state, const quern_dense_backward_data_op *op) {
  (void)state;
  const float *dz = quern__reference_floats(op->dz);
  const float *w = quern__reference_floats(op->w);
  const float *h = quern__reference_floats(op->h);
  float *dx = quern__reference_floats(op->dx);
  for (size_t r = 0; r < op->n; r++) {
    for (size_t i = 0; i < op->in; i++) {
      double sum = 0;
      for (size_t j = 0; j < op->out; j++) sum += (double)dz[r * op->out + j] * w[i * op->out + j];
      const size_t at = r * op->in + i;
      if (h != NULL) sum *= quern__reference_derivative(op->activation, h[at]);
      dx[at] = (float)(op->accumulate ? dx[at] + sum : sum);
    }
  }
  return QUERN_OK;
}

/* What a sum makes of its place: the gradient, the gradient added to, or the parameter after its step. */
static void put(const quern_dense_backward_weights_op *op, double gradient, float *place) {
  if (op->update)
    *place = quern__reference_sgd(op->sgd, gradient, *place);
  else
    *place = (float)(op->accumulate ? *place + gradient : gradient);
}

quern_status quern__reference_dense_backward_weights(void *state, const quern_dense_backward_weights_op *op) {
  (void)state;
  const float one = 1;
  const float *x = quern__reference_floats(op->x);
  const float *dz = quern__reference_floats(op->dz);
  float *dw = quern__reference_floats(op->dw);
  float *db = quern__reference_floats(op->db);
  double sums[STRIP];
  for (size_t first = 0; first < op->out; first += STRIP) {
    const size_t width = strip_width(op->out, first);
    for (size_t i = 0; dw != NULL && i < op->in; i++) {
      float *row = dw + i * op->out + first;
      strip_sums(x + i, op->in, dz + first, op->out, op->n, width, sums);
      for (size_t j = 0; j < width; j++) put(op, sums[j], row + j);
    }
    if (db != NULL) { /* the bias is the weight of an input that is always one */
      strip_sums(&one, 0, dz + first, op->out, op->n, width, sums);
      for (size_t j = 0; j < width; j++) put(op, sums[j], db + first + j);
    }
  }
  return QUERN_OK;
}
