/* The inside of a network: its shape, which plans copy, and its parameters. */
#ifndef QUERN_HOST_NETWORK_NETWORK_H
#define QUERN_HOST_NETWORK_NETWORK_H

#include <quern/network.h>
#include <quern/schema.h>
#include <stdatomic.h>

/* A layer, and where its parameters lie in the flat range of all. */
typedef struct quern__placed_layer {
  quern_layer layer;
  size_t inputs;
  size_t weights;        /* first element of W [inputs][units] */
  size_t bias;           /* first element of b [units] */
  size_t gamma, beta;    /* the same, where it has a normalization */
  size_t mean, variance; /* and of the running ones, where that is of the batch */
} quern__placed_layer;

/* What a layer may have in the flat range. Those behind QUERN__BETA do not learn by gradients. */
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

/* All parameters of a network lie in one flat range, W, b, gamma and beta, layer after layer, and
 * behind them all the running statistics, which no update touches; each starts on a multiple of
 * QUERN__PARAMETER_ALIGNMENT elements, and what lies between is zero and stays zero. So do all
 * gradients, in which those of the statistics stay zero. */
enum { QUERN__PARAMETER_ALIGNMENT = 16 }; /* a cache line, and the widest vector */

typedef struct quern__shape {
  size_t inputs, layer_count;
  quern__placed_layer *layers; /* owned */
  quern_loss loss;
  float huber_delta;      /* of QUERN_LOSS_HUBER */
  size_t flat_count;      /* elements of the flat range */
  size_t parameter_count; /* of those, how many are parameters */
  size_t widest;          /* the most outputs of any layer */
} quern__shape;

struct quern_network {
  quern__shape shape;
  float *parameters; /* [shape.flat_count], owned */
  uint64_t batches;  /* steps that went into the running statistics */
  /* of the data it was trained on, owned; NULL where there is nothing to say of them */
  quern_schema *schema;
  atomic_size_t users; /* trainings under way, beside its owner: the last of all of them frees it */
};

/* One more user, of NULL none; each ends with quern_network_free. */
void quern__network_hold(quern_network *network);

/* Checks the layers and places their parameters. */
quern_status quern__shape_create(size_t inputs, const quern_layer *layers, size_t layer_count,
                                 quern_loss loss, quern__shape *shape);
quern_status quern__shape_copy(const quern__shape *from, quern__shape *to);
void quern__shape_free(quern__shape *shape);
/* Same inputs, layers' units and normalizations, and so the same flat range. */
bool quern__shape_equal(const quern__shape *a, const quern__shape *b);

quern__extent quern__layer_part(const quern__placed_layer *placed, quern__part part);

/* "weights", "running mean" … Static. */
const char *quern__part_name(quern__part part);

/* Whether any layer has this normalization. */
bool quern__shape_normalizes(const quern__shape *shape, quern_normalization_kind kind);

/* The ranges of the flat range that learn in layers first … end - 1, each as long as the frozen
 * parameters leave it: false after the last. *item starts at first * QUERN__LEARNING_PARTS and is
 * this function's own. */
bool quern__shape_next_learning(const quern__shape *shape, size_t end, size_t *item, size_t *begin,
                                size_t *count);

/* The last layer, and its width. */
static inline const quern__placed_layer *quern__shape_last(const quern__shape *shape) {
  return &shape->layers[shape->layer_count - 1];
}
static inline size_t quern__shape_outputs(const quern__shape *shape) {
  return quern__shape_last(shape)->layer.units;
}

#endif
