/* Opens and closes a device: its context, its queue, and the buffer in which kernels report bad
 * labels and indices. */
#include "cpu.h"
#include "state.h"
#include "tuning_file.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

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

quern_status quern__cl_limits_of(cl_device_id device, const quern_device_info *info,
                                 quern__cl_limits *limits) {
  cl_ulong local_memory = 0;
  cl_device_fp_config floats = 0;
  *limits = (quern__cl_limits){.work_group = 0};
  QUERN__FORWARD(quern__cl_GetDeviceInfo(info->name, device, CL_DEVICE_MAX_WORK_GROUP_SIZE,
                                         sizeof limits->work_group, &limits->work_group));
  QUERN__FORWARD(quern__cl_GetDeviceInfo(info->name, device, CL_DEVICE_LOCAL_MEM_SIZE,
                                         sizeof local_memory, &local_memory));
  limits->local_memory = local_memory;
  QUERN__FORWARD(quern__cl_GetDeviceInfo(info->name, device, CL_DEVICE_SINGLE_FP_CONFIG,
                                         sizeof floats, &floats));
  limits->fused = (floats & CL_FP_FMA) != 0 && quern__cl_cpu_fuses(info);
  if (info->kind != QUERN_DEVICE_CPU) return QUERN_OK;
  return quern__cl_cpu_width(device, info, &limits->vector_width);
}

/* Takes the device's row of the table, as changed by its quirks. */
static quern_status choose_tuning(quern__cl *cl, const quern_device_info *info) {
  QUERN__FORWARD(quern__cl_limits_of(cl->device, info, &cl->limits));
  cl->tuning = *quern__cl_tuning_find(info, cl->limits);
  cl->compute_units = info->compute_units > 0 ? info->compute_units : 1;
  cl->fused = cl->limits.fused;
  return quern__cl_quirks_apply(cl, info, quern__cl_quirks, quern__cl_quirk_count);
}

/* Retains the given context and queue, or creates them. */
static quern_status create_objects(quern__cl *cl, const char *name,
                                   const quern__cl_external *given) {
  cl_platform_id platform = NULL;
  QUERN__FORWARD(quern__cl_GetDeviceInfo(name, cl->device, CL_DEVICE_PLATFORM,
                                         sizeof(cl_platform_id), &platform));
  const cl_context_properties properties[] = {CL_CONTEXT_PLATFORM, (cl_context_properties)platform,
                                              0};
  cl_int error = CL_SUCCESS;
  if (given->context != NULL) {
    QUERN__FORWARD(QUERN__CL(RetainContext, name, given->context));
    cl->context = given->context;
  } else {
    cl->context = quern__cl_call.CreateContext(properties, 1, &cl->device, NULL, NULL, &error);
    QUERN__FORWARD(quern__cl_check(error, "clCreateContext", name));
  }
  if (given->queue != NULL) {
    QUERN__FORWARD(QUERN__CL(RetainCommandQueue, name, given->queue));
    cl->queue = given->queue;
  } else {
    cl->queue =
        quern__cl_call.CreateCommandQueue(cl->context, cl->device, given->properties, &error);
    QUERN__FORWARD(quern__cl_check(error, "clCreateCommandQueue", name));
  }
  cl->faults = quern__cl_call.CreateBuffer(cl->context, CL_MEM_READ_WRITE | CL_MEM_COPY_HOST_PTR,
                                           sizeof cl->faults_found, cl->faults_found, &error);
  return quern__cl_check(error, "clCreateBuffer", name);
}

static void forget_faults(quern__cl *cl) {
  for (int fault = 0; fault < QUERN__FAULT_COUNT; fault++)
    cl->faults_found[fault] = QUERN__FAULT_NONE;
}

/* Opens the device with its default tuning. */
static quern_status open_untuned(const quern_device_info *info, const quern__cl_external *given,
                                 quern__cl **opened) {
  /* The device may be from a list created before fork(). */
  char why[320];
  if (!quern__cl_load(why, sizeof why))
    return quern__fail(quern__cl_load_failure(), "%s: %s", info->name, why);
  quern__cl *cl = calloc(1, sizeof *cl);
  if (cl == NULL) return quern__fail_memory("OpenCL context", sizeof *cl);
  cl->device = given->device;
  cl->memory = info->memory;
  cl->max_allocation = info->max_allocation;
  forget_faults(cl);
  quern_status status = QUERN_OK;
  QUERN__TRY(choose_tuning(cl, info));
  quern__cl_setup_lock();
  status = create_objects(cl, info->name, given);
  quern__cl_setup_unlock();
  if (status != QUERN_OK) goto cleanup;
  *opened = cl;
  return QUERN_OK;

cleanup:
  quern__cl_close(cl);
  return status;
}

quern_status quern__cl_open_untuned(const quern_device_info *info, void *handle,
                                    quern__cl **opened) {
  return open_untuned(info, &(quern__cl_external){.device = handle}, opened);
}

quern_status quern__cl_open(const quern_device_info *info, void *handle, void **state) {
  return quern__cl_open_external(info, &(quern__cl_external){.device = handle}, state);
}

/* Appends the device's quirks to the note. */
static quern_status note_quirks(quern__cl *cl) {
  for (size_t i = 0; i < cl->quirk_count; i++) {
    const quern__cl_quirk *quirk = cl->quirks[i];
    char *note = NULL;
    if (asprintf(&note, "%s%s%s%s", cl->note != NULL ? cl->note : "", cl->note != NULL ? "; " : "",
                 quirk->what, quern__quirk_remedy_text(quirk->remedy)) < 0)
      return quern__fail_memory("note", strlen(quirk->what));
    free(cl->note);
    cl->note = note;
  }
  return QUERN_OK;
}

quern_status quern__cl_open_external(const quern_device_info *info, const quern__cl_external *given,
                                     void **state) {
  quern__cl *cl;
  quern_status status;
  QUERN__FORWARD(open_untuned(info, given, &cl));
  QUERN__TRY(quern__tuning_load(info, cl->limits, &cl->tuning, &cl->tuning_file, &cl->note));
  QUERN__TRY(quern__cl_quirks_apply(cl, info, quern__cl_quirks, quern__cl_quirk_count));
  QUERN__TRY(note_quirks(cl));
  *state = cl;
  return QUERN_OK;

cleanup:
  quern__cl_close(cl);
  return status;
}

void quern__cl_release_programs(quern__cl *cl) {
  for (int kernel = 0; kernel < QUERN__KERNEL_COUNT; kernel++)
    if (cl->kernels[kernel] != NULL) quern__cl_call.ReleaseKernel(cl->kernels[kernel]);
  for (int program = 0; program < QUERN__PROGRAM_COUNT; program++)
    if (cl->programs[program] != NULL) quern__cl_call.ReleaseProgram(cl->programs[program]);
  memset(cl->kernels, 0, sizeof cl->kernels);
  memset(cl->programs, 0, sizeof cl->programs);
}

/* Errors are ignored: close() cannot report them, and nothing could be done about them. */
void quern__cl_close(void *state) {
  quern__cl *cl = state;
  if (cl->queue != NULL) quern__cl_call.Finish(cl->queue);
  quern__cl_release_programs(cl);
  if (cl->faults != NULL) quern__cl_call.ReleaseMemObject(cl->faults);
  if (cl->transfers != NULL) quern__cl_call.ReleaseCommandQueue(cl->transfers);
  if (cl->queue != NULL) quern__cl_call.ReleaseCommandQueue(cl->queue);
  if (cl->context != NULL) quern__cl_call.ReleaseContext(cl->context);
  free(cl->quirks);
  free(cl->build_log);
  free(cl->tuning_file);
  free(cl->note);
  free(cl);
}

quern_status quern__cl_queue_event(const quern__cl *cl, const char *what, cl_event *event) {
  QUERN__FORWARD(QUERN__CL(EnqueueMarkerWithWaitList, what, cl->queue, 0, NULL, event));
  const quern_status status = QUERN__CL(Flush, what, cl->queue);
  if (status == QUERN_OK) return QUERN_OK;
  quern__cl_call.ReleaseEvent(*event);
  *event = NULL;
  return status;
}

static cl_int read_faults(quern__cl *cl) {
  return quern__cl_call.EnqueueReadBuffer(cl->queue, cl->faults, CL_TRUE, 0,
                                          sizeof cl->faults_found, cl->faults_found, 0, NULL, NULL);
}

/* After a kernel has crashed, some drivers (NVIDIA's) have no error for the lost device. They
 * return one of these from then on, even for a small read in an empty queue. */
static bool may_mean_lost(cl_int error) {
  return error == CL_OUT_OF_RESOURCES || error == CL_INVALID_COMMAND_QUEUE ||
         error == CL_INVALID_CONTEXT;
}

/* Reading the faults waits for everything queued before, since the queue is in order. */
quern_status quern__cl_finish(void *state) {
  quern__cl *cl = state;
  const cl_int error = read_faults(cl);
  if (error != CL_SUCCESS) {
    /* A queued copy may still write to the caller's memory, so wait. Errors of Finish add nothing.
     * */
    quern__cl_call.Finish(cl->queue);
    if (cl->transfers != NULL) quern__cl_call.Finish(cl->transfers);
    if (may_mean_lost(error) && may_mean_lost(read_faults(cl)))
      return quern__fail(
          QUERN_ERROR_DEVICE_LOST,
          "clEnqueueReadBuffer (waiting): %s (%d), twice: the device is considered lost",
          quern__cl_error_name(error), (int)error);
    return quern__cl_check(error, "clEnqueueReadBuffer", "waiting");
  }
  const quern_status found = quern__fail_faults(cl->faults_found);
  if (found == QUERN_OK) return QUERN_OK;
  forget_faults(cl);
  QUERN__FORWARD(QUERN__CL(EnqueueWriteBuffer, "forgetting reported rows", cl->queue, cl->faults,
                           CL_TRUE, 0, sizeof cl->faults_found, cl->faults_found, 0, NULL, NULL));
  return found;
}
