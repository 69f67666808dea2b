/* Factors and summands: preprocessing before the first layer, and batch normalizations that
 * exporters have folded. Those after a layer without an activation become part of it, others of the
 * next layer. */
#include "chain.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Scales and shifts the last layer, which has no activation. A normalization is the last step of
 * its layer, so its gamma and beta change, else weights and bias. */
static quern_status apply_to_layer(quern__chain *chain, const double *scale, const double *shift,
                                   size_t count) {
  quern__chain_layer *layer = &chain->layers[chain->count - 1];
  const size_t units = layer->layer.units, rows = chain->normalized ? 1 : layer->in;
  float **bias = chain->normalized ? &layer->normalization[1] : &layer->bias;
  if (*bias == NULL) *bias = calloc(units, sizeof **bias);
  if (*bias == NULL) return quern__fail_memory(chain->file->path, units * sizeof **bias);
  float *weights = chain->normalized ? layer->normalization[0] : layer->weights;
  for (size_t r = 0; r < rows; r++)
    for (size_t j = 0; j < units; j++)
      weights[r * units + j] = (float)((double)weights[r * units + j] * scale[count == 1 ? 0 : j]);
  for (size_t j = 0; j < units; j++) {
    const size_t k = count == 1 ? 0 : j;
    (*bias)[j] = (float)((double)(*bias)[j] * scale[k] + shift[k]);
  }
  return QUERN_OK;
}

/* Makes room for `count` numbers, repeating a single one. */
static quern_status widen(quern__chain *chain, size_t count) {
  quern__affine *pending = &chain->pending;
  if (pending->count >= count) return QUERN_OK;
  double *scale = calloc(count, sizeof *scale), *shift = calloc(count, sizeof *shift);
  if (scale == NULL || shift == NULL) {
    free(scale);
    free(shift);
    return quern__fail_memory(chain->file->path, 2 * count * sizeof *scale);
  }
  for (size_t i = 0; i < count; i++) {
    scale[i] = pending->count > 0 ? pending->scale[0] : 1.0;
    shift[i] = pending->count > 0 ? pending->shift[0] : 0.0;
  }
  free(pending->scale);
  free(pending->shift);
  *pending = (quern__affine){scale, shift, count};
  return QUERN_OK;
}

quern_status quern__chain_apply(quern__chain *chain, const quern__chain_node *current,
                                const double *scale, const double *shift, size_t count) {
  if (chain->softmax)
    return quern__chain_fail(chain, current, "follows a Softmax, expected nothing after it");
  if (chain->turned) return quern__chain_fail(chain, current, "reads a transposed value");
  for (size_t i = 0; i < count; i++)
    if (!isfinite(scale[i]) || !isfinite(shift[i]))
      return quern__chain_fail(chain, current, "divides by 0 or has a number that is not finite");
  if (count > 1 && chain->width == 0) chain->width = count;
  if (chain->count > 0 && !chain->activated && chain->pending.count == 0)
    return apply_to_layer(chain, scale, shift, count);
  QUERN__FORWARD(widen(chain, count));
  quern__affine *pending = &chain->pending;
  for (size_t i = 0; i < pending->count; i++) {
    const size_t k = count == 1 ? 0 : i;
    pending->scale[i] *= scale[k];
    pending->shift[i] = pending->shift[i] * scale[k] + shift[k];
  }
  return QUERN_OK;
}

quern_status quern__chain_apply_number(quern__chain *chain, const quern__chain_node *current,
                                       double scale, double shift) {
  return quern__chain_apply(chain, current, &scale, &shift, 1);
}

/* (s x + t) W + b = x (diag(s) W) + (t W + b), each number rounded once. */
void quern__chain_fold(quern__chain *chain, size_t in, size_t units, float *weights, float *bias) {
  quern__affine *pending = &chain->pending;
  for (size_t j = 0; pending->count > 0 && j < units; j++) {
    double shifted = (double)bias[j];
    for (size_t i = 0; i < in; i++) {
      const size_t k = pending->count == 1 ? 0 : i;
      float *weight = &weights[i * units + j];
      shifted += pending->shift[k] * (double)*weight;
      *weight = (float)(pending->scale[k] * (double)*weight);
    }
    bias[j] = (float)shifted;
  }
  free(pending->scale);
  free(pending->shift);
  *pending = (quern__affine){0};
}

/* x op c, or c op x if the constant is `first`, as scale · x + shift. False for c / x. */
static bool express(const char *operator_name, bool first, double c, double *scale, double *shift) {
  *scale = 1.0;
  *shift = 0.0;
  if (strcmp(operator_name, "Add") == 0)
    *shift = c;
  else if (strcmp(operator_name, "Sub") == 0) {
    *scale = first ? -1.0 : 1.0;
    *shift = first ? c : -c;
  } else if (strcmp(operator_name, "Mul") == 0)
    *scale = c;
  else
    *scale = c != 0 ? 1.0 / c : (double)INFINITY; /* which quern__chain_apply refuses */
  return !(first && strcmp(operator_name, "Div") == 0);
}

quern_status quern__chain_arithmetic(quern__chain *chain, const quern__chain_node *current) {
  const bool first = !quern__chain_is_input(chain, current, 0);
  if (current->node->n_input != 2 || !quern__chain_is_input(chain, current, first ? 1 : 0))
    return quern__chain_fail(chain, current, "does not read the result of the node before");
  double *scale = NULL, *shift = NULL;
  size_t count;
  bool known = true;
  quern_status status;
  QUERN__TRY(quern__chain_vector(chain, current, first ? 0 : 1, first ? "A" : "B", &scale, &count));
  shift = calloc(count, sizeof *shift);
  if (shift == NULL) {
    status = quern__fail_memory(chain->file->path, count * sizeof *shift);
    goto cleanup;
  }
  for (size_t i = 0; i < count; i++)
    known = express(current->node->op_type, first, scale[i], &scale[i], &shift[i]) && known;
  status = known ? quern__chain_apply(chain, current, scale, shift, count)
                 : quern__chain_fail(chain, current, "divides by the result of the node before");
cleanup:
  free(scale);
  free(shift);
  return status;
}

/* (x - offset) · scale, of ai.onnx.ml. */
quern_status quern__chain_scaler(quern__chain *chain, const quern__chain_node *current) {
  static const float zero = 0.0f, one = 1.0f;
  const quern__onnx_attribute *offset = quern__chain_attribute(current, "offset",
                                                               QUERN__ONNX_ATTRIBUTE_FLOATS),
                              *factor = quern__chain_attribute(current, "scale",
                                                               QUERN__ONNX_ATTRIBUTE_FLOATS);
  const size_t offsets = offset != NULL ? offset->n_floats : 1,
               factors = factor != NULL ? factor->n_floats : 1;
  const float *o = offset != NULL ? offset->floats : &zero,
              *f = factor != NULL ? factor->floats : &one;
  const size_t count = offsets > factors ? offsets : factors;
  if (!quern__chain_is_input(chain, current, 0))
    return quern__chain_fail(chain, current, "does not read the result of the node before");
  if (offsets == 0 || factors == 0 || (offsets != count && offsets != 1) ||
      (factors != count && factors != 1) ||
      (count > 1 && chain->width != 0 && count != chain->width))
    return quern__fail(QUERN_ERROR_SHAPE,
                       "%s: %s: has %zu offsets and %zu factors for %zu values, expected 1 or one "
                       "for each value",
                       chain->file->path, current->label, offsets, factors, chain->width);
  double *scale = calloc(count, sizeof *scale), *shift = calloc(count, sizeof *shift);
  quern_status status = QUERN_OK;
  if (scale == NULL || shift == NULL)
    status = quern__fail_memory(chain->file->path, 2 * count * sizeof *scale);
  for (size_t i = 0; i < count && status == QUERN_OK; i++) {
    scale[i] = (double)f[factors == 1 ? 0 : i];
    shift[i] = -(double)o[offsets == 1 ? 0 : i] * scale[i];
  }
  if (status == QUERN_OK) status = quern__chain_apply(chain, current, scale, shift, count);
  free(scale);
  free(shift);
  return status;
}
