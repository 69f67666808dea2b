/* All-reduces of one collective, timed on all of its ranks at once: rank 0 says what is run and how
 * often, the others follow. */
#ifndef QUERN_TESTS_BENCH_REDUCTION_H
#define QUERN_TESTS_BENCH_REDUCTION_H

#include "bench/measure.h"

#include <quern/collective.h>

/* What takes turns. A rank's own work is what it copies and adds where all goes by messages,
 * without a word to others. */
typedef enum reduction_way {
  REDUCTION_SHARED, /* quern's, in memory of the collective's making, which ranks of a host share */
  REDUCTION_QUERN,  /* quern's, in any memory: over MPI by messages */
  REDUCTION_OWN_WORK,
  REDUCTION_MPI,
  REDUCTION_MPI_NONBLOCKING,
  REDUCTION_WAYS
} reduction_way;

/* values[i] = Σ_r values_r[i], in whatever order of r. */
typedef cli_exit (*reduction_run)(float *values, size_t count);

/* The rivals of a collective; NULL where it has none. */
typedef struct reduction_rivals {
  reduction_run mpi, mpi_nonblocking;
} reduction_rivals;

/* One size. What was not measured is NaN. */
typedef struct reduction_row {
  size_t bytes;
  measure_summary rate[REDUCTION_WAYS]; /* a second, of rank 0 */
  /* How many times as long as this way quern takes, in either memory. */
  measure_summary shared_takes[REDUCTION_WAYS], quern_takes[REDUCTION_WAYS];
} reduction_row;

/* Numbers of four bytes, and how many. */
extern const size_t reduction_counts[], reduction_count;

/* Every rank calls this, with the same effort. Each way's result is checked on every rank before it
 * is timed: quern's and that of its own work bit by bit, a rival's within what another order of the
 * sum may change. Ranks stay on a core each where there are as many. Of `rows` [reduction_count],
 * which is rank 0's alone, those of *measured sizes are filled. */
cli_exit reduction_measure(const quern_collective *collective, const reduction_rivals *rivals,
                           measure_effort effort, reduction_row *rows, size_t *measured);

/* Time as a + b · bytes, the relative errors of all rows being as small as they can (least
 * squares). */
typedef struct reduction_line {
  double start, per_byte; /* a, b: seconds */
  double worst;           /* the largest error, as a share */
} reduction_line;
reduction_line reduction_fit(const reduction_row *rows, size_t count, reduction_way way);

#endif
