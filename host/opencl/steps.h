/* Whole training steps, made ready: between host/opencl/steps.c, which lays them out, and steps_launch.c, which runs them. */
#pragma once

#include "state.h"

typedef struct quern__cl_steps {
  cl_mem layers;                /* owned: a StepsLayer (kernels/steps.cl) for each layer */
  size_t count, lowest, inputs; /* layers, the lowest that learns, inputs of the network */
  size_t batch;                 /* samples of a whole batch */
  size_t items;                 /* work-items of steps_weights */
  size_t serial; /* steps that one launch of one work-item takes; 0: steps are two launches each */
} quern__cl_steps;

/* Samples that a work-item of steps_rows takes at least. */
size_t quern__cl_steps_least(const quern__cl *cl);
