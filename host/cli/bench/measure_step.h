/* Whole training steps, as cases to check and to time. */
#ifndef QUERN_CLI_BENCH_MEASURE_STEP_H
#define QUERN_CLI_BENCH_MEASURE_STEP_H

#include "measure_product.h"

enum {
  MEASURE_BATCHES = 8,     /* that the steps use in turn */
  MEASURE_CHECK_STEPS = 2, /* after which the parameters are checked */
  MEASURE_MOST_LAYERS = 4
};

/* ReLU between the layers, softmax and cross-entropy at the end. */
typedef struct measure_network {
  const char *name;
  /* inputs, then each layer's units; ends with 0 if there is room */
  size_t units[MEASURE_MOST_LAYERS + 1];
  size_t batch;
} measure_network;

/* The networks to measure. */
extern const measure_network measure_networks[];
extern const size_t measure_network_count;
size_t measure_layer_count(const measure_network *network);
bool measure_network_is_small(const measure_network *network);

/* Multiply-adds of the products of one step, two for each: the first layer has no backward data. */
double measure_step_flops(const measure_network *network);

/* Creates a network of this shape with first weights. The caller frees *result, also on failure. */
cli_exit measure_create_network(const measure_network *network, quern_network **result);

/* The inputs of the steps, and the expected result. */
typedef struct measure_problem {
  const measure_network *network;
  quern_optimizer optimizer;
  size_t samples;
  float *x;                /* [samples][inputs], owned */
  int32_t *labels;         /* [samples], owned */
  quern_network *start;    /* owned */
  quern_network *expected; /* after MEASURE_CHECK_STEPS steps of the reference, owned */
} measure_problem;

/* The optimizer that other libraries have too: plain SGD. */
quern_optimizer measure_sgd(void);

cli_exit measure_problem_create(const measure_network *network, quern_optimizer optimizer,
                                quern_context *reference, measure_problem *problem);
void measure_problem_free(measure_problem *problem);

/* Compares parameters with the expected ones: for each tensor, the norm of the difference over the
 * norm of the change by the steps. At most a hundredth: a ReLU whose input is zero but for rounding
 * may differ and makes some thousandths; a missing sample of 32 makes two tenths. */
cli_exit measure_check_network(const measure_network *network, const quern_network *start,
                               const quern_network *expected, const quern_network *got,
                               const char *who);

/* The steps on a device. */
typedef struct measure_step {
  const measure_problem *problem; /* borrowed */
  quern_context *context;         /* borrowed */
  quern_plan *plan;               /* owned */
  quern_buffer *x, *labels;       /* owned */
  size_t next;                    /* batch */
} measure_step;

cli_exit measure_step_create(quern_context *context, const measure_problem *problem,
                             measure_step *step);
void measure_step_free(measure_step *step);
/* The function for measure_candidate over a measure_step. */
cli_exit measure_step_run(void *step, size_t times, double *seconds);
/* Runs the first steps and checks the parameters; call it first. */
cli_exit measure_step_verify(measure_step *step);

/* Whole epochs of quern_train on a device, with shuffling, gathering and the losses. */
typedef struct measure_epochs {
  quern_trainer *trainer; /* owned */
} measure_epochs;

enum { MEASURE_EPOCH_SAMPLES = 8192 };

cli_exit measure_epochs_create(quern_context *context, const measure_problem *problem,
                               size_t samples, measure_epochs *epochs);
void measure_epochs_free(measure_epochs *epochs);
cli_exit measure_epochs_run(void *epochs, size_t times, double *seconds);
/* Trains for one short epoch on both and compares. */
cli_exit measure_epochs_verify(quern_context *context, quern_context *reference,
                               const measure_problem *problem);

#endif
