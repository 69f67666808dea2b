/* One training step of the worked example's network on a device, at the op level. */
#ifndef QUERN_CLI_EXAMPLE_EXAMPLE_NETWORK_H
#define QUERN_CLI_EXAMPLE_EXAMPLE_NETWORK_H

#include <quern/quern.h>

/* X(NAME, rows, columns, key): every quantity of the step, in their order in one buffer. The key is
 * the name in JSON; NULL for quantities of the computation alone. */
#define EXAMPLE_QUANTITIES(X)                                                                      \
  X(INPUT, 1, 3, "x")  /* what is given: the sample, */                                            \
  X(TARGET, 1, 3, "y") /* what is wanted of it, */                                                 \
  X(LABEL, 1, 1, NULL) /* the same as a class, int32_t, */                                         \
  X(BIAS, 1, 3, "b")   /* and the biases, 1 in every layer, and left alone */                      \
  X(ONES, 1, 3, NULL)  /* what an activation's derivative is multiplied with to see it */          \
  X(FIRST_W_IJ, 3, 3, "first_Wij") /* weights as they start; rows are inputs */                    \
  X(FIRST_W_JK, 3, 3, "first_Wjk")                                                                 \
  X(FIRST_W_KL, 3, 3, "first_Wkl")                                                                 \
  X(Z1, 1, 3, "z1") /* x W_ij + b */                                                               \
  X(H1, 1, 3, "h1") /* relu(z1) */                                                                 \
  X(Z2, 1, 3, "z2") /* h1 W_jk + b */                                                              \
  X(H2, 1, 3, "h2") /* sigmoid(z2) */                                                              \
  X(Z3, 1, 3, "z3") /* h2 W_kl + b */                                                              \
  X(O, 1, 3, "o")   /* softmax(z3) */                                                              \
  X(E, 1, 1, "loss")                                                                               \
  X(DE_DO, 1, 3, "dE_do")   /* from the device's o: no op has it by itself */                      \
  X(DO_DZ3, 1, 3, "do_dz3") /* o (1 - o), the diagonal */                                          \
  X(DE_DZ3, 1, 3, "dE_dz3")                                                                        \
  X(DIAGONAL, 3, 3, NULL)     /* dE/dz3 along the diagonal of zeros */                             \
  X(DH2_TERMS, 3, 3, NULL)    /* W_kl times it: row k holds the terms of dE/dh2_k */               \
  X(DE_DH2, 1, 3, "dE_dh2")   /* dE/dz3 W_klᵀ */                                                 \
  X(DH2_DZ2, 1, 3, "dh2_dz2") /* sigmoid' = h2 (1 - h2) */                                         \
  X(DE_DZ2, 1, 3, "dE_dz2")   /* dE/dh2 ∘ sigmoid' */                                            \
  X(DE_DH1, 1, 3, "dE_dh1")   /* dE/dz2 W_jkᵀ */                                                 \
  X(DH1_DZ1, 1, 3, "dh1_dz1") /* relu' */                                                          \
  X(DE_DZ1, 1, 3, "dE_dz1")                                                                        \
  X(D_W_KL, 3, 3, "dWkl") /* h2ᵀ dE/dz3 */                                                       \
  X(D_W_JK, 3, 3, "dWjk") /* h1ᵀ dE/dz2 */                                                       \
  X(D_W_IJ, 3, 3, "dWij") /* xᵀ dE/dz1 */                                                        \
  X(W_KL, 3, 3, "Wkl")    /* W - lr δW */                                                         \
  X(W_JK, 3, 3, "Wjk")                                                                             \
  X(W_IJ, 3, 3, "Wij")

typedef enum example_quantity {
#define EXAMPLE_QUANTITY_VALUE(name, rows, columns, key) EXAMPLE_##name,
  EXAMPLE_QUANTITIES(EXAMPLE_QUANTITY_VALUE)
#undef EXAMPLE_QUANTITY_VALUE
      EXAMPLE_QUANTITY_COUNT
} example_quantity;

typedef struct example_shape {
  size_t rows, columns;
  const char *key;
} example_shape;

extern const example_shape example_shapes[EXAMPLE_QUANTITY_COUNT];

#define EXAMPLE_QUANTITY_CELLS(name, rows, columns, key) +(rows) * (columns)
enum { EXAMPLE_CELLS = 0 EXAMPLE_QUANTITIES(EXAMPLE_QUANTITY_CELLS) };
#undef EXAMPLE_QUANTITY_CELLS

/* The values of all quantities, in order. */
typedef struct example_values {
  float cells[EXAMPLE_CELLS];
} example_values;

/* The offset of a quantity in the cells. */
size_t example_offset(example_quantity quantity);

#define EXAMPLE_LEARNING_RATE 0.01f

/* Runs one step with the element-wise or the categorical loss. */
quern_status example_run(quern_context *context, quern_loss loss, example_values *values);

#endif
