/* The benchmark: one run and one table of quern and its rivals, interleaved. */
#ifndef QUERN_TESTS_BENCH_BENCH_H
#define QUERN_TESTS_BENCH_BENCH_H

#include "base/json.h"
#include "bench/measure_product.h"
#include "bench/measure_step.h"
#include "probe.h"

#include <stdio.h>

typedef struct bench_options {
  const char *device, *json, *python, *first_step, *only;
  bool quick;
} bench_options;

/* Returns false if the line was not understood; the error has been printed. */
bool bench_read_options(int argc, char **argv, bench_options *options);

typedef struct yardstick {
  bench_options options;
  measure_effort effort;
  quern_context *context, *reference; /* owned */
  bench_probe *probe;                 /* owned; NULL if it is not an OpenCL device */
  cli_json json;
} yardstick;

/* Another library's matrix products. A rival that is not installed has no functions. */
typedef struct product_rival {
  const char *name, *key;     /* printed name; in JSON */
  const char *(*about)(void); /* version and settings; static */
  cli_exit (*create)(const yardstick *bench, const measure_operands *operands, void **state);
  cli_exit (*run)(void *state, size_t times, double *seconds);
  cli_exit (*read)(void *state, float *result); /* the product's result, in the operands' shape */
  void (*free)(void *state);
} product_rival;

/* Another library's training steps, over the problem's batches in turn. */
typedef struct step_rival {
  const char *name, *key;
  cli_exit (*create)(const yardstick *bench, const measure_problem *problem, void **state);
  cli_exit (*run)(void *state, size_t times, double *seconds);
  /* The parameters after the first `steps` steps from the problem's start. */
  cli_exit (*learn)(void *state, size_t steps, quern_network *learned);
  void (*free)(void *state);
} step_rival;

/* PyTorch's settings, in one line. */
cli_exit bench_about_torch(const yardstick *bench, char *text, size_t size);

enum { PRODUCT_RIVALS = 2, STEP_RIVALS = 2 };
extern const product_rival openblas_product, clblast_product;
extern const step_rival openblas_step, torch_step;

/* A product as BLAS has it: C ← alpha op(A) op(B) + beta C, row major. */
typedef struct bench_gemm {
  bool left_transposed, right_transposed;
  size_t m, n, k, left_stride, right_stride, result_stride;
  float alpha, beta;
} bench_gemm;
bench_gemm bench_gemm_of(const measure_operands *operands);

/* The parts of the table. */
cli_exit bench_limits(yardstick *bench);
cli_exit bench_products(yardstick *bench);
cli_exit bench_sweep(yardstick *bench);
cli_exit bench_steps(yardstick *bench);
cli_exit bench_optimizers(yardstick *bench);
cli_exit bench_streaming(yardstick *bench);
cli_exit bench_collective(yardstick *bench);
cli_exit bench_start(yardstick *bench);
/* `quern_bench --first-step NETWORK`, in a fresh process: one step, then "done" and its memory. */
int bench_first_step(const bench_options *options);

/* Sets OpenBLAS to the number of threads, one or all, with which `work` is fastest now. `work` is a
 * candidate's run that cannot fail. */
void bench_openblas_threads(cli_exit (*work)(void *, size_t, double *), void *state);

/* measure_rounds for the candidates that have a run; the others' times stay NULL. */
cli_exit bench_take_turns(const yardstick *bench, measure_candidate *candidates, size_t count);

/* A figure in the JSON: median and quartiles; null if it was not measured. */
void bench_add(yardstick *bench, cJSON *object, const char *name, measure_summary summary);

#endif
