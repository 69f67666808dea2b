/* OpenBLAS's bare sgemm. */
#include "bench.h"

#include <cblas.h>
#include <stdlib.h>
#include <string.h>

typedef struct openblas_state {
  const measure_operands *operands; /* borrowed */
  float *result;                    /* owned */
} openblas_state;

static const char *about(void) {
  return openblas_get_config();
}

static cli_exit run(void *state, size_t times, double *seconds) {
  openblas_state *product = state;
  bench_gemm g = bench_gemm_of(product->operands);
  double start = cli_seconds();
  for (size_t i = 0; i < times; i++)
    cblas_sgemm(CblasRowMajor, g.left_transposed ? CblasTrans : CblasNoTrans,
                g.right_transposed ? CblasTrans : CblasNoTrans, (int)g.m, (int)g.n, (int)g.k,
                g.alpha, product->operands->left, (int)g.left_stride, product->operands->right,
                (int)g.right_stride, g.beta, product->result, (int)g.result_stride);
  *seconds = cli_seconds() - start;
  return CLI_OK;
}

void bench_openblas_threads(cli_exit (*work)(void *, size_t, double *), void *state) {
  const int all = openblas_get_num_procs();
  int best = all;
  double quickest = 0;
  for (int round = 0; round < 3; round++) {
    for (int threads = 1; threads <= all; threads += all > 1 ? all - 1 : 1) {
      double once, seconds;
      openblas_set_num_threads(threads);
      work(state, 1, &once);
      work(state, 1, &once);
      size_t times = (size_t)(1 + 0.02 / once);
      work(state, times, &seconds);
      seconds /= (double)times;
      if (quickest > 0 && seconds >= quickest) continue;
      quickest = seconds;
      best = threads;
    }
  }
  openblas_set_num_threads(best);
}

static cli_exit create(const yardstick *bench, const measure_operands *operands, void **state) {
  (void)bench;
  size_t bytes = measure_result_count(operands) * sizeof(float);
  openblas_state *made = malloc(sizeof *made);
  *state = made;
  if (made == NULL) return cli_fail_memory();
  *made = (openblas_state){operands, malloc(bytes)};
  if (made->result == NULL) return cli_fail_memory();
  bench_openblas_threads(run, made);
  memcpy(made->result, operands->result, bytes);
  return CLI_OK;
}

static cli_exit read_result(void *state, float *result) {
  const openblas_state *product = state;
  memcpy(result, product->result, measure_result_count(product->operands) * sizeof *result);
  return CLI_OK;
}

static void free_state(void *state) {
  openblas_state *product = state;
  if (product != NULL) free(product->result);
  free(product);
}

const product_rival openblas_product = {"OpenBLAS", "openblas",  about,     create,
                                        run,        read_result, free_state};
