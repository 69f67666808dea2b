/* Folds standardization into a network's layers, for files that cannot store a schema. */
#include "schema.h"

/* (x - μ) / σ · W + b = x · (W / σ) + (b - μ / σ · W), with σ_i for row i of W. */
void quern__schema_fold_inputs(const quern_schema *schema, size_t units, float *weights,
                               float *bias) {
  if (schema == NULL || schema->mean == NULL) return;
  for (size_t j = 0; j < units; j++) {
    double shifted = (double)bias[j];
    for (size_t i = 0; i < schema->columns; i++) {
      float *weight = &weights[i * units + j];
      const double folded = (double)*weight / schema->deviation[i];
      shifted -= folded * schema->mean[i];
      *weight = (float)folded;
    }
    bias[j] = (float)shifted;
  }
}

/* (h · W + b) · σ + μ = h · (W · σ) + (b · σ + μ), with σ_j for column j of W. */
void quern__schema_fold_targets(const quern_schema *schema, size_t in, float *weights,
                                float *bias) {
  if (schema == NULL || schema->target_mean == NULL) return;
  for (size_t j = 0; j < schema->outputs; j++) {
    const double deviation = schema->target_deviation[j];
    for (size_t i = 0; i < in; i++) {
      float *weight = &weights[i * schema->outputs + j];
      *weight = (float)((double)*weight * deviation);
    }
    bias[j] = (float)((double)bias[j] * deviation + schema->target_mean[j]);
  }
}
