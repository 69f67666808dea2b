/* Tables of the OpenCL backend: error names and their statuses, and the tuning row for each kind of
 * device. All kernels build without a warning. */
#include "test.h"

#include "device/context.h"
#include "op_check.h"
#include "opencl/cpu.h"
#include "opencl/state.h"
#include "opencl/tuning_field.h"
#include <string.h>

static void test_error_names(void **state) {
  (void)state;
  assert_string_equal(quern__cl_error_name(CL_SUCCESS), "CL_SUCCESS");
  assert_string_equal(quern__cl_error_name(CL_BUILD_PROGRAM_FAILURE), "CL_BUILD_PROGRAM_FAILURE");
  assert_string_equal(quern__cl_error_name(CL_INVALID_KERNEL_ARGS), "CL_INVALID_KERNEL_ARGS");
  assert_string_equal(quern__cl_error_name(-9999), "unknown OpenCL error");
}

static void test_statuses(void **state) {
  (void)state;
  assert_ok(quern__cl_check(CL_SUCCESS, "clFinish", "context"));
  assert_fails(quern__cl_check(CL_INVALID_VALUE, "clFinish", "context"), QUERN_ERROR_OPENCL,
               "clFinish", "context", "CL_INVALID_VALUE", "-30");
  assert_fails(quern__cl_check(CL_MEM_OBJECT_ALLOCATION_FAILURE, "clCreateBuffer", "buffer"),
               QUERN_ERROR_OUT_OF_DEVICE_MEMORY, "clCreateBuffer",
               "CL_MEM_OBJECT_ALLOCATION_FAILURE");
  assert_fails(quern__cl_check(CL_OUT_OF_HOST_MEMORY, "clCreateBuffer", "buffer"),
               QUERN_ERROR_OUT_OF_MEMORY, "CL_OUT_OF_HOST_MEMORY");
  assert_fails(quern__cl_check(CL_DEVICE_NOT_AVAILABLE, "clFinish", "context"),
               QUERN_ERROR_DEVICE_LOST, "CL_DEVICE_NOT_AVAILABLE");
  assert_fails(quern__cl_check(-9999, "clFinish", "context"), QUERN_ERROR_OPENCL, "-9999");
}

static const quern__kernel first_group_kernel = QUERN__KERNEL_dense_group_large_forward;
static const quern__kernel last_group_kernel = QUERN__KERNEL_dense_group_tiny_backward_weights;

static bool power_of_two(unsigned value) {
  return value > 0 && (value & (value - 1)) == 0;
}

static void check_tile(quern__cl_tile tile) {
  assert_true(tile.rows > 0 && tile.vectors > 0);
}

/* The conditions of kernels/dense/dense_group_tile.cl; and at least two tiles, in decreasing
 * size. */
static void check_groups(const quern__cl_tuning *tuning, quern__cl_limits limits) {
  const unsigned width = tuning->vector_width;
  size_t sizes = 0, area = SIZE_MAX;
  for (int size = 0; size < QUERN__GROUP_SIZE_COUNT; size++) {
    const quern__cl_group_tile *t = &tuning->groups[size];
    if (t->rows == 0) continue;
    sizes++;
    assert_true((size_t)t->rows * t->columns < area);
    area = (size_t)t->rows * t->columns;
    assert_true(t->item_rows % width == 0 && t->item_columns % width == 0 && t->depth % width == 0);
    assert_true(t->rows % t->item_rows == 0 && t->columns % t->item_columns == 0);
    assert_true(power_of_two(t->slices) && t->depth % t->slices == 0);
    assert_true(t->buffers == 1 || t->buffers == 2);
    const size_t items = quern__cl_group_items(t);
    assert_true(t->rows / width * t->depth % items == 0 &&
                t->columns / width * t->depth % items == 0);
    assert_true(items % (t->columns / width) == 0);
    assert_true(items <= limits.work_group);
    assert_true(quern__cl_group_local_vectors(t, width) * width * sizeof(float) <=
                limits.local_memory);
  }
  assert_true(sizes >= 2);
}

static void check_row(const quern__cl_tuning *tuning, quern__cl_limits limits) {
  assert_true(power_of_two(tuning->vector_width) && tuning->vector_width <= 16);
  assert_true(power_of_two(tuning->group));
  if (tuning->dense == QUERN__DENSE_GROUP) {
    check_groups(tuning, limits);
    return;
  }
  assert_true(tuning->local[0] > 0 && tuning->local[1] > 0);
  check_tile(tuning->forward);
  check_tile(tuning->backward_data);
  check_tile(tuning->backward_weights);
}

/* Every kind of device has a row, whatever its platform and however small its limits, with valid
 * numbers. */
static void test_tuning(void **state) {
  (void)state;
  static const char *const platforms[] = {"",
                                          "Portable Computing Language",
                                          "NVIDIA CUDA",
                                          "AMD Accelerated Parallel Processing",
                                          "Intel(R) OpenCL Graphics",
                                          "rusticl"};
  static const quern__cl_limits limits[] = {{1024, 48 << 10, 16, true},
                                            {256, 32 << 10, 8, true},
                                            {64, 16 << 10, 4, false},
                                            {1, 1 << 10, 0, false}};
  for (quern_device_kind kind = QUERN_DEVICE_GPU; kind <= QUERN_DEVICE_REFERENCE; kind++)
    for (size_t i = 0; i < sizeof platforms / sizeof *platforms; i++)
      for (size_t j = 0; j < sizeof limits / sizeof *limits; j++) {
        const quern_device_info info = {.kind = kind, .platform = platforms[i], .name = "device"};
        const quern__cl_tuning *tuning = quern__cl_tuning_find(&info, limits[j]);
        assert_non_null(tuning);
        assert_true(tuning->any_kind || tuning->kind == kind);
        check_row(tuning, limits[j]);
        assert_true(limits[j].vector_width == 0 || tuning->vector_width <= limits[j].vector_width);
      }
}

static const quern__cl_tuning *gpu(const char *platform, size_t work_group, uint64_t local_memory) {
  const quern_device_info info = {.kind = QUERN_DEVICE_GPU, .platform = platform, .name = "device"};
  return quern__cl_tuning_find(
      &info, (quern__cl_limits){.work_group = work_group, .local_memory = local_memory});
}

/* A GPU has its vendor's row if it can run it, else that of any GPU, else that of any device. */
static void test_limits(void **state) {
  (void)state;
  assert_string_equal(gpu("NVIDIA CUDA", 1024, 48 << 10)->pattern, "NVIDIA");
  assert_string_equal(gpu("AMD Accelerated Parallel Processing", 256, 64 << 10)->pattern, "AMD");
  assert_string_equal(gpu("Intel(R) OpenCL HD Graphics", 256, 64 << 10)->pattern, "Intel");
  const quern__cl_tuning *any = gpu("rusticl", 1024, 48 << 10);
  assert_true(any->dense == QUERN__DENSE_GROUP && any->pattern[0] == '\0' && !any->any_kind);
  assert_ptr_equal(gpu("NVIDIA CUDA", 64, 48 << 10), any);
  assert_ptr_equal(gpu("NVIDIA CUDA", 1024, 16 << 10), any);
  assert_true(gpu("NVIDIA CUDA", 32, 48 << 10)->any_kind);
  assert_true(gpu("NVIDIA CUDA", 1024, 1 << 10)->any_kind);
}

/* A CPU has the row of its widest vectors, for tiles per work-item. */
static void test_widths(void **state) {
  (void)state;
  const quern_device_info info = {
      .kind = QUERN_DEVICE_CPU, .platform = "a platform", .name = "device"};
  quern__cl_limits limits = {.work_group = 4096, .local_memory = 1 << 20};
  for (limits.vector_width = 4; limits.vector_width <= 16; limits.vector_width *= 2)
    for (int fused = limits.vector_width == 16; fused < 2; fused++) {
      limits.fused = fused != 0;
      const quern__cl_tuning *row = quern__cl_tuning_find(&info, limits);
      assert_int_equal(row->vector_width, limits.vector_width);
      assert_int_equal(row->fused, limits.fused);
      assert_true(row->kind == QUERN_DEVICE_CPU && !row->any_kind && !row->shares_rows);
      assert_ok(quern__tuning_check(row, limits));
    }
  limits.vector_width = 0; /* unknown */
  const quern__cl_tuning *widest = quern__cl_tuning_find(&info, limits);
  assert_int_equal(widest->vector_width, 16);
  limits.vector_width = 8;
  assert_fails(quern__tuning_check(widest, limits), QUERN_ERROR_FORMAT, "vector_width is 16",
               "at most 8");
}

/* Intel's compiler for CPUs has no vectors of 16 floats, whatever the device reports. */
static void test_intel(void **state) {
  (void)state;
  const quern_device_info info = {
      .kind = QUERN_DEVICE_CPU, .platform = "Intel(R) OpenCL", .name = "AMD EPYC"};
  unsigned width;
  test_rig rig;
  test_rig_open(&rig, 0);
  const quern__cl *cl = rig.device->state;
  assert_ok(quern__cl_cpu_width(cl->device, &info, &width));
  assert_in_range(width, 4, 8);
  test_rig_close(&rig);
}

/* The CPU in the device's name tells if fma() is one instruction. */
static void test_fused(void **state) {
  (void)state;
  static const struct {
    const char *name;
    bool fuses;
  } cases[] = {{"pthread-haswell-AMD EPYC", true},
               {"cpu-sandybridge-Intel(R) Xeon(R)", false},
               {"pthread-x86-64-QEMU Virtual CPU", false},
               {"pthread-skylake-avx512-AMD EPYC", true},
               {"Intel(R) Core(TM) i5 haswell", true}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    const quern_device_info info = {.kind = QUERN_DEVICE_CPU, .name = cases[i].name};
    assert_int_equal(quern__cl_cpu_fuses(&info), cases[i].fuses);
  }
}

/* The largest tile that gives each compute unit one, else the smallest. */
static void test_sizes(void **state) {
  (void)state;
  const quern__cl_tuning *nvidia = gpu("NVIDIA CUDA", 1024, 48 << 10);
  const struct {
    size_t rows, columns;
    quern__group_size size;
  } cases[] = {{4096, 4096, QUERN__GROUP_large},  {1408, 1536, QUERN__GROUP_large},
               {1408, 1408, QUERN__GROUP_medium}, {1024, 1024, QUERN__GROUP_medium},
               {256, 1024, QUERN__GROUP_small},   {32, 128, QUERN__GROUP_tiny},
               {1, 1, QUERN__GROUP_tiny},         {INT32_MAX, INT32_MAX, QUERN__GROUP_large}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_int_equal(quern__cl_group_choose(nvidia, cases[i].rows, cases[i].columns, 132),
                     cases[i].size);
  const quern__cl_tuning *any = gpu("", 64, 16 << 10);
  assert_int_equal(quern__cl_group_choose(any, 1, 1, 8), QUERN__GROUP_tiny);
  assert_int_equal(quern__cl_group_choose(any, 4096, 4096, 8), QUERN__GROUP_small);
}

/* True if this device's row has the tile that a kernel is built for. */
static bool has_tile(const quern__cl_tuning *tuning, quern__kernel kernel) {
  if (tuning->dense == QUERN__DENSE_ITEM)
    return kernel < first_group_kernel || kernel > last_group_kernel;
  if (kernel <= QUERN__KERNEL_dense_backward_weights || kernel >= QUERN__KERNEL_fused_steps_rows)
    return false;
  if (kernel > last_group_kernel) return true;
  return tuning->groups[(kernel - first_group_kernel) / 3].rows > 0;
}

/* Fails if the compiler printed warnings, which are in the build log. */
static void test_kernels_build(void **state) {
  (void)state;
  test_rig rig;
  test_rig_open(&rig, 0);
  for (int kernel = 0; kernel < QUERN__KERNEL_COUNT; kernel++) {
    if (!has_tile(quern__cl_tuning_of(rig.device->state), (quern__kernel)kernel)) continue;
    cl_kernel object = NULL, again = NULL;
    assert_ok(quern__cl_kernel(rig.device->state, (quern__kernel)kernel, &object));
    assert_non_null(object);
    assert_ok(quern__cl_kernel(rig.device->state, (quern__kernel)kernel, &again));
    assert_ptr_equal(object, again);
    const char *log = quern_context_build_log(rig.device);
    if (strstr(log, "warning") != NULL)
      fail_msg("%s built with warnings:\n%s", quern__kernel_name((quern__kernel)kernel), log);
  }
  test_rig_close(&rig);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      QUERN_TEST(test_error_names), QUERN_TEST(test_statuses), QUERN_TEST(test_tuning),
      QUERN_TEST(test_limits),      QUERN_TEST(test_widths),   QUERN_TEST(test_intel),
      QUERN_TEST(test_fused),       QUERN_TEST(test_sizes),    QUERN_TEST(test_kernels_build)};
  return cmocka_run_group_tests_name("opencl/inside", tests, NULL, NULL);
}
