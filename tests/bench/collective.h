/* Rows that rank 0 of quern_bench_rank sends to quern_bench, one per line. */
#ifndef QUERN_TESTS_BENCH_COLLECTIVE_H
#define QUERN_TESTS_BENCH_COLLECTIVE_H

#include "reduction.h"

#include <stdio.h>

static inline void collective_write_summary(FILE *file, measure_summary summary) {
  fprintf(file, " %.17g %.17g %.17g", summary.median, summary.low, summary.high);
}
static inline bool collective_read_summary(FILE *file, measure_summary *summary) {
  return fscanf(file, "%lf %lf %lf", &summary->median, &summary->low, &summary->high) == 3;
}

static inline void collective_write_row(FILE *file, const reduction_row *row) {
  fprintf(file, "%zu", row->bytes);
  for (size_t way = 0; way < REDUCTION_WAYS; way++) {
    collective_write_summary(file, row->rate[way]);
    collective_write_summary(file, row->shared_takes[way]);
    collective_write_summary(file, row->quern_takes[way]);
  }
  fputc('\n', file);
}

/* False at the end of the input, and if the line is not a row. */
static inline bool collective_read_row(FILE *file, reduction_row *row) {
  bool read = fscanf(file, "%zu", &row->bytes) == 1;
  for (size_t way = 0; read && way < REDUCTION_WAYS; way++)
    read = collective_read_summary(file, &row->rate[way]) &&
           collective_read_summary(file, &row->shared_takes[way]) &&
           collective_read_summary(file, &row->quern_takes[way]);
  return read;
}

#endif
