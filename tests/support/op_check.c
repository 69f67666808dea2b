/* Compares ops on an OpenCL device with the reference. */
#include "op_check.h"

#include "device/context.h"
#include "opencl/state.h"
#include <stdlib.h>
#include <string.h>

/* The device's kind, or AArch64's CPUs, which have no other mark. */
static quern__cl_limits limits_of(const quern__cl *cl, const char *wanted) {
  quern__cl_limits limits = cl->limits;
  if (strcmp(wanted, "neon") == 0) {
    limits.vector_width = 4;
    limits.fused = true;
  }
  return limits;
}

static void use_other_tuning(quern_context *context, quern_device_info info) {
  const char *wanted = getenv("QUERN_TEST_TUNING");
  if (wanted == NULL) return;
  static const struct {
    const char *name, *platform;
    quern_device_kind kind;
  } others[] = {
      {"gpu", "", QUERN_DEVICE_GPU},
      {"nvidia", "NVIDIA CUDA", QUERN_DEVICE_GPU},
      {"amd", "AMD Accelerated Parallel Processing", QUERN_DEVICE_GPU},
      {"intel", "Intel(R) OpenCL Graphics", QUERN_DEVICE_GPU},
      {"cpu", "", QUERN_DEVICE_CPU},
      {"neon", "", QUERN_DEVICE_CPU},
      {"emulator", "", QUERN_DEVICE_EMULATOR},
  };
  quern__cl *cl = context->state;
  for (size_t i = 0; i < sizeof others / sizeof *others; i++) {
    if (strcmp(wanted, others[i].name) != 0) continue;
    info.kind = others[i].kind;
    info.platform = others[i].platform;
    const quern__cl_limits limits = limits_of(cl, wanted);
    const quern__cl_tuning *tuning = quern__cl_tuning_find(&info, limits);
    /* Each named platform has its own row; only a device too small for it gets another. */
    if (tuning->any_kind != (info.kind == QUERN_DEVICE_EMULATOR) ||
        (tuning->pattern[0] == '\0') != (info.platform[0] == '\0'))
      fail_msg("this device cannot run the row of %s", wanted);
    cl->tuning = *tuning;
    return;
  }
  fail_msg("QUERN_TEST_TUNING is '%s', expected gpu, nvidia, amd, intel, cpu, neon or emulator",
           wanted);
}

/* Fails if the device is not the CPU that the test is for, although this machine supports it. PoCL
 * has the CPU in the device's name. */
static void check_cpu(const quern_device_info *info) {
  const char *wanted = getenv("QUERN_TEST_CPU");
  if (wanted == NULL || strstr(info->name, wanted) != NULL) return;
#if defined __x86_64__
  if (__builtin_cpu_supports("avx2"))
    fail_msg("QUERN_TEST_CPU is %s, but the device is %s", wanted, info->name);
#endif
}

void test_rig_open(test_rig *rig, uint32_t first_stream) {
  memset(rig, 0, sizeof *rig);
  rig->slow = getenv("QUERN_TEST_SLOW_DEVICE") != NULL;
  quern_device_list *list;
  assert_ok(quern_device_list_create(&list));
  const quern_device *device = quern_device_list_at(list, 0);
  quern_device_info info;
  quern_device_describe(device, &info);
  if (strcmp(info.backend, "opencl") != 0) {
    print_error("no OpenCL device: %s\n", quern_device_list_note(list));
    fail();
  }
  check_cpu(&info);
  assert_ok(quern_context_create_on(device, &rig->device));
  use_other_tuning(rig->device, info);
  quern_device_list_free(list);
  assert_ok(quern_context_create("reference", &rig->reference));
  rig->verify =
      (quern__verify){.device = rig->device,
                      .reference = rig->reference,
                      .variants = &quern__opencl_variants,
                      .state = rig->device->state,
                      .small = rig->slow,
                      .few = rig->slow,
                      .once = rig->slow,
                      .loop_rounds = quern__opencl_variants.loop_rounds(rig->device->state),
                      .values = {.stream = first_stream}};
  rig->short_loops = rig->verify.loop_rounds > 0;
}

void test_rig_close(test_rig *rig) {
  quern_context_free(rig->device);
  quern_context_free(rig->reference);
}

void test_sweep(const char *op) {
  test_rig rig;
  const quern__sweep *sweep = quern__sweep_find(op);
  assert_non_null(sweep);
  test_rig_open(&rig, 0);
  const quern_status status = sweep->run(&rig.verify);
  const quern__outcome *outcome = &rig.verify.outcome;
  if (outcome->wrong > 0)
    fail_msg("%zu of %zu cases are wrong; the first: %s", outcome->wrong, outcome->cases,
             outcome->why);
  assert_ok(status);
  assert_true(outcome->cases > 0 && outcome->worst <= 1);
  test_rig_close(&rig);
}

void test_assert_close(const char *title, const char *name, const float *got, const float *expected,
                       size_t count, size_t columns, quern__bound bound) {
  const quern__deviation found = quern__bound_measure(&bound, got, expected, count);
  if (found.nans != bound.nans)
    fail_msg("%s: %s has %zu NaN to expect, not %zu", title, name, found.nans, bound.nans);
  if (found.wrong == 0) return;
  const size_t i = found.first;
  fail_msg("%s: %s[%zu,%zu] is %.9g, expected %.9g within %.3g; %zu of %zu elements are wrong",
           title, name, i / columns, i % columns, (double)got[i], (double)expected[i],
           quern__bound_allowed(&bound, expected, i), found.wrong, count);
}
