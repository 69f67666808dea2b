/* The instruction set that a CPU device's compiler generates code for. */
#ifndef QUERN_HOST_OPENCL_CPU_H
#define QUERN_HOST_OPENCL_CPU_H

#include "opencl.h"

/* Floats in the widest vector with instructions of its own, at least QUERN__CL_LEAST_WIDTH. */
quern_status quern__cl_cpu_width(cl_device_id device, const quern_device_info *info,
                                 unsigned *width);

/* True if the compiler may use an instruction for fma(). */
bool quern__cl_cpu_fuses(const quern_device_info *info);

/* For narrower vectors the compiler splits an instruction into several. */
enum { QUERN__CL_LEAST_WIDTH = 4 };

#endif
