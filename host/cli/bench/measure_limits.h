/* What the device costs whoever uses it through quern: a queued op, a wait, a byte moved. */
#ifndef QUERN_CLI_BENCH_MEASURE_LIMITS_H
#define QUERN_CLI_BENCH_MEASURE_LIMITS_H

#include "measure.h"

#include <quern/quern.h>

typedef struct measure_limits {
  quern_context *context;  /* borrowed */
  quern_buffer *from, *to; /* owned */
  size_t bytes;            /* of each */
} measure_limits;

/* Makes the buffers, large ones unless small_only, and checks what a fill and a copy leave there.
 */
cli_exit measure_limits_create(quern_context *context, bool small_only, measure_limits *limits);
void measure_limits_free(measure_limits *limits);

/* Runs of measure_candidates over measure_limits: a small op queued after another; a small op and a
 * wait; a copy of `bytes`, which reads and writes them. */
cli_exit measure_limits_launch(void *limits, size_t times, double *seconds);
cli_exit measure_limits_wait(void *limits, size_t times, double *seconds);
cli_exit measure_limits_copy(void *limits, size_t times, double *seconds);

#endif
