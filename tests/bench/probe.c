#include "probe.h"

#include "bench/measure.h"

#include <stdio.h>
#include <stdlib.h>

enum { CHAINS = 10, ROUNDS = 1 << 14 };

/* Independent multiply-adds of the peak kernel, by one and of one. Ten chains hide the latency of
 * all CPUs, and fit into sixteen registers with the two ones. */
static const char source[] =
    "#define CHAIN(i) v##i = fma(v##i, one, one);\n"
    "#define START(i) FLOATS v##i = (FLOATS)((float)(i));\n"
    "#define EACH(F) F(0) F(1) F(2) F(3) F(4) F(5) F(6) F(7) F(8) F(9)\n"
    "__kernel void peak(float factor, int rounds, __global FLOATS *results) {\n"
    "  const FLOATS one = (FLOATS)(factor);\n"
    "  EACH(START)\n"
    "  for (int i = 0; i < rounds; i++) { EACH(CHAIN) }\n"
    "  results[get_global_id(0)] = v0 + v1 + v2 + v3 + v4 + v5 + v6 + v7 + v8 + v9;\n"
    "}\n"
    "__kernel void triad(float factor, __global const FLOATS *b, __global const FLOATS *c,\n"
    "                    __global FLOATS *a, int each) {\n"
    "  const size_t first = (get_global_id(0) / LANES) * LANES * each + get_global_id(0) % LANES;\n"
    "  for (int i = 0; i < each; i++) a[first + i * LANES] = b[first + i * LANES] + factor * "
    "c[first + i * LANES];\n"
    "}\n"
    "__kernel void count(__global int *counter) { *counter += 1; }\n";

/* Vectors per work-item of the triad. */
enum { EACH = 256 };

static cli_exit find_device(bench_probe *probe, const quern_device_info *info) {
  cl_uint platforms = (cl_uint)info->platform_index + 1, devices = (cl_uint)info->device_index + 1;
  cl_platform_id *platform = calloc(platforms, sizeof *platform);
  cl_device_id *device = calloc(devices, sizeof *device);
  cli_exit result = platform == NULL || device == NULL ? cli_fail_memory() : CLI_OK;
  if (result == CLI_OK &&
      (QUERN__CL(GetPlatformIDs, "probe", platforms, platform, NULL) != QUERN_OK ||
       QUERN__CL(GetDeviceIDs, "probe", platform[platforms - 1], CL_DEVICE_TYPE_ALL, devices,
                 device, NULL) != QUERN_OK))
    result = cli_fail_library();
  if (result == CLI_OK) probe->device = device[devices - 1];
  free(platform);
  free(device);
  return result;
}

static cli_exit build(bench_probe *probe, bool is_cpu) {
  cl_int error;
  char build_options[96];
  const char *text = source;
  char vector[16] = "float";
  if (probe->width > 1) snprintf(vector, sizeof vector, "float%u", probe->width);
  snprintf(build_options, sizeof build_options, "-cl-std=CL1.2 -DFLOATS=%s -DLANES=%d", vector,
           is_cpu ? 1 : (int)probe->group);
  probe->program = quern__cl_call.CreateProgramWithSource(probe->context, 1, &text, NULL, &error);
  if (quern__cl_check(error, "clCreateProgramWithSource", "probe") != QUERN_OK ||
      QUERN__CL(BuildProgram, "probe", probe->program, 1, &probe->device, build_options, NULL,
                NULL) != QUERN_OK)
    return cli_fail_library();
  struct {
    const char *name;
    cl_kernel *kernel;
  } kernels[] = {{"peak", &probe->peak}, {"triad", &probe->triad}, {"count", &probe->count}};
  for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++) {
    *kernels[i].kernel = quern__cl_call.CreateKernel(probe->program, kernels[i].name, &error);
    if (quern__cl_check(error, "clCreateKernel", kernels[i].name) != QUERN_OK)
      return cli_fail_library();
  }
  return CLI_OK;
}

static cli_exit create_buffer(const bench_probe *probe, size_t bytes, float value, cl_mem *buffer) {
  cl_int error;
  float *values = malloc(bytes);
  if (values == NULL) return cli_fail_memory();
  for (size_t i = 0; i < bytes / sizeof *values; i++) values[i] = value;
  *buffer = quern__cl_call.CreateBuffer(probe->context, CL_MEM_READ_WRITE, bytes, NULL, &error);
  quern_status status = quern__cl_check(error, "clCreateBuffer", "probe");
  if (status == QUERN_OK)
    status = QUERN__CL(EnqueueWriteBuffer, "probe", probe->queue, *buffer, CL_TRUE, 0, bytes,
                       values, 0, NULL, NULL);
  free(values);
  return status == QUERN_OK ? CLI_OK : cli_fail_library();
}

static bool set_arguments(bench_probe *probe) {
  const float one = 1, half = 0.5f;
  const cl_int rounds = ROUNDS, each = EACH;
#define SET(kernel, index, value)                                                                  \
  (QUERN__CL(SetKernelArg, "probe", probe->kernel, index, sizeof value, &value) == QUERN_OK)
  return SET(peak, 0, one) && SET(peak, 1, rounds) && SET(peak, 2, probe->results) &&
         SET(triad, 0, half) && SET(triad, 1, probe->b) && SET(triad, 2, probe->c) &&
         SET(triad, 3, probe->a) && SET(triad, 4, each) && SET(count, 0, probe->counter);
#undef SET
}

static cli_exit prepare(bench_probe *probe, const quern_device_info *info, bool small) {
  bool is_cpu = info->kind != QUERN_DEVICE_GPU;
  cl_int error;
  cli_exit result = find_device(probe, info);
  if (result != CLI_OK) return result;
  probe->context = quern__cl_call.CreateContext(NULL, 1, &probe->device, NULL, NULL, &error);
  if (quern__cl_check(error, "clCreateContext", "probe") != QUERN_OK) return cli_fail_library();
  probe->queue = quern__cl_call.CreateCommandQueue(probe->context, probe->device, 0, &error);
  if (quern__cl_check(error, "clCreateCommandQueue", "probe") != QUERN_OK)
    return cli_fail_library();
  if (QUERN__CL(GetDeviceInfo, "probe", probe->device, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT,
                sizeof probe->width, &probe->width, NULL) != QUERN_OK)
    return cli_fail_library();
  if (probe->width == 0) probe->width = 1;
  probe->group = is_cpu ? 1 : 256;
  probe->items = info->compute_units * (is_cpu ? 4 : 16 * probe->group);
  probe->elements = small ? 1 << 20 : 1 << 25;
  result = build(probe, is_cpu);
  if (result == CLI_OK)
    result = create_buffer(probe, probe->items * probe->width * sizeof(float), 0, &probe->results);
  if (result == CLI_OK) result = create_buffer(probe, sizeof(float), 0, &probe->counter);
  if (result == CLI_OK)
    result = create_buffer(probe, probe->elements * sizeof(float), 0, &probe->a);
  if (result == CLI_OK)
    result = create_buffer(probe, probe->elements * sizeof(float), 1, &probe->b);
  if (result == CLI_OK)
    result = create_buffer(probe, probe->elements * sizeof(float), 4, &probe->c);
  if (result == CLI_OK && !set_arguments(probe)) result = cli_fail_library();
  return result;
}

cli_exit bench_probe_create(const quern_context *context, bool small, bench_probe **probe) {
  quern_device_info info;
  char why[256];
  quern_context_describe(context, &info);
  *probe = NULL;
  if (info.kind == QUERN_DEVICE_REFERENCE) return CLI_OK;
  if (!quern__cl_load(why, sizeof why)) return cli_fail("%s", why);
  bench_probe *made = calloc(1, sizeof *made);
  if (made == NULL) return cli_fail_memory();
  cli_exit result = prepare(made, &info, small);
  if (result == CLI_OK)
    *probe = made;
  else
    bench_probe_free(made);
  return result;
}

void bench_probe_free(bench_probe *probe) {
  if (probe == NULL) return;
  cl_mem buffers[] = {probe->results, probe->counter, probe->a, probe->b, probe->c};
  cl_kernel kernels[] = {probe->peak, probe->triad, probe->count};
  for (size_t i = 0; i < sizeof buffers / sizeof *buffers; i++)
    if (buffers[i] != NULL) quern__cl_call.ReleaseMemObject(buffers[i]);
  for (size_t i = 0; i < sizeof kernels / sizeof *kernels; i++)
    if (kernels[i] != NULL) quern__cl_call.ReleaseKernel(kernels[i]);
  if (probe->program != NULL) quern__cl_call.ReleaseProgram(probe->program);
  if (probe->queue != NULL) quern__cl_call.ReleaseCommandQueue(probe->queue);
  if (probe->context != NULL) quern__cl_call.ReleaseContext(probe->context);
  free(probe);
}

double bench_probe_flops(const bench_probe *probe) {
  return 2.0 * CHAINS * ROUNDS * (double)probe->width * (double)probe->items;
}

double bench_probe_bytes(const bench_probe *probe) {
  return 3.0 * sizeof(float) * (double)probe->elements;
}

static cli_exit run(bench_probe *probe, cl_kernel kernel, size_t items, size_t group,
                    bool wait_each, size_t times, double *seconds) {
  quern_status status = QUERN_OK;
  double start = cli_seconds();
  for (size_t i = 0; status == QUERN_OK && i < times; i++) {
    status = QUERN__CL(EnqueueNDRangeKernel, "probe", probe->queue, kernel, 1, NULL, &items, &group,
                       0, NULL, NULL);
    if (status == QUERN_OK && (wait_each || i + 1 == times))
      status = QUERN__CL(Finish, "probe", probe->queue);
  }
  *seconds = cli_seconds() - start;
  return status == QUERN_OK ? CLI_OK : cli_fail_library();
}

cli_exit bench_probe_peak(void *state, size_t times, double *seconds) {
  bench_probe *probe = state;
  return run(probe, probe->peak, probe->items, probe->group, false, times, seconds);
}

cli_exit bench_probe_triad(void *state, size_t times, double *seconds) {
  bench_probe *probe = state;
  size_t items = probe->elements / probe->width / EACH;
  return run(probe, probe->triad, items, probe->group, false, times, seconds);
}

cli_exit bench_probe_launch(void *state, size_t times, double *seconds) {
  bench_probe *probe = state;
  return run(probe, probe->count, 1, 1, false, times, seconds);
}

cli_exit bench_probe_wait(void *state, size_t times, double *seconds) {
  bench_probe *probe = state;
  return run(probe, probe->count, 1, 1, true, times, seconds);
}

/* Fails unless all `count` floats of the buffer have the value. */
static cli_exit expect(const bench_probe *probe, cl_mem buffer, size_t count, float value,
                       const char *what) {
  float *values = malloc(count * sizeof *values);
  if (values == NULL) return cli_fail_memory();
  cli_exit result = CLI_OK;
  if (QUERN__CL(EnqueueReadBuffer, "probe", probe->queue, buffer, CL_TRUE, 0,
                count * sizeof *values, values, 0, NULL, NULL) != QUERN_OK)
    result = cli_fail_library();
  for (size_t i = 0; result == CLI_OK && i < count; i++)
    if (!(values[i] == value))
      result = cli_fail("the %s probe is wrong: element %zu is %g, expected %g", what, i,
                        (double)values[i], (double)value);
  free(values);
  return result;
}

cli_exit bench_probe_verify(bench_probe *probe) {
  const float counted = CHAINS * ROUNDS + CHAINS * (CHAINS - 1) / 2;
  double seconds;
  cl_int count = 0;
  cli_exit result = bench_probe_peak(probe, 1, &seconds);
  if (result == CLI_OK)
    result = expect(probe, probe->results, probe->items * probe->width, counted, "multiply-add");
  if (result == CLI_OK) result = bench_probe_triad(probe, 1, &seconds);
  if (result == CLI_OK) result = expect(probe, probe->a, probe->elements, 3, "bandwidth");
  if (result == CLI_OK) result = bench_probe_launch(probe, 1000, &seconds);
  if (result == CLI_OK && QUERN__CL(EnqueueReadBuffer, "probe", probe->queue, probe->counter,
                                    CL_TRUE, 0, sizeof count, &count, 0, NULL, NULL) != QUERN_OK)
    result = cli_fail_library();
  if (result == CLI_OK && count != 1000)
    result = cli_fail("the launch probe is wrong: it counted %d launches of 1000", (int)count);
  return result;
}
