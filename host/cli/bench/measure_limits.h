/* The costs of a device: a queued op, a wait, a byte copied. */
#ifndef QUERN_CLI_BENCH_MEASURE_LIMITS_H
#define QUERN_CLI_BENCH_MEASURE_LIMITS_H

#include "measure.h"

#include <quern/quern.h>

typedef struct measure_limits {
  quern_context *context;  /* borrowed */
  quern_buffer *from, *to; /* owned */
  size_t bytes;            /* of each */
} measure_limits;

/* Creates the buffers, large ones unless small_only, and checks a fill and a copy. */
cli_exit measure_limits_create(quern_context *context, bool small_only, measure_limits *limits);
void measure_limits_free(measure_limits *limits);

/* Functions for measure_candidate over measure_limits: a queued op; an op and a wait; a copy of
 * `bytes`, which reads and writes them. */
cli_exit measure_limits_launch(void *limits, size_t times, double *seconds);
cli_exit measure_limits_wait(void *limits, size_t times, double *seconds);
cli_exit measure_limits_copy(void *limits, size_t times, double *seconds);

#endif
