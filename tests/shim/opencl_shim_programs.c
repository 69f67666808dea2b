/* Entry points of programs and kernels. */
#include "opencl_shim_calls.h"
#include "opencl_shim_keep.h"
#include "opencl_shim_mutate.h"

/* The binary of a program for one device, with inverted bits. */
static cl_int corrupt_binary(cl_program program, size_t size, unsigned char **binaries,
                             size_t *size_ret) {
  size_t bytes = 0;
  cl_int error =
      shim_driver.GetProgramInfo(program, CL_PROGRAM_BINARY_SIZES, sizeof bytes, &bytes, NULL);
  if (error == CL_SUCCESS)
    error = shim_driver.GetProgramInfo(program, CL_PROGRAM_BINARIES, size, binaries, size_ret);
  for (size_t i = 0; error == CL_SUCCESS && i < bytes; i++) binaries[0][i] ^= 0xff;
  return error;
}

SHIM cl_program clCreateProgramWithSource(cl_context context, cl_uint count, const char **strings,
                                          const size_t *lengths, cl_int *error) {
  SHIM_FAIL_MAKING(CreateProgramWithSource)
  atomic_fetch_add(&shim_sources, 1);
  char *mutant = quern_shim_mutated(count, strings, lengths);
  const char *text = mutant;
  cl_program made =
      mutant != NULL ? shim_driver.CreateProgramWithSource(context, 1, &text, NULL, error)
                     : shim_driver.CreateProgramWithSource(context, count, strings, lengths, error);
  free(mutant);
  quern_shim_keep_source(made, count, strings, lengths);
  return shim_created(SHIM_PROGRAM, made);
}

SHIM cl_program clCreateProgramWithBinary(cl_context context, cl_uint count,
                                          const cl_device_id *devices, const size_t *sizes,
                                          const unsigned char **binaries, cl_int *statuses,
                                          cl_int *error) {
  SHIM_FAIL_MAKING(CreateProgramWithBinary)
  return shim_created(SHIM_PROGRAM, shim_driver.CreateProgramWithBinary(
                                        context, count, devices, sizes, binaries, statuses, error));
}

SHIM cl_int clGetProgramInfo(cl_program program, cl_program_info name, size_t size, void *value,
                             size_t *size_ret) {
  const bool corrupts = name == CL_PROGRAM_BINARIES && value != NULL;
  SHIM_FAIL(GetProgramInfo)
  program = quern_shim_stand_in(program);
  if (corrupts && quern_shim_corrupts()) return corrupt_binary(program, size, value, size_ret);
  SHIM_ANSWER(GetProgramInfo, program)
}

SHIM cl_int clBuildProgram(cl_program program, cl_uint count, const cl_device_id *devices,
                           const char *options, void(CL_CALLBACK *notify)(cl_program, void *),
                           void *user) {
  SHIM_FAIL(BuildProgram)
  if (quern_shim_is_built(program, options)) return CL_SUCCESS;
  const cl_int error = shim_driver.BuildProgram(program, count, devices, options, notify, user);
  if (error == CL_SUCCESS) quern_shim_keep_built(program, options);
  return error;
}

SHIM cl_int clGetProgramBuildInfo(cl_program program, cl_device_id device,
                                  cl_program_build_info name, size_t size, void *value,
                                  size_t *size_ret) {
  SHIM_FAIL(GetProgramBuildInfo)
  if (name == CL_PROGRAM_BUILD_LOG && quern_shim_has_log()) {
    if (size_ret != NULL) *size_ret = sizeof QUERN_SHIM_LOG;
    if (value != NULL) memcpy(value, QUERN_SHIM_LOG, sizeof QUERN_SHIM_LOG);
    return CL_SUCCESS;
  }
  return shim_driver.GetProgramBuildInfo(quern_shim_stand_in(program), device, name, size, value,
                                         size_ret);
}

SHIM cl_int clReleaseProgram(cl_program program) {
  quern_shim_forget(program);
  return shim_also_fails("clReleaseProgram",
                         shim_released(SHIM_PROGRAM, shim_driver.ReleaseProgram(program)));
}

SHIM cl_kernel clCreateKernel(cl_program program, const char *name, cl_int *error) {
  SHIM_FAIL_MAKING(CreateKernel)
  return shim_created(SHIM_KERNEL,
                      shim_driver.CreateKernel(quern_shim_stand_in(program), name, error));
}

SHIM cl_int clReleaseKernel(cl_kernel kernel) {
  return shim_also_fails("clReleaseKernel",
                         shim_released(SHIM_KERNEL, shim_driver.ReleaseKernel(kernel)));
}

SHIM cl_int clSetKernelArg(cl_kernel kernel, cl_uint index, size_t size, const void *value) {
  SHIM_FAIL(SetKernelArg)
  return shim_driver.SetKernelArg(kernel, index, size, value);
}

SHIM cl_int clEnqueueNDRangeKernel(cl_command_queue queue, cl_kernel kernel, cl_uint dimensions,
                                   const size_t *offset, const size_t *global, const size_t *local,
                                   cl_uint count, const cl_event *after, cl_event *event) {
  SHIM_FAIL(EnqueueNDRangeKernel)
  return shim_queued(shim_driver.EnqueueNDRangeKernel(queue, kernel, dimensions, offset, global,
                                                      local, count, after, event),
                     event);
}
