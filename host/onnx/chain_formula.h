/* Activations that a graph writes out as several nodes: GELU, its tanh form and SiLU, which have no
 * operator, or none in older opsets.
 *
 * The result of elementwise nodes on a layer's z is kept in the form
 *
 *     p(z) (F(a z + b z³) + c)
 *
 * p is a polynomial up to z³, F is erf, tanh, the logistic function, or absent (0, with c = 1).
 * These activations and all their intermediate values have this form, in whatever order their
 * factors are multiplied. Once another node reads the value, it is compared with the known
 * activations. */
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
  const char *name;             /* the value's name in the graph */
  const quern__onnx_node *node; /* the node that computes it */
  size_t index;                 /* that node's index */
  double p[4];                  /* coefficients of 1, z, z², z³ */
  quern__formula_function function;
  double a, b, c;
} quern__formula;

/* The longest of these activations needs about ten nodes, so a longer formula is none of them. */
enum { QUERN__FORMULAS = 32 };

/* The values computed so far from the last layer's z. */
typedef struct quern__formulas {
  quern__formula list[QUERN__FORMULAS];
  size_t count;
} quern__formulas;

#endif
