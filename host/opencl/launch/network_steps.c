/* Steps by a program for one network: kernels/fused/network_steps.cl. */
#include "../program/network_source.h"
#include "fused_steps.h"

static const char kernel_name[] = "network_steps";

/* Floats that the nearest cache holds beside the data. */
enum { MOST_PRIVATE = 6144 };

/* Costs in operations of a core, from measurements of small networks (docs/measurements.md). Tiles
 * cost a little for each layer, sample and parameter beside their operations; a program of its own
 * runs the samples one by one, at a lower rate. */
static const double tile_layer = 25e3, tile_sample = 6e3, tile_parameter = 50;
static const double own_sample = 3.5e3, own_rate = 0.6;
/* What building a program costs. */
static const double build = 1e11;

bool quern__cl_network_steps_can(const quern__cl *cl, const quern_steps_network *network) {
  for (size_t l = 0; l < network->layer_count; l++)
    if (network->layers[l].normalizes) return false;
  return network->rule != QUERN_OPTIMIZER_RULE_RMSPROP_MOMENTUM &&
         quern__cl_network_floats(cl, network) <= MOST_PRIVATE;
}

bool quern__cl_network_steps_pay(const quern__cl *cl, const quern_steps_network *network,
                                 double flops) {
  const double layers = (double)network->layer_count, samples = (double)network->batch;
  const double parameters = flops / (6 * samples);
  const double tiles =
      flops + layers * (tile_layer + tile_sample * samples) + tile_parameter * parameters;
  const double own = flops / own_rate + own_sample * layers * samples;
  return quern__cl_network_steps_can(cl, network) && (tiles - own) * (double)network->steps > build;
}

quern_status quern__cl_network_steps_create(quern__cl *cl, const quern_steps_network *network,
                                            quern__cl_fused_steps *steps) {
  quern__cl_source source;
  quern_status status = quern__cl_network_source(cl, network, steps->lowest, &source);
  if (status == QUERN_OK)
    status = quern__cl_program_build(cl, &source, "the network's steps", &steps->program);
  quern__cl_source_free(&source);
  QUERN__FORWARD(status);
  cl_int error = CL_SUCCESS;
  steps->kernel = quern__cl_call.CreateKernel(steps->program, kernel_name, &error);
  return quern__cl_check(error, "clCreateKernel", kernel_name);
}

void quern__cl_network_steps_free(quern__cl_fused_steps *steps) {
  if (steps->kernel != NULL) quern__cl_call.ReleaseKernel(steps->kernel);
  if (steps->program != NULL) quern__cl_call.ReleaseProgram(steps->program);
}

static quern_span moved(quern_span span, size_t elements) {
  if (span.memory != NULL) span.offset += elements;
  return span;
}

quern_status quern__cl_network_steps_launch(quern__cl *cl, const quern__cl_fused_steps *steps,
                                            const quern_steps_op *op, size_t number, size_t first,
                                            size_t count, size_t n, quern_span rows) {
  return quern__cl_launch_object(
      cl, kernel_name, steps->kernel, (quern__range){.dimensions = 1, .global = {1}, .local = {1}},
      ARGS(UINT(n), UINT(count), INT(op->element == QUERN_ELEMENT_UINT8), UINT(op->source_rows),
           SPAN(op->source), SPAN(op->labels), SPAN(op->targets), SPAN(moved(op->indices, first)),
           FLOAT(op->scale), FLOAT(op->offset), FLOAT(op->smoothing), SPAN(op->class_weights),
           ULONG(op->seed), ULONG(op->step + number), SPAN(op->parameters), SPAN(op->momentum),
           SPAN(op->square), SPAN(moved(op->losses, first)), FAULTS(cl),
           OPTIMIZER_STEP(&op->updates[number]), SPAN(rows)));
}
