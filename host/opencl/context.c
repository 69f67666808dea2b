/* Opens and closes a device: its context, its queue, and the buffer where kernels report bad labels and
 * indices. */
#include "state.h"

#include <stdlib.h>

const quern__cl_tuning *quern__cl_tuning_of(const quern__cl *cl) {
  return &cl->tuning;
}

size_t quern__cl_compute_units(const quern__cl *cl) {
  return cl->compute_units;
}

const char *quern__cl_build_log(const void *state) {
  const quern__cl *cl = state;
  return cl->build_log != NULL ? cl->build_log : "";
}

quern_status quern__cl_limits_of(cl_device_id device, const char *name, quern__cl_limits *limits) {
  cl_ulong local_memory = 0;
  QUERN__FORWARD(QUERN__CL(GetDeviceInfo, name, device, CL_DEVICE_MAX_WORK_GROUP_SIZE,
                           sizeof limits->work_group, &limits->work_group, NULL));
  QUERN__FORWARD(QUERN__CL(GetDeviceInfo, name, device, CL_DEVICE_LOCAL_MEM_SIZE, sizeof local_memory,
                           &local_memory, NULL));
  limits->local_memory = local_memory;
  return QUERN_OK;
}

/* The device's row of the table, with work-groups halved until the device can run them. */
static quern_status choose_tuning(quern__cl *cl, const quern_device_info *info) {
  quern__cl_limits limits = {0, 0};
  QUERN__FORWARD(quern__cl_limits_of(cl->device, info->name, &limits));
  cl->tuning = *quern__cl_tuning_find(info, limits);
  cl->compute_units = info->compute_units > 0 ? info->compute_units : 1;
  cl_device_fp_config floats = 0;
  QUERN__FORWARD(QUERN__CL(GetDeviceInfo, info->name, cl->device, CL_DEVICE_SINGLE_FP_CONFIG, sizeof floats,
                           &floats, NULL));
  cl->fused = (floats & CL_FP_FMA) != 0;
  unsigned *local = cl->tuning.local;
  while (cl->tuning.group > 1 && cl->tuning.group > limits.work_group) cl->tuning.group /= 2;
  while (local[0] > 1 && (size_t)local[0] * local[1] > limits.work_group) local[0] /= 2;
  while (local[1] > 1 && (size_t)local[0] * local[1] > limits.work_group) local[1] /= 2;
  return QUERN_OK;
}

static quern_status create_objects(quern__cl *cl, const char *name) {
  cl_platform_id platform = NULL;
  QUERN__FORWARD(QUERN__CL(GetDeviceInfo, name, cl->device, CL_DEVICE_PLATFORM, sizeof(cl_platform_id),
                           &platform, NULL));
  const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)platform, 0};
  cl_int error = CL_SUCCESS;
  cl->context = quern__cl_call.CreateContext(properties, 1, &cl->device, NULL, NULL, &error);
  QUERN__FORWARD(quern__cl_check(error, "clCreateContext", name));
  cl->queue = quern__cl_call.CreateCommandQueue(cl->context, cl->device, 0, &error);
  QUERN__FORWARD(quern__cl_check(error, "clCreateCommandQueue", name));
  cl->faults = quern__cl_call.CreateBuffer(cl->context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR,
                                           sizeof cl->faults_found, cl->faults_found, &error);
  return quern__cl_check(error, "clCreateBuffer", name);
}

static void forget_faults(quern__cl *cl) {
  for (int fault = 0; fault < QUERN__FAULT_COUNT; fault++) cl->faults_found[fault] = QUERN__FAULT_NONE;
}

quern_status quern__cl_open(const quern_device_info *info, void *handle, void **state) {
  quern__cl *cl = calloc(1, sizeof *cl);
  if (cl == NULL) return quern__fail_memory("OpenCL context", sizeof *cl);
  cl->device = handle;
  cl->memory = info->memory;
  cl->max_allocation = info->max_allocation;
  forget_faults(cl);
  quern_status status = QUERN_OK;
  QUERN__TRY(choose_tuning(cl, info));
  QUERN__TRY(create_objects(cl, info->name));
  *state = cl;
  return QUERN_OK;

cleanup:
  quern__cl_close(cl);
  return status;
}

void quern__cl_close(void *state) {
  quern__cl *cl = state;
  if (cl->queue != NULL) quern__cl_call.Finish(cl->queue);
  for (int kernel = 0; kernel < QUERN__KERNEL_COUNT; kernel++)
    if (cl->kernels[kernel] != NULL) quern__cl_call.ReleaseKernel(cl->kernels[kernel]);
  for (int family = 0; family < QUERN__FAMILY_COUNT; family++)
    if (cl->programs[family] != NULL) quern__cl_call.ReleaseProgram(cl->programs[family]);
  if (cl->faults != NULL) quern__cl_call.ReleaseMemObject(cl->faults);
  if (cl->queue != NULL) quern__cl_call.ReleaseCommandQueue(cl->queue);
  if (cl->context != NULL) quern__cl_call.ReleaseContext(cl->context);
  free(cl->build_log);
  free(cl);
}

/* Reading the faults is what waits: in an in-order queue everything before it is then done. */
quern_status quern__cl_finish(void *state) {
  quern__cl *cl = state;
  quern_status status = QUERN__CL(EnqueueReadBuffer, "waiting", cl->queue, cl->faults, CL_TRUE, 0,
                                  sizeof cl->faults_found, cl->faults_found, 0, NULL, NULL);
  if (status != QUERN_OK) {
    /* The caller's memory may be the target of a queued copy: give it back quiet. */
    quern__cl_call.Finish(cl->queue);
    return status;
  }
  const quern_status found = quern__fail_faults(cl->faults_found);
  if (found == QUERN_OK) return QUERN_OK;
  forget_faults(cl);
  QUERN__FORWARD(QUERN__CL(EnqueueWriteBuffer, "forgetting reported rows", cl->queue, cl->faults, CL_TRUE, 0,
                           sizeof cl->faults_found, cl->faults_found, 0, NULL, NULL));
  return found;
}
