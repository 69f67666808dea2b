/* A chain of layers, built from a graph node by node. */
#ifndef QUERN_HOST_ONNX_CHAIN_H
#define QUERN_HOST_ONNX_CHAIN_H

#include "../base/text.h"
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

/* A factor and a summand for each value: x becomes scale · x + shift. */
typedef struct quern__affine {
  double *scale, *shift; /* [count], owned */
  size_t count;          /* 0: none; 1: the same for every value; else one per value */
} quern__affine;

/* Names of classes from the end of a graph. */
typedef struct quern__chain_classes {
  char **names;   /* [count], owned; NULL for numbers */
  double *values; /* [count], owned; NULL for names */
  size_t count;   /* 0: unknown */
} quern__chain_classes;

typedef struct quern__chain {
  quern__onnx_file *file;
  const char *value; /* name of the last computed value */
  /* the value before, if the last node only renamed it or changed its type; else NULL */
  const char *earlier;
  /* values per sample; 0 if not yet known */
  size_t width;
  size_t batch;               /* samples, if the file fixes their number; else 0 */
  size_t rank;                /* dimensions of the value; a layer needs two */
  bool turned;                /* the value is transposed */
  quern__chain_layer *layers; /* owned */
  size_t count, room;
  quern__affine pending;    /* applied to the value, and not yet part of a layer */
  bool normalized;          /* the last layer has its normalization */
  bool activated;           /* the last layer has its activation */
  bool softmax;             /* a softmax follows the last layer */
  quern__formulas formulas; /* values computed from the last layer's z */
  /* Values computed from the outputs at the end: the class, its names with their probabilities, and
   * one minus the only probability; NULL if there are none. */
  const char *label, *map, *complement;
  quern__chain_classes classes;
  quern__text note; /* see quern_network_note */
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

/* Starts a remark in the note. */
quern__text *quern__chain_note(quern__chain *chain);

/* --- Dense layers: chain_dense.c -------------------------------------------------------------- */

quern_status quern__chain_gemm(quern__chain *chain, const quern__chain_node *current);
quern_status quern__chain_matmul(quern__chain *chain, const quern__chain_node *current);

/* Appends a layer of the chain's width that only scales and shifts. */
quern_status quern__chain_diagonal(quern__chain *chain, const quern__chain_node *current);

/* --- Scaling and shifting: chain_affine.c ----------------------------------------------------- */

/* Add, Sub, Mul, Div with a constant, and Scaler. */
quern_status quern__chain_arithmetic(quern__chain *chain, const quern__chain_node *current);
quern_status quern__chain_scaler(quern__chain *chain, const quern__chain_node *current);

/* Applies scale[count] and shift[count], count 1 or the width: to the last layer if it has no
 * activation, else they wait for the next layer. */
quern_status quern__chain_apply(quern__chain *chain, const quern__chain_node *current,
                                const double *scale, const double *shift, size_t count);
quern_status quern__chain_apply_number(quern__chain *chain, const quern__chain_node *current,
                                       double scale, double shift);

/* Moves what waits into a layer's weights [in][units] and bias [units]. */
void quern__chain_fold(quern__chain *chain, size_t in, size_t units, float *weights, float *bias);

/* --- Activations: chain_activation.c ---------------------------------------------------------- */

/* Gives the last layer an activation. If something waits, it becomes a layer before. */
quern_status quern__chain_activate(quern__chain *chain, const quern__chain_node *current,
                                   quern_activation activation);
quern_status quern__chain_activation(quern__chain *chain, const quern__chain_node *current);
quern_status quern__chain_gelu(quern__chain *chain, const quern__chain_node *current);
quern_status quern__chain_clip(quern__chain *chain, const quern__chain_node *current);
quern_status quern__chain_hard_sigmoid(quern__chain *chain, const quern__chain_node *current);
quern_status quern__chain_prelu(quern__chain *chain, const quern__chain_node *current);

/* --- Nodes that change no numbers: chain_shape.c ---------------------------------------------- */

quern_status quern__chain_flatten(quern__chain *chain, const quern__chain_node *current);
quern_status quern__chain_reshape(quern__chain *chain, const quern__chain_node *current);
quern_status quern__chain_squeeze(quern__chain *chain, const quern__chain_node *current);
quern_status quern__chain_transpose(quern__chain *chain, const quern__chain_node *current);
quern_status quern__chain_nothing(quern__chain *chain, const quern__chain_node *current);
quern_status quern__chain_dropout(quern__chain *chain, const quern__chain_node *current);

/* True for nodes of which Reshape's second input is computed. They are read when it is. */
bool quern__chain_computes_shape(const quern__chain *chain, const quern__onnx_node *node);

/* --- The end of a classifier: chain_classes.c ------------------------------------------------- */

quern_status quern__chain_softmax(quern__chain *chain, const quern__chain_node *current);

/* Reads a node that belongs to the labels at the end; *read is false for other nodes. */
quern_status quern__chain_label_node(quern__chain *chain, const quern__chain_node *current,
                                     bool *read);

void quern__chain_free_classes(quern__chain *chain);

/* Gives the network the names of the classes. */
quern_status quern__chain_set_classes(quern__chain *chain, quern_network *network);

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

/* Returns the formula of a value computed from z; NULL for z itself and any other value. */
const quern__formula *quern__formula_of(const quern__chain *chain, const char *name);

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

/* Returns the attribute of this type, or NULL. */
const quern__onnx_attribute *quern__chain_attribute(const quern__chain_node *current,
                                                    const char *name, int32_t type);

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

/* Returns the constant that is the node's input at index; NULL if it is none. */
const quern__onnx_constant *quern__chain_find(const quern__chain *chain,
                                              const quern__onnx_node *node, size_t index);

/* Returns how many numbers a constant has, SIZE_MAX for too many. */
size_t quern__chain_elements(const quern__onnx_constant *constant);

/* Reads a constant with one number, or one per value of the chain; *count is which. The caller
 * frees *numbers. */
quern_status quern__chain_vector(quern__chain *chain, const quern__chain_node *current,
                                 size_t index, const char *name, double **numbers, size_t *count);

/* True if the node has an input at index; an empty name means that it is absent. */
bool quern__chain_has_input(const quern__chain_node *current, size_t index);

/* True if the node's input at index is the last computed value. */
bool quern__chain_is_input(const quern__chain *chain, const quern__chain_node *current,
                           size_t index);

#endif
