/* The internals of a network: its shape, which plans copy, and its parameters. */
#ifndef QUERN_HOST_NETWORK_NETWORK_H
#define QUERN_HOST_NETWORK_NETWORK_H

#include <quern/network.h>
#include <quern/schema.h>
#include <stdatomic.h>

/* A layer and the positions of its parameters in the network's flat range. */
typedef struct quern__placed_layer {
  quern_layer layer;
  size_t inputs;
  size_t weights;        /* first element of W [inputs][units] */
  size_t bias;           /* first element of b [units] */
  size_t gamma, beta;    /* only with a normalization */
  size_t mean, variance; /* running statistics, only with batch normalization */
} quern__placed_layer;

/* The parts of a layer in the flat range. Those after QUERN__BETA are not trained by gradients. */
typedef enum quern__part {
  QUERN__WEIGHTS,
  QUERN__BIAS,
  QUERN__GAMMA,
  QUERN__BETA,
  QUERN__LEARNING_PARTS,
  QUERN__MEAN = QUERN__LEARNING_PARTS,
  QUERN__VARIANCE,
  QUERN__PARTS
} quern__part;

typedef struct quern__extent {
  size_t first, count; /* count 0: the layer has none */
  bool learns;
} quern__extent;

/* One flat range holds W, b, gamma and beta of each layer in turn, then all running statistics,
 * which no update touches. Each part starts at a multiple of QUERN__PARAMETER_ALIGNMENT elements;
 * the gaps stay zero. Gradients have the same layout, with zeros for the running statistics. */
enum { QUERN__PARAMETER_ALIGNMENT = 16 }; /* a cache line, and the widest vector */

typedef struct quern__shape {
  size_t inputs, layer_count;
  quern__placed_layer *layers; /* owned */
  quern_loss loss;
  float huber_delta;      /* for QUERN_LOSS_HUBER */
  size_t flat_count;      /* elements of the flat range */
  size_t parameter_count; /* elements of it that are trainable parameters, frozen or not */
  size_t widest;          /* largest number of outputs of any layer */
} quern__shape;

struct quern_network {
  quern__shape shape;
  float *parameters; /* [shape.flat_count], owned */
  uint64_t batches;  /* training steps included in the running statistics */
  /* describes the data the network was trained on; owned; NULL if unknown */
  quern_schema *schema;
  /* what was left out or assumed when it was read from a file; owned; NULL if nothing */
  char *note;
  /* trainings in progress, besides the owner; whoever ends last frees the network */
  atomic_size_t users;
};

/* Adds a user, which quern_network_free removes again. NULL is accepted. */
void quern__network_hold(quern_network *network);

/* Checks the layers and assigns positions to their parameters. */
quern_status quern__shape_create(size_t inputs, const quern_layer *layers, size_t layer_count,
                                 quern_loss loss, quern__shape *shape);
quern_status quern__shape_copy(const quern__shape *from, quern__shape *to);
void quern__shape_free(quern__shape *shape);
/* True if inputs, units and kinds of normalization agree, and so the flat ranges too. */
bool quern__shape_equal(const quern__shape *a, const quern__shape *b);

quern__extent quern__layer_part(const quern__placed_layer *placed, quern__part part);

/* Returns "weights", "running mean" and so on; static. */
const char *quern__part_name(quern__part part);

/* True if any layer has this kind of normalization. */
bool quern__shape_normalizes(const quern__shape *shape, quern_normalization_kind kind);

/* Iterates over the trainable ranges of layers first … end - 1, joining neighbors that no frozen
 * parameters separate. Returns false after the last. *item starts at first * QUERN__LEARNING_PARTS
 * and belongs to this function. */
bool quern__shape_next_learning(const quern__shape *shape, size_t end, size_t *item, size_t *begin,
                                size_t *count);

static inline const quern__placed_layer *quern__shape_last(const quern__shape *shape) {
  return &shape->layers[shape->layer_count - 1];
}
static inline size_t quern__shape_outputs(const quern__shape *shape) {
  return quern__shape_last(shape)->layer.units;
}

#endif
