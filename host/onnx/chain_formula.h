/* Activations that a graph writes out: GELU, its tanh form and SiLU, which have no operator, or not
 * in every opset.
 *
 * What elementwise nodes make of a layer's z is kept as
 *
 *     p(z) (F(a z + b z³) + c)        p a polynomial up to z³, F one of erf, tanh, the logistic
 * function, or nothing (0, with c = 1)
 *
 * which these activations are, with every value on the way, in whatever order their factors are
 * multiplied. Whether it is one of them is asked where something else reads it. */
#ifndef QUERN_HOST_ONNX_CHAIN_FORMULA_H
#define QUERN_HOST_ONNX_CHAIN_FORMULA_H

#include "onnx.h"

typedef enum quern__formula_function {
  QUERN__FORMULA_PLAIN,
  QUERN__FORMULA_SIGMOID,
  QUERN__FORMULA_ERF,
  QUERN__FORMULA_TANH
} quern__formula_function;

typedef struct quern__formula {
  const char *name;             /* of the value, in the graph */
  const quern__onnx_node *node; /* that computes it, */
  size_t index;                 /* and its place */
  double p[4];                  /* of 1, z, z², z³ */
  quern__formula_function function;
  double a, b, c;
} quern__formula;

/* The longest of these activations is written with ten values, so that what takes more is none of
 * them. */
enum { QUERN__FORMULAS = 32 };

/* What was made so far of the last layer's z. */
typedef struct quern__formulas {
  quern__formula list[QUERN__FORMULAS];
  size_t count;
} quern__formulas;

#endif
