/* Dense layers: forward, backward for the data, backward for weights and biases. */
#include "reference.h"

/* Columns summed side by side, so that a matrix is read along its rows. */
enum { STRIP = 16 };

/* sums_j = Σ_t a[t · a_stride] · b[t · b_stride + j] for j < width <= STRIP. */
static void strip_sums(const float *a, size_t a_stride, const float *b, size_t b_stride,
                       size_t length, size_t width, double sums[STRIP]) {
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

quern_status quern__reference_dense_backward_data(void *state,
                                                  const quern_dense_backward_data_op *op) {
  (void)state;
  const float *dz = quern__reference_floats(op->dz);
  const float *w = quern__reference_floats(op->w);
  const float *h = quern__reference_floats(op->h);
  float *dx = quern__reference_floats(op->dx);
  for (size_t r = 0; r < op->n; r++) {
    for (size_t i = 0; i < op->in; i++) {
      double sum = 0;
      for (size_t j = 0; j < op->out; j++) sum += (double)dz[r * op->out + j] * w[i * op->out + j];
      const size_t position = r * op->in + i;
      if (h != NULL) sum *= quern__reference_derivative(op->activation, h[position]);
      dx[position] = (float)(op->accumulate ? dx[position] + sum : sum);
    }
  }
  return QUERN_OK;
}

/* Receives each gradient of W and b, with the position of its parameter. */
typedef void (*put_gradient)(const void *op, bool is_bias, size_t position, double gradient);

static void weights_gradients(size_t n, size_t in, size_t out, quern_span x_span,
                              quern_span dz_span, bool with_weights, bool with_bias,
                              put_gradient put, const void *op) {
  const float one = 1;
  const float *x = quern__reference_floats(x_span), *dz = quern__reference_floats(dz_span);
  double sums[STRIP];
  for (size_t first = 0; first < out; first += STRIP) {
    const size_t width = strip_width(out, first);
    for (size_t i = 0; with_weights && i < in; i++) {
      strip_sums(x + i, in, dz + first, out, n, width, sums);
      for (size_t j = 0; j < width; j++) put(op, false, i * out + first + j, sums[j]);
    }
    if (with_bias) { /* the bias is the weight of a constant input of 1 */
      strip_sums(&one, 0, dz + first, out, n, width, sums);
      for (size_t j = 0; j < width; j++) put(op, true, first + j, sums[j]);
    }
  }
}

/* Stores the gradient, or adds it to the one stored. */
static void put_weights(const void *opaque, bool is_bias, size_t position, double gradient) {
  const quern_dense_backward_weights_op *op = opaque;
  float *place = quern__reference_floats(is_bias ? op->db : op->dw) + position;
  *place = (float)(op->accumulate ? *place + gradient : gradient);
}

quern_status quern__reference_dense_backward_weights(void *state,
                                                     const quern_dense_backward_weights_op *op) {
  (void)state;
  weights_gradients(op->n, op->in, op->out, op->x, op->dz, op->dw.memory != NULL,
                    op->db.memory != NULL, put_weights, op);
  return QUERN_OK;
}

static float *kept_at(quern_span span, size_t position) {
  return span.memory == NULL ? NULL : quern__reference_floats(span) + position;
}

static void put_update(const void *opaque, bool is_bias, size_t position, double gradient) {
  const quern_dense_backward_update_op *op = opaque;
  float *place = quern__reference_floats(is_bias ? op->b : op->w) + position;
  quern_optimizer_step update = op->update;
  if (is_bias && !update.decays_bias) {
    update.decay = 0.0f;
    update.keep = 1.0f;
  }
  *place = quern__reference_optimizer_step(
      &update, gradient, *place, kept_at(is_bias ? op->b_momentum : op->w_momentum, position),
      kept_at(is_bias ? op->b_square : op->w_square, position));
}

quern_status quern__reference_dense_backward_update(void *state,
                                                    const quern_dense_backward_update_op *op) {
  (void)state;
  weights_gradients(op->n, op->in, op->out, op->x, op->dz, op->w.memory != NULL,
                    op->b.memory != NULL, put_update, op);
  return QUERN_OK;
}
