#include "chain_formula.h"

#include "chain.h"
#include <math.h>
#include <string.h>

/* --- Formulas --------------------------------------------------------------------------------- */

static bool is_plain(const quern__formula *f) {
  return f->function == QUERN__FORMULA_PLAIN;
}

const quern__formula *quern__formula_of(const quern__chain *chain, const char *name) {
  for (size_t i = chain->formulas.count; i-- > 0;)
    if (strcmp(chain->formulas.list[i].name, name) == 0) return &chain->formulas.list[i];
  return NULL;
}

/* Returns the formula of a value, or *z, set to z itself; NULL for any other value. */
static const quern__formula *find_formula(const quern__chain *chain, const char *name,
                                          quern__formula *z) {
  const quern__formula *found = quern__formula_of(chain, name);
  if (found != NULL) return found;
  if (chain->count == 0 || chain->activated || chain->softmax || chain->turned ||
      strcmp(chain->value, name) != 0)
    return NULL;
  *z = (quern__formula){.name = name, .p = {0, 1, 0, 0}, .c = 1};
  return z;
}

/* --- Operations: false if the result does not have the formula's form ------------------------- */

static bool multiply_formulas(const quern__formula *x, const quern__formula *y,
                              quern__formula *result) {
  if (!is_plain(x) && !is_plain(y)) return false;
  *result = is_plain(x) ? *y : *x;
  const double *other = is_plain(x) ? x->p : y->p, *own = is_plain(x) ? y->p : x->p;
  double product[7] = {0};
  for (size_t i = 0; i < 4; i++)
    for (size_t j = 0; j < 4; j++) product[i + j] += own[i] * other[j];
  memcpy(result->p, product, sizeof result->p);
  return product[4] == 0 && product[5] == 0 && product[6] == 0;
}

/* p (F + c) plus a multiple of p changes c. A polynomial plus a polynomial is a polynomial. */
static bool add_formulas(const quern__formula *x, const quern__formula *y, quern__formula *result) {
  if (!is_plain(x) && !is_plain(y)) return false;
  *result = is_plain(x) ? *y : *x;
  const double *other = is_plain(x) ? x->p : y->p;
  if (is_plain(result)) {
    for (size_t i = 0; i < 4; i++) result->p[i] += other[i];
    return true;
  }
  size_t first = 0;
  while (first < 3 && result->p[first] == 0) first++;
  if (result->p[first] == 0) return false;
  const double times = other[first] / result->p[first];
  for (size_t i = 0; i < 4; i++)
    if (!(other[i] == times * result->p[i])) return false;
  result->c += times;
  return true;
}

static bool raise_formula(const quern__formula *x, double exponent, quern__formula *result) {
  quern__formula square;
  if (exponent == 2) return multiply_formulas(x, x, result);
  return exponent == 3 && multiply_formulas(x, x, &square) && multiply_formulas(&square, x, result);
}

/* Applies F to a polynomial a z + b z³. */
static bool apply_function(quern__formula_function function, const quern__formula *x,
                           quern__formula *result) {
  if (!is_plain(x) || x->p[0] != 0 || x->p[2] != 0) return false;
  *result = (quern__formula){.p = {1, 0, 0, 0}, .function = function, .a = x->p[1], .b = x->p[3]};
  return true;
}

/* --- Nodes ------------------------------------------------------------------------------------ */

static const struct {
  const char *name;
  quern__formula_function function; /* PLAIN: arithmetic with two inputs */
} operators[] = {{"Mul", QUERN__FORMULA_PLAIN}, {"Div", QUERN__FORMULA_PLAIN},
                 {"Add", QUERN__FORMULA_PLAIN}, {"Sub", QUERN__FORMULA_PLAIN},
                 {"Pow", QUERN__FORMULA_PLAIN}, {"Erf", QUERN__FORMULA_ERF},
                 {"Tanh", QUERN__FORMULA_TANH}, {"Sigmoid", QUERN__FORMULA_SIGMOID}};
enum { OPERATORS = sizeof operators / sizeof *operators };

static size_t find_operator(const quern__onnx_node *node) {
  size_t i = 0;
  while (i < OPERATORS && strcmp(operators[i].name, node->op_type) != 0) i++;
  return i;
}

static bool is_operator(const quern__onnx_node *node, const char *name) {
  return strcmp(node->op_type, name) == 0;
}

/* True for Add, Sub, Mul and Div with a constant of several numbers, which quern__chain_arithmetic
 * reads. */
static bool has_vector(const quern__chain *chain, const quern__onnx_node *node) {
  for (size_t i = 0; i < node->n_input; i++) {
    const quern__onnx_constant *constant = quern__chain_find(chain, node, i);
    if (constant != NULL && quern__chain_elements(constant) != 1) return true;
  }
  return false;
}

bool quern__formula_reads(const quern__chain *chain, const quern__onnx_node *node) {
  quern__formula z;
  const size_t known = find_operator(node);
  const bool renames = is_operator(node, "Cast") || is_operator(node, "Identity");
  if (renames && node->n_input == 1) {
    const quern__formula *input = find_formula(chain, node->input[0], &z);
    return input != NULL && input != &z;
  }
  if (known == OPERATORS || has_vector(chain, node) ||
      node->n_input != (operators[known].function == QUERN__FORMULA_PLAIN ? 2 : 1))
    return false;
  for (size_t i = 0; i < node->n_input; i++) {
    const quern__formula *input = find_formula(chain, node->input[i], &z);
    /* A constant added to z itself is a bias, which quern__chain_arithmetic adds. */
    if (input != NULL && (input != &z || (!is_operator(node, "Add") && !is_operator(node, "Sub"))))
      return true;
  }
  return false;
}

/* Reads the input at index: a formula of z, or a constant of one element. */
static quern_status read_operand(const quern__chain *chain, const quern__chain_node *node,
                                 size_t index, quern__formula *operand) {
  const quern__formula *found = find_formula(chain, node->node->input[index], operand);
  if (found != NULL) {
    *operand = *found;
    return QUERN_OK;
  }
  float value;
  QUERN__FORWARD(quern__chain_number(chain, node, index, index == 0 ? "A" : "B", &value));
  *operand = (quern__formula){.p = {(double)value, 0, 0, 0}, .c = 1};
  return QUERN_OK;
}

static bool is_number(const quern__formula *f) {
  return is_plain(f) && f->p[1] == 0 && f->p[2] == 0 && f->p[3] == 0;
}

static quern_status compute_formula(const quern__chain *chain, const quern__chain_node *node,
                                    size_t known, quern__formula *result) {
  quern__formula x, y = {.p = {0}};
  QUERN__FORWARD(read_operand(chain, node, 0, &x));
  if (known == OPERATORS) { /* Cast and Identity */
    *result = x;
    return QUERN_OK;
  }
  const quern__formula_function function = operators[known].function;
  const char *name = operators[known].name;
  if (function == QUERN__FORMULA_PLAIN) QUERN__FORWARD(read_operand(chain, node, 1, &y));
  bool fits;
  if (function != QUERN__FORMULA_PLAIN)
    fits = apply_function(function, &x, result);
  else if (strcmp(name, "Mul") == 0)
    fits = multiply_formulas(&x, &y, result);
  else if (strcmp(name, "Add") == 0)
    fits = add_formulas(&x, &y, result);
  else if (strcmp(name, "Sub") == 0) {
    for (size_t i = 0; i < 4; i++) y.p[i] = -y.p[i];
    fits = add_formulas(&x, &y, result);
  } else if (strcmp(name, "Pow") == 0)
    fits = is_number(&y) && raise_formula(&x, y.p[0], result);
  else {
    fits = is_number(&y) && y.p[0] != 0;
    if (fits) y.p[0] = 1 / y.p[0];
    fits = fits && multiply_formulas(&x, &y, result);
  }
  return fits ? QUERN_OK
              : quern__chain_fail(chain, node,
                                  "is not part of a known activation such as GELU or SiLU");
}

quern_status quern__formula_add(quern__chain *chain, const quern__chain_node *node, size_t index) {
  quern__formulas *formulas = &chain->formulas;
  quern__formula result;
  if (formulas->count == QUERN__FORMULAS)
    return quern__chain_fail(chain, node, "is part of a longer formula than any known activation");
  QUERN__FORWARD(compute_formula(chain, node, find_operator(node->node), &result));
  result.name = node->node->output[0];
  result.node = node->node;
  result.index = index;
  formulas->list[formulas->count++] = result;
  return QUERN_OK;
}

/* --- Recognizing activations ------------------------------------------------------------------ */

static const struct {
  quern_activation_kind kind;
  quern__formula formula;
} activations[] = {
    {QUERN_ACTIVATION_SIGMOID, {.p = {1, 0, 0, 0}, .function = QUERN__FORMULA_SIGMOID, .a = 1}},
    {QUERN_ACTIVATION_TANH, {.p = {1, 0, 0, 0}, .function = QUERN__FORMULA_TANH, .a = 1}},
    {QUERN_ACTIVATION_SILU, {.p = {0, 1, 0, 0}, .function = QUERN__FORMULA_SIGMOID, .a = 1}},
    {QUERN_ACTIVATION_GELU,
     {.p = {0, 0.5, 0, 0}, .function = QUERN__FORMULA_ERF, .a = 0.70710678118654752, .c = 1}},
    {QUERN_ACTIVATION_GELU_TANH,
     {.p = {0, 0.5, 0, 0},
      .function = QUERN__FORMULA_TANH,
      .a = 0.79788456080286536, /* √(2/π) */
      .b = 0.79788456080286536 * 0.044715,
      .c = 1}},
};
enum { ACTIVATIONS = sizeof activations / sizeof *activations };

/* A file's constants are floats, and the formula's are products of a few of them. */
static bool is_same(double found, double wanted) {
  return fabs(found - wanted) <= 1e-6 * fabs(wanted);
}

static bool is_same_formula(const quern__formula *found, const quern__formula *wanted) {
  for (size_t i = 0; i < 4; i++)
    if (!is_same(found->p[i], wanted->p[i])) return false;
  return found->function == wanted->function && is_same(found->a, wanted->a) &&
         is_same(found->b, wanted->b) && is_same(found->c, wanted->c);
}

/* Makes factors and summands of what is not an activation by itself: scale z + shift, and
 * scale F(a z) + shift for F with an activation of its own. False for any other formula. */
static bool is_scaled(const quern__formula *f, quern_activation_kind *kind) {
  *kind = f->function == QUERN__FORMULA_SIGMOID ? QUERN_ACTIVATION_SIGMOID
          : f->function == QUERN__FORMULA_TANH  ? QUERN_ACTIVATION_TANH
                                                : QUERN_ACTIVATION_IDENTITY;
  if (f->p[2] != 0 || f->p[3] != 0 || f->function == QUERN__FORMULA_ERF) return false;
  return is_plain(f) || (f->p[1] == 0 && f->b == 0);
}

static quern_status settle_scaled(quern__chain *chain, const quern__chain_node *node,
                                  const quern__formula *f, quern_activation_kind kind) {
  if (is_plain(f)) return quern__chain_apply_number(chain, node, f->p[1], f->p[0]);
  QUERN__FORWARD(quern__chain_apply_number(chain, node, f->a, 0));
  chain->layers[chain->count - 1].layer.activation = quern_activation_of(kind);
  chain->activated = true;
  return quern__chain_apply_number(chain, node, f->p[0], f->p[0] * f->c);
}

quern_status quern__formula_settle(quern__chain *chain, const char *name) {
  quern__formulas *formulas = &chain->formulas;
  size_t which = formulas->count;
  while (which-- > 0 && strcmp(formulas->list[which].name, name) != 0) {
  }
  if (which >= formulas->count) return QUERN_OK;
  const quern__formula *found = &formulas->list[which];
  size_t known = 0;
  while (known < ACTIVATIONS && !is_same_formula(found, &activations[known].formula)) known++;
  quern_activation_kind kind;
  if (known < ACTIVATIONS) {
    chain->layers[chain->count - 1].layer.activation = quern_activation_of(activations[known].kind);
    chain->activated = true;
  } else {
    quern__chain_node node;
    quern__chain_label(found->node, found->index, &node);
    if (!is_scaled(found, &kind))
      return quern__chain_fail(chain, &node,
                               "does not complete a known activation such as GELU or SiLU");
    QUERN__FORWARD(settle_scaled(chain, &node, found, kind));
  }
  chain->value = found->name;
  chain->earlier = NULL;
  formulas->count = 0;
  return QUERN_OK;
}
