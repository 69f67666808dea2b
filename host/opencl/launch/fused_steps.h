/* Whole training steps, made ready: fused_steps.c chooses their form, fused_steps_layout.c divides
 * their work, fused_steps_launch.c runs them. */
#ifndef QUERN_HOST_OPENCL_LAUNCH_FUSED_STEPS_H
#define QUERN_HOST_OPENCL_LAUNCH_FUSED_STEPS_H

#include "../state.h"

/* StepsLayer in kernels/fused/fused_steps.cl. */
typedef struct quern__cl_fused_steps_layer {
  cl_uint in, out;
  cl_int activation;
  cl_float slope;
  cl_ulong weights, bias, output;
  cl_uint learns_weights, learns_bias;
  cl_uint first_item, strips, rows;
  cl_uint index, threshold;
  cl_float scale;
  cl_uint reads_z, derives;
  cl_uint normalizes;
  cl_float epsilon;
  cl_ulong gamma, beta;
  cl_ulong product, gradient, statistics;
} quern__cl_fused_steps_layer;

typedef struct quern__cl_fused_steps {
  /* NETWORK: network_steps; SERIAL: fused_steps_serial; COLUMNS: fused_steps_columns; BLOCKS:
   * fused_steps_rows, fused_steps_weights. */
  quern__steps_form form;
  /* COLUMNS: run steps without indices as BLOCKS. Both need two launches then; BLOCKS is faster. */
  bool alone_in_blocks;
  /* owned: a StepsLayer for each layer, and, for COLUMNS, those above the lowest once more */
  cl_mem layers;
  /* layers, the lowest that learns, inputs of the network */
  size_t count, lowest, inputs;
  size_t batch; /* samples of a whole batch */
  quern_loss loss;
  float delta; /* of the Huber loss */
  /* ranges that the optimizer keeps beside the parameters */
  size_t kept;
  size_t serial; /* SERIAL, NETWORK: the most steps of a launch */
  size_t items;  /* BLOCKS: work-items of fused_steps_weights */
  /* COLUMNS: columns of a work-item, and work-items of fused_steps_columns */
  size_t share, sharers;
  size_t above_parameters, above_outputs; /* COLUMNS: floats of the layers above the lowest */
  size_t target_floats; /* COLUMNS: targets of a batch; 0 if the loss reads none */
  cl_mem places;        /* COLUMNS, owned: see kernels/fused/fused_steps_columns.cl */
  /* owned: what layer normalizations keep, so many floats for each work-item of COLUMNS, else once;
   * NULL if there are none */
  cl_mem normals;
  size_t normal_floats;
  cl_program program; /* NETWORK, owned */
  cl_kernel kernel;   /* NETWORK, owned */
} quern__cl_fused_steps;

/* Samples that a work-item of fused_steps_rows takes at least. */
size_t quern__cl_fused_steps_least(const quern__cl *cl);

/* The columns of a lowest layer of `out` units that a work-item of fused_steps_columns takes. No
 * strip of a product is divided between two work-items. */
size_t quern__cl_fused_steps_share(const quern__cl *cl, size_t out);

/* Returns the device's table of the layers, `entries` long, with the work-items of steps->form, and
 * sets their counts in *steps. The caller frees it. NULL if memory is exhausted. */
quern__cl_fused_steps_layer *quern__cl_fused_steps_lay_out(const quern__cl *cl,
                                                           const quern_steps_layer *layers,
                                                           quern__cl_fused_steps *steps,
                                                           size_t *entries);

/* Bytes of `normals`. QUERN_ERROR_OVERFLOW if no size_t holds them. */
quern_status quern__cl_fused_steps_normals(const quern__cl_fused_steps *steps, size_t *bytes);

/* Bytes of `places`. QUERN_ERROR_OVERFLOW if no size_t holds them. */
quern_status quern__cl_fused_steps_places(const quern__cl_fused_steps *steps,
                                          const quern_steps_layer *lowest, size_t *bytes);

/* True if the form NETWORK can run these steps: the network fits private memory, has no layer
 * normalization, and its rule is the same in all of them. */
bool quern__cl_network_steps_can(const quern__cl *cl, const quern_steps_network *network);

/* True if it can, and is faster than SERIAL by more than its program takes to build. `flops`: the
 * operations of a step. */
bool quern__cl_network_steps_pay(const quern__cl *cl, const quern_steps_network *network,
                                 double flops);

/* Builds the program of the form NETWORK. */
quern_status quern__cl_network_steps_create(quern__cl *cl, const quern_steps_network *network,
                                            quern__cl_fused_steps *steps);
void quern__cl_network_steps_free(quern__cl_fused_steps *steps);

/* Queues `count` steps of n samples each from `first` on, the first being step `number` of the op.
 * rows: their updates on the device, or none if all are alike. */
quern_status quern__cl_network_steps_launch(quern__cl *cl, const quern__cl_fused_steps *steps,
                                            const quern_steps_op *op, size_t number, size_t first,
                                            size_t count, size_t n, quern_span rows);

#endif
