/* What the sweeps of the matrix products share. */
#ifndef QUERN_HOST_VERIFY_OPS_DENSE_H
#define QUERN_HOST_VERIFY_OPS_DENSE_H

#include "../sweep.h"

typedef struct quern__dense_shape {
  size_t n, in, out;
  bool large;
} quern__dense_shape;

extern const quern__dense_shape quern__dense_shapes[];
extern const size_t quern__dense_shape_count;

/* Whole numbers have exact sums in any order; fractions have errors within the tolerance. */
float *quern__dense_values(quern__values *values, size_t count, bool whole);

/* True to leave out this variant of a shape: tiny shapes have all variants, others a few that
 * change with the shape. */
bool quern__dense_skips(const quern__verify *v, size_t index, unsigned variant);

#endif
