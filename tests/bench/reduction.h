/* All-reduces of one collective, timed on all its ranks at once. Rank 0 decides what runs and how
 * often; the others follow. */
#ifndef QUERN_TESTS_BENCH_REDUCTION_H
#define QUERN_TESTS_BENCH_REDUCTION_H

#include "bench/measure.h"

#include <quern/collective.h>

/* The alternatives. A rank's own work is what it copies and adds when messages are used, without
 * sending any. */
typedef enum reduction_way {
  REDUCTION_SHARED, /* quern's, in the collective's memory, which ranks of a host share */
  REDUCTION_QUERN,  /* quern's, in plain memory: over MPI by messages */
  REDUCTION_OWN_WORK,
  REDUCTION_MPI,
  REDUCTION_MPI_NONBLOCKING,
  REDUCTION_WAYS
} reduction_way;

/* values[i] = Σ_r values_r[i], in any order of r. */
typedef cli_exit (*reduction_run)(float *values, size_t count);

/* The rivals of a collective; NULL if it has none. */
typedef struct reduction_rivals {
  reduction_run mpi, mpi_nonblocking;
} reduction_rivals;

/* One size. What was not measured is NaN. */
typedef struct reduction_row {
  size_t bytes;
  measure_summary rate[REDUCTION_WAYS]; /* seconds, on rank 0 */
  /* quern's time relative to this one, in either memory. */
  measure_summary shared_takes[REDUCTION_WAYS], quern_takes[REDUCTION_WAYS];
} reduction_row;

/* Numbers of four bytes, and how many. */
extern const size_t reduction_counts[], reduction_count;

/* Called on every rank, with the same effort. Each result is checked on every rank before timing:
 * quern's and its own work's bit by bit, a rival's within the effect of another order. Ranks are
 * bound to cores if there are enough. `rows` [reduction_count] belongs to rank 0; those of
 * *measured sizes are filled in. */
cli_exit reduction_measure(const quern_collective *collective, const reduction_rivals *rivals,
                           measure_effort effort, reduction_row *rows, size_t *measured);

/* Time as a + b · bytes with the least relative errors of all rows (least squares). */
typedef struct reduction_line {
  double start, per_byte; /* a, b: seconds */
  double worst;           /* the largest relative error */
} reduction_line;
reduction_line reduction_fit(const reduction_row *rows, size_t count, reduction_way way);

#endif
