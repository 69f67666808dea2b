/* A chain of layers, built from a graph node by node. */
#ifndef QUERN_HOST_ONNX_CHAIN_H
#define QUERN_HOST_ONNX_CHAIN_H

#include "chain_formula.h"

/* gamma, beta, running mean, running variance */
enum { QUERN__CHAIN_NORMALIZATION = 4 };

typedef struct quern__chain_layer {
  float *weights; /* [in][units], owned */
  float *bias;    /* [units], owned */
  /* each [units], owned; NULL if the file has none */
  float *normalization[QUERN__CHAIN_NORMALIZATION];
  size_t in;
  quern_layer layer;
} quern__chain_layer;

typedef struct quern__chain {
  quern__onnx_file *file;
  const char *value; /* name of the last computed value */
  /* values per sample; 0 if not yet known */
  size_t width;
  bool flat;                  /* the value has two dimensions, as a layer needs */
  quern__chain_layer *layers; /* owned */
  size_t count, room;
  bool normalized;          /* the last layer has its normalization */
  bool activated;           /* the last layer has its activation */
  bool softmax;             /* a softmax follows the last layer */
  quern__formulas formulas; /* values computed from the last layer's z */
} quern__chain;

/* The node being read. */
typedef struct quern__chain_node {
  const quern__onnx_node *node;
  char label[192]; /* for messages: 'node 3 (Gemm "/0/Gemm")' */
} quern__chain_node;

void quern__chain_label(const quern__onnx_node *node, size_t index, quern__chain_node *current);

/* Adds a node's effect to the chain. QUERN_ERROR_UNSUPPORTED, naming the node, if no layer of quern
 * corresponds to it. */
quern_status quern__chain_add(quern__chain *chain, size_t index, const quern__onnx_node *node);

void quern__chain_free(quern__chain *chain);

/* --- Dense layers: chain_dense.c -------------------------------------------------------------- */

quern_status quern__chain_gemm(quern__chain *chain, const quern__chain_node *current);
quern_status quern__chain_matmul(quern__chain *chain, const quern__chain_node *current);
quern_status quern__chain_bias(quern__chain *chain, const quern__chain_node *current);

/* --- Normalizations: chain_normalization.c ---------------------------------------------------- */

quern_status quern__chain_batch_normalization(quern__chain *chain,
                                              const quern__chain_node *current);
quern_status quern__chain_layer_normalization(quern__chain *chain,
                                              const quern__chain_node *current);

/* --- Activations written out as formulas: chain_formula.c ------------------------------------- */

/* quern__formula_reads returns true if the node continues a formula of the last layer's z.
 * quern__formula_add then adds its result. */
bool quern__formula_reads(const quern__chain *chain, const quern__onnx_node *node);
quern_status quern__formula_add(quern__chain *chain, const quern__chain_node *current,
                                size_t index);

/* If the named value is a formula of z, makes it the last layer's activation; fails if no
 * activation has that formula. */
quern_status quern__formula_settle(quern__chain *chain, const char *name);

/* --- Inputs and attributes of nodes: chain_node.c --------------------------------------------- */

/* QUERN_ERROR_UNSUPPORTED: the file, the node, and what is wrong with it. */
quern_status quern__chain_fail(const quern__chain *chain, const quern__chain_node *current,
                               const char *what);

/* Read the attribute `name`; *value is `otherwise` if it is missing. Fail if it has another type or
 * is not finite. */
quern_status quern__chain_float(const quern__chain *chain, const quern__chain_node *current,
                                const char *name, float otherwise, float *value);
quern_status quern__chain_int(const quern__chain *chain, const quern__chain_node *current,
                              const char *name, int64_t otherwise, int64_t *value);

/* Reads a string attribute into text[size], terminated by a zero. */
quern_status quern__chain_text(const quern__chain *chain, const quern__chain_node *current,
                               const char *name, const char *otherwise, char *text, size_t size);

/* Reads the constant that is the node's input at index. The caller frees its values. `name` is the
 * input's, for messages. */
quern_status quern__chain_constant(const quern__chain *chain, const quern__chain_node *current,
                                   size_t index, const char *name, quern__onnx_values *values);

/* Reads a constant of one element. */
quern_status quern__chain_number(const quern__chain *chain, const quern__chain_node *current,
                                 size_t index, const char *name, float *value);

/* True if the node's input at index is the last computed value. */
bool quern__chain_is_input(const quern__chain *chain, const quern__chain_node *current,
                           size_t index);

#endif
