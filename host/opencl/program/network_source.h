/* The source of a program for the steps of one network: kernels/fused/network_steps.cl. */
#ifndef QUERN_HOST_OPENCL_PROGRAM_NETWORK_SOURCE_H
#define QUERN_HOST_OPENCL_PROGRAM_NETWORK_SOURCE_H

#include "program_source.h"

/* `lowest` is the lowest layer that learns. The caller frees *source, whatever this returns. */
quern_status quern__cl_network_source(const quern__cl *cl, const quern_steps_network *network,
                                      size_t lowest, quern__cl_source *source);

/* Floats of the program's private memory. */
double quern__cl_network_floats(const quern__cl *cl, const quern_steps_network *network);

#endif
