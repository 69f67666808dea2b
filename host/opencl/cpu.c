/* The instruction set that a CPU device's compiler generates code for. The device reports what the
 * processor has, but PoCL may use less: distributions build it for a few processors. It chooses one
 * by what this processor has, or by POCL_KERNELLIB_NAME, and puts it into the device's name
 * ("pthread-haswell-…"). */
#include "cpu.h"

#include <string.h>

/* LLVM's names of the processors with vectors of less than 512 bits. */
static const struct {
  const char *name;
  unsigned width;
  bool fuses;
} targets[] = {
    {"-athlon64-", 4, false},    {"-x86-64-", 4, false},    {"-core2-", 4, false},
    {"-penryn-", 4, false},      {"-nehalem-", 4, false},   {"-westmere-", 4, false},
    {"-sandybridge-", 8, false}, {"-ivybridge-", 8, false}, {"-bdver1-", 8, true},
    {"-haswell-", 8, true},
};
enum { TARGETS = sizeof targets / sizeof *targets };

/* Intel's compiler for CPUs splits vectors of 512 bits in two, even if the CPU has them. */
enum { INTEL_WIDTH = 8 };

/* Returns the index in `targets` of the processor in the device's name; TARGETS if there is
 * none. */
static size_t find_target(const quern_device_info *info) {
  size_t i = 0;
  while (i < TARGETS && strstr(info->name, targets[i].name) == NULL) i++;
  return i;
}

quern_status quern__cl_cpu_width(cl_device_id device, const quern_device_info *info,
                                 unsigned *width) {
  cl_uint native = 0;
  QUERN__FORWARD(quern__cl_GetDeviceInfo(info->name, device, CL_DEVICE_NATIVE_VECTOR_WIDTH_FLOAT,
                                         sizeof native, &native));
  const size_t target = find_target(info);
  if (strstr(info->platform, "Intel") != NULL && native > INTEL_WIDTH) native = INTEL_WIDTH;
  *width = target < TARGETS && targets[target].width < native ? targets[target].width : native;
  if (*width < QUERN__CL_LEAST_WIDTH) *width = QUERN__CL_LEAST_WIDTH;
  return QUERN_OK;
}

bool quern__cl_cpu_fuses(const quern_device_info *info) {
  const size_t target = find_target(info);
  return target == TARGETS || targets[target].fuses;
}
