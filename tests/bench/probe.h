/* The device's limits, measured by kernels that do one thing each: OpenCL without quern. */
#ifndef QUERN_TESTS_BENCH_PROBE_H
#define QUERN_TESTS_BENCH_PROBE_H

#include "command/cli.h"
#include "opencl/api.h"

#include <quern/quern.h>

typedef struct bench_probe {
  cl_device_id device;
  cl_context context;
  cl_command_queue queue;
  cl_program program;
  cl_kernel peak, triad, count;
  cl_mem results, counter, a, b, c;
  cl_uint width;       /* floats in a vector */
  size_t items, group; /* of the peak kernel */
  size_t elements;     /* floats in each of a, b and c */
} bench_probe;

/* Opens the context's device; *probe is NULL if it is not an OpenCL device. */
cli_exit bench_probe_create(const quern_context *context, bool small, bench_probe **probe);
void bench_probe_free(bench_probe *probe);

/* Runs each kernel once and checks its result. */
cli_exit bench_probe_verify(bench_probe *probe);

/* Floating-point operations per launch of the peak kernel; bytes that one triad reads and
 * writes. */
double bench_probe_flops(const bench_probe *probe);
double bench_probe_bytes(const bench_probe *probe);

/* Runs of measure_candidates over a bench_probe. */
cli_exit bench_probe_peak(void *probe, size_t times, double *seconds);
cli_exit bench_probe_triad(void *probe, size_t times, double *seconds);
cli_exit bench_probe_launch(void *probe, size_t times, double *seconds);
cli_exit bench_probe_wait(void *probe, size_t times, double *seconds);

#endif
