/* Code that rivals share, and the names of those that are not installed. */
#include "bench.h"

#include <stdlib.h>

cli_exit bench_take_turns(const yardstick *bench, measure_candidate *candidates, size_t count) {
  measure_candidate *present = calloc(count, sizeof *present);
  size_t *place = calloc(count, sizeof *place);
  size_t found = 0;
  cli_exit result = present == NULL || place == NULL ? cli_fail_memory() : CLI_OK;
  for (size_t i = 0; result == CLI_OK && i < count; i++) {
    if (candidates[i].run == NULL) continue;
    place[found] = i;
    present[found++] = candidates[i];
  }
  if (result == CLI_OK) result = measure_rounds(present, found, bench->effort);
  for (size_t i = 0; i < found; i++) candidates[place[i]] = present[i];
  free(present);
  free(place);
  return result;
}

bench_gemm bench_gemm_of(const measure_operands *operands) {
  measure_shape s = operands->shape;
  switch (operands->form) {
  case MEASURE_BACKWARD_DATA: /* dX = dZ Wᵀ */
    return (bench_gemm){false, true, s.n, s.in, s.out, s.out, s.out, s.in, 1, 0};
  case MEASURE_BACKWARD_WEIGHTS: /* W ← W - rate Xᵀ dZ */
    return (bench_gemm){true, false, s.in, s.out, s.n, s.in, s.out, s.out, -MEASURE_LEARNING_RATE,
                        1};
  case MEASURE_FORWARD: /* Y = X W */
  default:
    return (bench_gemm){false, false, s.n, s.out, s.in, s.in, s.out, s.out, 1, 0};
  }
}

#ifndef QUERN_BENCH_OPENBLAS
const product_rival openblas_product = {.name = "OpenBLAS", .key = "openblas"};
const step_rival openblas_step = {.name = "OpenBLAS step", .key = "openblas"};
#endif
#ifndef QUERN_BENCH_CLBLAST
const product_rival clblast_product = {.name = "CLBlast", .key = "clblast"};
#endif
