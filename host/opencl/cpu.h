/* What a CPU device's compiler makes code for. */
#ifndef QUERN_HOST_OPENCL_CPU_H
#define QUERN_HOST_OPENCL_CPU_H

#include "opencl.h"

/* Floats in the widest vector that there are instructions for, at least QUERN__CL_LEAST_WIDTH. */
quern_status quern__cl_cpu_width(cl_device_id device, const quern_device_info *info,
                                 unsigned *width);

/* Whether the compiler may use an instruction for fma() that the processor has. */
bool quern__cl_cpu_fuses(const quern_device_info *info);

/* Of processors with narrower vectors, or none, the compiler makes several instructions of one. */
enum { QUERN__CL_LEAST_WIDTH = 4 };

#endif
