/* The losses and their gradients for one sample. Formulas: include/quern/ops.h. `loss` is set
 * unless it is null, and dz [k] unless it is null. dz may be z, so each logit is read before its
 * gradient is written. Needs common.cl. No kernels: loss.cl and the fused steps call these. */

/* The address space of a sample's logits, targets, gradients and loss. */
#ifndef LOSS_SPACE
#define LOSS_SPACE __global
#endif

/* quern_loss in include/quern/loss.h; host/opencl/launch/loss.c compares the numbers. */
#define LOSS_CATEGORICAL 0
#define LOSS_ELEMENTWISE 1
#define LOSS_BINARY      2
#define LOSS_SQUARED     3
#define LOSS_ABSOLUTE    4
#define LOSS_HUBER       5

/* Handles a sample whose label is out of range: reports it, sets its loss to NaN and its gradient
 * to 0. */
void bad_label(uint k, LOSS_SPACE float *loss, LOSS_SPACE float *dz_row, __global int *faults,
               uint row) {
  quern_fault(faults, QUERN_FAULT_LABEL, row);
  if (loss) *loss = NAN;
  if (dz_row)
    for (uint a = 0; a < k; a++) dz_row[a] = 0.0f;
}

/* Categorical cross-entropy of softmax outputs. With m the largest logit, e_a = exp(z_a - m), R = Σ
 * e_a without the label's, and S = e_label + R:
 *   loss = log S + (m - z_label)       dZ_a = scale e_a / S       dZ_label = -scale R / S
 * R is summed separately: if the label is almost certain, S - e_label would have no digits left. */
void softmax_cross_entropy_row(uint k, LOSS_SPACE const float *z_row, int label, float scale,
                               LOSS_SPACE float *loss, LOSS_SPACE float *dz_row,
                               __global int *faults, uint row) {
  if (label < 0 || (uint)label >= k) {
    bad_label(k, loss, dz_row, faults, row);
    return;
  }

  float largest = z_row[0];
  for (uint a = 1; a < k; a++)
    if (z_row[a] > largest) largest = z_row[a];
  const float max_minus_label = largest - z_row[label];
  float sum_others = 0.0f;
  for (uint a = 0; a < k; a++) {
    const float power = exp(z_row[a] - largest);
    if (a != (uint)label) sum_others += power;
    if (dz_row) dz_row[a] = power;
  }
  const float power_of_label = exp(-max_minus_label);
  const float sum = power_of_label + sum_others;
  if (loss) *loss = max_minus_label == 0.0f ? log1p(sum_others) : log(sum) + max_minus_label;
  if (dz_row)
    for (uint a = 0; a < k; a++)
      dz_row[a] = scale * ((a == (uint)label ? -sum_others : dz_row[a]) / sum);
}

/* Returns weight * value, given value/2: a difference of two logits may exceed FLT_MAX, and halving
 * is exact. Returns 0 for weight 0, since 0 · log 0 is 0 here. */
float weighted(float weight, float halved) {
  return weight == 0.0f ? 0.0f : 2.0f * weight * halved;
}

/* Categorical cross-entropy with class weights w (null: all 1) and label smoothing e. With m, e_a,
 * R and S as above, W = Σ w_a, hard = (1 - e) w_label, share = e/k, and c = `factor`:
 *   loss = c [ hard (log S + m - z_label) + share (W log S + Σ_a w_a (m - z_a)) ]
 *   dZ_a = scale c [ hard (e_a / S) + share (W e_a / S - w_a) ]
 * At the label, -R / S replaces the e_a / S after `hard`. */
void weighted_cross_entropy_row(uint k, LOSS_SPACE const float *z_row, int label,
                                __global const float *weights, float smoothing, float factor,
                                float scale, LOSS_SPACE float *loss, LOSS_SPACE float *dz_row,
                                __global int *faults, uint row) {
  if (label < 0 || (uint)label >= k) {
    bad_label(k, loss, dz_row, faults, row);
    return;
  }

  float largest = z_row[0];
  for (uint a = 1; a < k; a++)
    if (z_row[a] > largest) largest = z_row[a];
  const float hard = (1.0f - smoothing) * (weights ? weights[label] : 1.0f);
  const float share = smoothing / (float)k;
  const float max_minus_label = 0.5f * largest - 0.5f * z_row[label]; /* halved */
  float sum_others = 0.0f, power_of_label = 0.0f, weight_sum = 0.0f, distances = 0.0f;
  for (uint a = 0; a < k; a++) {
    const float value = z_row[a], weight = weights ? weights[a] : 1.0f;
    const float power = exp(value - largest);
    if (a == (uint)label)
      power_of_label = power;
    else
      sum_others += power;
    weight_sum += weight;
    distances += weighted(share * weight, 0.5f * largest - 0.5f * value);
    if (dz_row) dz_row[a] = power;
  }
  const float sum = power_of_label + sum_others;
  const float log_sum = max_minus_label == 0.0f ? log1p(sum_others) : log(sum);
  if (loss)
    *loss = factor *
            (weighted(hard, max_minus_label) + distances + (hard + share * weight_sum) * log_sum);
  if (dz_row)
    for (uint a = 0; a < k; a++) {
      const float weight = weights ? weights[a] : 1.0f, output = dz_row[a] / sum;
      dz_row[a] = scale * factor *
                  (hard * (a == (uint)label ? -sum_others / sum : output) +
                   share * (weight_sum * output - weight));
    }
}

/* Returns a label's class weight, or 0 if the label is out of range. */
float label_weight(int label, uint k, __global const float *class_weights) {
  return label >= 0 && (uint)label < k ? class_weights[label] : 0.0f;
}

/* Returns n / total, the factor c of n samples whose class weights have that sum. */
float weights_factor(uint n, float total) {
  return total == 0.0f ? 0.0f : (float)n / total;
}

/* Samples whose class weights are added one by one, so that rounding errors stay small. */
#define WEIGHTS_ADDED 64

/* Returns weights_factor of a batch of n labels, summed in a fixed order: row indices[i] of the
 * data set's `labels`, or row i if indices is null. */
__attribute__((noinline)) float batch_weights_factor(uint n, uint k,
                                                     __global const float *class_weights,
                                                     uint source_rows, __global const int *labels,
                                                     __global const uint *indices) {
  if (!class_weights) return 1.0f;
  float total = 0.0f;
  for (uint block = 0; block < n; block += WEIGHTS_ADDED) {
    const uint end = min(n, block + WEIGHTS_ADDED);
    float sum = 0.0f;
    for (uint row = block; row < end; row++) {
      const uint index = indices ? indices[row] : row;
      if (index < source_rows) sum += label_weight(labels[index], k, class_weights);
    }
    total += sum;
  }
  return weights_factor(n, total);
}

/* The worked example's loss of softmax outputs O. D_a = O_a - Y_a, R_a = D_a / (1 - O_a):
 *   loss = -Σ_a [ Y_a log O_a + (1 - Y_a) log(1 - O_a) ]       dZ_a = scale (D_a - O_a Σ_{b≠a} R_b)
 *
 * Only the largest output, O_* at logit m, can approach 1. With m2 the largest other logit, T =
 * Σ_{a≠*} exp(z_a - m2) and S = 1 + T exp(m2 - m):
 *   O_a = exp(z_a - m) / S     P = 1 - O_* = T exp(m2 - m) / S     log P = (m2 - m) + log T - log S
 * P may underflow, so R_* = D_* / P is not computed. O_a R_* = D_* q_a with q_a = exp(z_a - m2) / T
 * replaces it:
 *   dZ_a = scale (D_a - O_a (ΣR - R_a) - D_* q_a)   for a ≠ *
 *   dZ_* = scale (D_* - O_* ΣR),   ΣR over b ≠ *
 * z - m may overflow to -infinity, whose exp is correctly 0. */
void elementwise_cross_entropy_row(uint k, LOSS_SPACE const float *z_row,
                                   LOSS_SPACE const float *y_row, float scale,
                                   LOSS_SPACE float *result, LOSS_SPACE float *dz_row) {
  uint argmax = 0;
  float largest = z_row[0], second = -INFINITY;
  for (uint a = 1; a < k; a++) {
    const float value = z_row[a];
    if (value > largest) {
      second = largest;
      largest = value;
      argmax = a;
    } else if (value > second) {
      second = value;
    }
  }
  float rest = 0.0f; /* T */
  for (uint a = 0; a < k; a++)
    if (a != argmax) rest += exp(z_row[a] - second);
  const float beyond = rest * exp(second - largest);
  const float sum = 1.0f + beyond; /* S */
  const float log_sum = log1p(beyond);
  const float argmax_difference = (1.0f - y_row[argmax]) - beyond / sum; /* D_* */

  float ratios = 0.0f; /* ΣR */
  float loss =
      -weighted(y_row[argmax], -0.5f * log_sum) -
      weighted(1.0f - y_row[argmax], 0.5f * second - 0.5f * largest + 0.5f * (log(rest) - log_sum));
  for (uint b = 0; b < k; b++) {
    if (b == argmax) continue;
    const float output = exp(z_row[b] - largest) / sum;
    ratios += (output - y_row[b]) / (1.0f - output);
    if (result)
      loss -= weighted(y_row[b], 0.5f * z_row[b] - 0.5f * largest - 0.5f * log_sum) +
              weighted(1.0f - y_row[b], 0.5f * log1p(-output));
  }
  if (result) *result = loss;
  if (!dz_row) return;

  for (uint a = 0; a < k; a++) {
    float gradient;
    if (a == argmax) {
      gradient = argmax_difference - ratios / sum;
    } else {
      const float value = z_row[a];
      const float output = exp(value - largest) / sum;
      const float difference = output - y_row[a];
      const float ratio = difference / (1.0f - output);
      const float share = exp(value - second) / rest; /* q */
      gradient = difference - output * (ratios - ratio) - argmax_difference * share;
    }
    dz_row[a] = scale * gradient;
  }
}

/* Binary cross-entropy of logits. `inverse` is 1/k, `factor` scale/k. Values of the sigmoid near 0
 * or 1 are never subtracted from 1. */
void binary_cross_entropy_row(uint k, LOSS_SPACE const float *z, LOSS_SPACE const float *y,
                              float inverse, float factor, LOSS_SPACE float *result,
                              LOSS_SPACE float *dz) {
  float loss = 0.0f;
  for (uint a = 0; a < k; a++) {
    const float value = z[a], target = y[a];
    /* max(Z, 0) - Z Y, as a product without intermediate overflow. */
    const float linear = value > 0.0f ? value * (1.0f - target) : -value * target;
    if (result) loss += inverse * (linear + log1p(exp(-fabs(value))));
    if (dz)
      dz[a] = factor * (value > 0.0f ? (1.0f - target) - 1.0f / (1.0f + exp(value))
                                     : 1.0f / (1.0f + exp(-value)) - target);
  }
  if (result) *result = loss;
}

/* The losses that are a mean of a function of the difference z - y. Returns the loss, Σ inverse ·
 * f(difference), and sets dz to factor · f'(difference) unless it is null. `inverse` is 1/k. */
float mean_loss_row(int kind, uint k, LOSS_SPACE const float *z, LOSS_SPACE const float *y,
                    float delta, float inverse, float factor, LOSS_SPACE float *dz) {
  float loss = 0.0f;
  for (uint a = 0; a < k; a++) {
    const float difference = z[a] - y[a];
    float gradient = difference;
    if (kind == LOSS_SQUARED) {
      loss += (inverse * difference) * difference;
    } else if (kind == LOSS_ABSOLUTE) { /* sign() would turn NaN into 0 */
      loss += inverse * fabs(difference);
      gradient = difference > 0.0f ? 1.0f : difference < 0.0f ? -1.0f : difference;
    } else {
      gradient = difference > delta ? delta : difference < -delta ? -delta : difference;
      loss += (inverse * gradient) * (difference - 0.5f * gradient);
    }
    if (dz) dz[a] = factor * gradient;
  }
  return loss;
}

/* A loss and its parameters. Only CATEGORICAL reads `smoothing`, `weights` [k], which may be null,
 * and `factor`; only HUBER reads `delta`. */
typedef struct {
  int kind;
  float delta, smoothing, factor, scale;
  __global const float *weights;
} Loss;

/* Any loss. CATEGORICAL reads `label`, the others the targets y [k]. */
void loss_row(const Loss *self, uint k, LOSS_SPACE const float *z, int label,
              LOSS_SPACE const float *y, LOSS_SPACE float *loss, LOSS_SPACE float *dz,
              __global int *faults, uint row) {
  const float inverse = 1.0f / (float)k;
  if (self->kind == LOSS_CATEGORICAL) {
    if (self->weights || self->smoothing > 0.0f)
      weighted_cross_entropy_row(k, z, label, self->weights, self->smoothing, self->factor,
                                 self->scale, loss, dz, faults, row);
    else
      softmax_cross_entropy_row(k, z, label, self->scale, loss, dz, faults, row);
  } else if (self->kind == LOSS_ELEMENTWISE) {
    elementwise_cross_entropy_row(k, z, y, self->scale, loss, dz);
  } else if (self->kind == LOSS_BINARY) {
    binary_cross_entropy_row(k, z, y, inverse, self->scale * inverse, loss, dz);
  } else {
    const float twice = self->kind == LOSS_SQUARED ? 2.0f : 1.0f;
    const float value =
        mean_loss_row(self->kind, k, z, y, self->delta, inverse, twice * self->scale * inverse, dz);
    if (loss) *loss = value;
  }
}
