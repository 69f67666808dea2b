/* The state of an OpenCL context, for the files that create, use and release it. */
#ifndef QUERN_HOST_OPENCL_STATE_H
#define QUERN_HOST_OPENCL_STATE_H

#include "../device/fault.h"
#include "../device/variants.h"
#include "opencl.h"
#include "quirks.h"

struct quern__cl {
  cl_device_id device;
  cl_context context;
  cl_command_queue queue;     /* in order; the caller's if the context was created from it */
  cl_command_queue transfers; /* a second queue; NULL until quern__cl_create_transfers */
  quern__cl_limits limits;
  quern__cl_tuning tuning;
  size_t compute_units;
  /* plans run steps in steps_form if they can; else in the fastest form */
  bool steps_forced;
  quern__steps_form steps_form;
  bool fused;                     /* whether a multiply-add is one instruction */
  const quern__cl_quirk **quirks; /* of the device; the list is owned */
  size_t quirk_count;
  size_t loop_rounds;              /* iterations after which a work-item's loops end; 0: never */
  uint64_t memory, max_allocation; /* of the device, in bytes; 0 where unknown or unlimited */

  cl_program programs[QUERN__PROGRAM_COUNT]; /* NULL until needed */
  cl_kernel kernels[QUERN__KERNEL_COUNT];    /* NULL until launched */
  unsigned unflushed;                        /* launches since the last flush */
  char *build_log;                           /* owned; NULL for none */
  /* the file of `tuning`; owned; NULL: the defaults */
  char *tuning_file;
  /* why a tuning file was ignored, and the quirks; owned; NULL for none */
  char *note;

  cl_mem faults;                            /* an int for each quern__fault: the first bad row */
  int32_t faults_found[QUERN__FAULT_COUNT]; /* the host's copy */
};

/* The kernel's object, created on first use. Owned by cl. */
quern_status quern__cl_kernel(quern__cl *cl, quern__kernel kernel, cl_kernel *object);

/* "dense_forward", … */
const char *quern__kernel_name(quern__kernel kernel);

/* Releases all programs and kernels, to be built again on the next launch. Nothing may be
 * queued. */
void quern__cl_release_programs(quern__cl *cl);

/* quern__cl_open with the device's defaults, ignoring its tuning file. */
quern_status quern__cl_open_untuned(const quern_device_info *info, void *handle, quern__cl **cl);

/* A string of a platform (device NULL) or a device, which the caller frees; NULL on failure. */
quern_status quern__cl_text(cl_platform_id platform, cl_device_id device, cl_uint parameter,
                            char **text);

/* The device's limits. */
quern_status quern__cl_limits_of(cl_device_id device, const quern_device_info *info,
                                 quern__cl_limits *limits);

/* Waits for the queue, and reports the faults that kernels found. */
quern_status quern__cl_finish(void *state);

/* Creates an event that completes after everything queued so far. Flushes the queue, so that other
 * queues may wait for it. The caller releases the event. */
quern_status quern__cl_queue_event(const quern__cl *cl, const char *what, cl_event *event);

/* Creates the queue of transfers unless it exists. `what` names the caller in errors. */
quern_status quern__cl_create_transfers(quern__cl *cl, const char *what);

/* Makes later commands run after `event`, of a command in the queue of transfers. */
quern_status quern__cl_after_transfer(const quern__cl *cl, const char *what, const cl_event *event);

/* Releases *event unless it is NULL, and sets it to NULL. */
void quern__cl_forget_event(cl_event *event);

/* Objects to create a context from. All but the device may be NULL, and are then created. */
typedef struct quern__cl_external {
  cl_device_id device;
  cl_context context;                     /* retained */
  cl_command_queue queue;                 /* in order; retained */
  cl_command_queue_properties properties; /* of the queue to create */
} quern__cl_external;

quern_status quern__cl_open_external(const quern_device_info *info, const quern__cl_external *given,
                                     void **state);

/* Describes a device. The caller frees *info with quern__device_info_free. */
quern_status quern__cl_describe(cl_device_id device, quern_device_info *info);

/* The members of the backend's table that are not ops. */
quern_status quern__cl_enumerate(quern_device_sink sink, void *list, char *note, size_t note_size);
quern_status quern__cl_open(const quern_device_info *info, void *handle, void **state);
void quern__cl_close(void *state);
const char *quern__cl_build_log(const void *state);
quern_status quern__cl_buffer_create(void *state, size_t bytes, void **memory);
void quern__cl_buffer_free(void *state, void *memory);
quern_status quern__cl_buffer_write(void *state, void *memory, size_t offset, size_t bytes,
                                    const void *data, bool wait);
quern_status quern__cl_buffer_read(void *state, void *memory, size_t offset, size_t bytes,
                                   void *data, bool wait);
quern_status quern__cl_buffer_fill(void *state, void *memory, size_t offset, size_t bytes,
                                   uint8_t value);
quern_status quern__cl_buffer_copy(void *state, void *from, size_t from_offset, void *to,
                                   size_t to_offset, size_t bytes);
quern_status quern__cl_staging_create(void *state, void *memory, size_t offset, size_t bytes,
                                      void **staging);
void quern__cl_staging_free(void *state, void *staging);
quern_status quern__cl_staging_begin(void *state, void *staging, void **memory);
quern_status quern__cl_staging_send(void *state, void *staging, size_t bytes);
quern_status quern__cl_staging_release(void *state, void *staging);
quern_status quern__cl_exchange_create(void *state, void *host, size_t bytes, void **exchange,
                                       void **memory);
void quern__cl_exchange_free(void *state, void *exchange);
quern_status quern__cl_exchange_take(void *state, void *exchange);
quern_status quern__cl_exchange_taken(void *state, void *exchange, bool wait, bool *taken);
quern_status quern__cl_exchange_put(void *state, void *exchange);

#endif
