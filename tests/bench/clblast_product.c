/* CLBlast's bare sgemm on quern's device. */
#include "bench.h"

#include <clblast_c.h>
#include <stdlib.h>

typedef struct clblast_state {
  bench_probe *probe;               /* borrowed: its context and queue */
  const measure_operands *operands; /* borrowed */
  cl_mem left, right, result;       /* owned */
} clblast_state;

static quern_status upload(const clblast_state *product, const float *values, size_t count,
                           cl_mem *buffer) {
  cl_int error;
  *buffer = quern__cl_call.CreateBuffer(product->probe->context, CL_MEM_READ_WRITE,
                                        count * sizeof *values, NULL, &error);
  quern_status status = quern__cl_check(error, "clCreateBuffer", "CLBlast");
  if (status != QUERN_OK) return status;
  return QUERN__CL(EnqueueWriteBuffer, "CLBlast", product->probe->queue, *buffer, CL_TRUE, 0,
                   count * sizeof *values, values, 0, NULL, NULL);
}

#define TEXT(number)    #number
#define TEXT_OF(number) TEXT(number)

static const char *about(void) {
  return "CLBlast " TEXT_OF(CLBLAST_VERSION_MAJOR) "." TEXT_OF(CLBLAST_VERSION_MINOR) "." TEXT_OF(
      CLBLAST_VERSION_PATCH);
}

static cli_exit create(const yardstick *bench, const measure_operands *operands, void **state) {
  bench_gemm g = bench_gemm_of(operands);
  clblast_state *made = calloc(1, sizeof *made);
  *state = made;
  if (made == NULL) return cli_fail_memory();
  made->probe = bench->probe;
  made->operands = operands;
  if (upload(made, operands->left, g.m * g.k, &made->left) == QUERN_OK &&
      upload(made, operands->right, g.k * g.n, &made->right) == QUERN_OK &&
      upload(made, operands->result, g.m * g.n, &made->result) == QUERN_OK)
    return CLI_OK;
  return cli_fail_library();
}

static cli_exit run(void *state, size_t times, double *seconds) {
  clblast_state *product = state;
  bench_gemm g = bench_gemm_of(product->operands);
  CLBlastStatusCode code = CLBlastSuccess;
  double start = cli_seconds();
  for (size_t i = 0; code == CLBlastSuccess && i < times; i++)
    code = CLBlastSgemm(
        CLBlastLayoutRowMajor, g.left_transposed ? CLBlastTransposeYes : CLBlastTransposeNo,
        g.right_transposed ? CLBlastTransposeYes : CLBlastTransposeNo, g.m, g.n, g.k, g.alpha,
        product->left, 0, g.left_stride, product->right, 0, g.right_stride, g.beta, product->result,
        0, g.result_stride, &product->probe->queue, NULL);
  if (code != CLBlastSuccess) return cli_fail("CLBlastSgemm failed with %d", (int)code);
  quern_status status = QUERN__CL(Finish, "CLBlast", product->probe->queue);
  *seconds = cli_seconds() - start;
  return status == QUERN_OK ? CLI_OK : cli_fail_library();
}

static cli_exit read_result(void *state, float *result) {
  const clblast_state *product = state;
  size_t bytes = measure_result_count(product->operands) * sizeof *result;
  if (QUERN__CL(EnqueueReadBuffer, "CLBlast", product->probe->queue, product->result, CL_TRUE, 0,
                bytes, result, 0, NULL, NULL) != QUERN_OK)
    return cli_fail_library();
  return CLI_OK;
}

static void free_state(void *state) {
  clblast_state *product = state;
  if (product == NULL) return;
  cl_mem buffers[] = {product->left, product->right, product->result};
  for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
    if (buffers[i] != NULL) quern__cl_call.ReleaseMemObject(buffers[i]);
  free(product);
}

const product_rival clblast_product = {"CLBlast", "clblast",   about,     create,
                                       run,       read_result, free_state};
