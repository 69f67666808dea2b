/* A network as it is put together from a graph, layer by layer. */
#ifndef QUERN_HOST_ONNX_CHAIN_H
#define QUERN_HOST_ONNX_CHAIN_H

#include "chain_formula.h"

/* Gamma, beta, running mean and variance. */
enum { QUERN__CHAIN_NORMALIZATION = 4 };

typedef struct quern__chain_layer {
  float *weights; /* [in][units], owned */
  float *bias;    /* [units], owned */
  /* each [units], owned; NULL where the file has none */
  float *normalization[QUERN__CHAIN_NORMALIZATION];
  size_t in;
  quern_layer layer;
} quern__chain_layer;

typedef struct quern__chain {
  quern__onnx_file *file;
  const char *value; /* the name of what has been computed so far */
  /* how many numbers a sample it is; 0 where the graph has not said so yet */
  size_t width;
  bool flat;                  /* whether it has the two dimensions that a layer reads */
  quern__chain_layer *layers; /* owned */
  size_t count, room;
  bool normalized;          /* the last layer has its normalization */
  bool activated;           /* and its activation */
  bool softmax;             /* and a softmax stands behind it */
  quern__formulas formulas; /* what nodes have made of the last layer's z */
} quern__chain;

/* The node of the graph that is being read. */
typedef struct quern__chain_node {
  const quern__onnx_node *node;
  char label[192]; /* 'node 3 (Gemm "/0/Gemm")', for errors */
} quern__chain_node;

void quern__chain_label(const quern__onnx_node *node, size_t index, quern__chain_node *current);

/* Adds what a node does to the chain. QUERN_ERROR_UNSUPPORTED, naming the node, for what quern has
 * no layer for. */
quern_status quern__chain_add(quern__chain *chain, size_t index, const quern__onnx_node *node);

void quern__chain_free(quern__chain *chain);

/* --- What nodes of the kinds do: chain_dense.c
 * ---------------------------------------------------------------- */

quern_status quern__chain_gemm(quern__chain *chain, const quern__chain_node *current);
quern_status quern__chain_matmul(quern__chain *chain, const quern__chain_node *current);
quern_status quern__chain_bias(quern__chain *chain, const quern__chain_node *current);

/* --- Normalizations: chain_normalization.c
 * ------------------------------------------------------------------- */

quern_status quern__chain_batch_normalization(quern__chain *chain,
                                              const quern__chain_node *current);
quern_status quern__chain_layer_normalization(quern__chain *chain,
                                              const quern__chain_node *current);

/* --- Activations that are written out: chain_formula.c
 * --------------------------------------------------------- */

/* Whether the node goes on with what was made of the last layer's z, and what it makes of it. */
bool quern__formula_reads(const quern__chain *chain, const quern__onnx_node *node);
quern_status quern__formula_add(quern__chain *chain, const quern__chain_node *current,
                                size_t index);

/* Where the value of that name was made of z: it has to be an activation, which the last layer
 * gets. Else nothing. */
quern_status quern__formula_settle(quern__chain *chain, const char *name);

/* --- Nodes: chain_node.c
 * -------------------------------------------------------------------------------------- */

/* The attribute of a name, or what it is by default; an error where it is of another type, or not
 * finite. */
quern_status quern__chain_float(const quern__chain *chain, const quern__chain_node *current,
                                const char *name, float otherwise, float *value);
quern_status quern__chain_int(const quern__chain *chain, const quern__chain_node *current,
                              const char *name, int64_t otherwise, int64_t *value);

/* The same of a text, at most `size` bytes with its 0. */
quern_status quern__chain_text(const quern__chain *chain, const quern__chain_node *current,
                               const char *name, const char *otherwise, char *text, size_t size);

/* The constant that is the node's input at index, in numbers that the caller frees. */
quern_status quern__chain_constant(const quern__chain *chain, const quern__chain_node *current,
                                   size_t index, const char *name, quern__onnx_values *values);

/* The same where it is one number. */
quern_status quern__chain_number(const quern__chain *chain, const quern__chain_node *current,
                                 size_t index, const char *name, float *value);

/* Whether the node's input at index is what was computed so far. */
bool quern__chain_is_input(const quern__chain *chain, const quern__chain_node *current,
                           size_t index);

#endif
