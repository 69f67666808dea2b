/* The inside of a network: its shape, which plans copy, and its parameters. */
#ifndef QUERN_HOST_NETWORK_NETWORK_H
#define QUERN_HOST_NETWORK_NETWORK_H

#include <quern/network.h>
#include <quern/schema.h>

/* A layer, and where its parameters lie in the flat range of all. */
typedef struct quern__placed_layer {
  quern_layer layer;
  size_t inputs;
  size_t weights; /* first element of W [inputs][units] */
  size_t bias;    /* first element of b [units] */
} quern__placed_layer;

/* All parameters of a network lie in one flat range, W then b, layer after layer, each starting on a multiple
 * of QUERN__PARAMETER_ALIGNMENT elements; what lies between is zero and stays zero. So do all gradients. */
enum { QUERN__PARAMETER_ALIGNMENT = 16 }; /* a cache line, and the widest vector */

typedef struct quern__shape {
  size_t inputs, layer_count;
  quern__placed_layer *layers; /* owned */
  quern_loss loss;
  float huber_delta;      /* of QUERN_HUBER */
  size_t flat_count;      /* elements of the flat range */
  size_t parameter_count; /* of those, how many are parameters */
  size_t widest;          /* the most outputs of any layer */
} quern__shape;

struct quern_network {
  quern__shape shape;
  float *parameters;    /* [shape.flat_count], owned */
  quern_schema *schema; /* of the data it was trained on, owned; NULL where there is nothing to say of them */
};

/* Checks the layers and places their parameters. */
quern_status quern__shape_create(size_t inputs, const quern_layer *layers, size_t layer_count,
                                 quern_loss loss, quern__shape *shape);
quern_status quern__shape_copy(const quern__shape *from, quern__shape *to);
void quern__shape_free(quern__shape *shape);
/* Same inputs, layers' units, and so the same flat range. */
bool quern__shape_equal(const quern__shape *a, const quern__shape *b);

/* The ranges of the flat range that learn, each as long as the frozen parameters leave it: false after the last. *item
 * starts at 0 and is this function's own. */
bool quern__shape_next_learning(const quern__shape *shape, size_t *item, size_t *begin, size_t *count);

/* The last layer, and its width. */
static inline const quern__placed_layer *quern__shape_last(const quern__shape *shape) {
  return &shape->layers[shape->layer_count - 1];
}
static inline size_t quern__shape_outputs(const quern__shape *shape) {
  return quern__shape_last(shape)->layer.units;
}

#endif
