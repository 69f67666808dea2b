/* The inside of a plan. */
#ifndef QUERN_HOST_NETWORK_PLAN_H
#define QUERN_HOST_NETWORK_PLAN_H

#include "network.h"
#include <quern/plan.h>

struct quern_plan {
  quern_context *context; /* held */
  quern__shape shape;     /* owned */
  quern_plan_mode mode;
  size_t batch;

  quern_buffer *parameters; /* the flat range */
  quern_buffer *gradients;  /* the flat range; GRADIENTS only */
  quern_buffer *outputs;    /* H of every layer, [batch][units], one after the other */
  size_t *output_offsets;   /* [layer_count], owned */
  quern_buffer *dz;         /* two of [batch][widest], taken in turn down the layers; not INFERENCE */
  quern_buffer *targets;    /* one-hot [batch][outputs]; not CATEGORICAL */
  quern_buffer *classes;    /* int32_t [batch] */
};

/* W and b of a layer in a flat range that lies in `flat`. */
quern_tensor quern__plan_weights(const quern_plan *plan, quern_buffer *flat, size_t layer);
quern_tensor quern__plan_bias(const quern_plan *plan, quern_buffer *flat, size_t layer);

/* H of a layer for n samples. */
quern_tensor quern__plan_output(const quern_plan *plan, size_t layer, size_t n);

/* Queues the loss of the last layer's output against labels, and its gradient: either may be none. */
quern_status quern__plan_loss(quern_plan *plan, quern_tensor labels, float scale, quern_tensor losses,
                              quern_tensor dz);

#endif
