/* Advanced: the backend table, which executes ops on a device. quern's own backends, `opencl` and
 * `reference`, are such tables; a program that registers its own runs quern's networks on it.
 *
 * Contract for every member, unless it says otherwise:
 *  - Arguments are already checked: shapes match, ranges lie inside their buffers, there are no
 *    forbidden overlaps, dimensions are 1 … 2^31 - 1, required spans have memory.
 *  - Ops queue their work in order and return; only `finish` and waiting reads and writes wait. No
 *    op allocates device memory.
 *  - Results are bit-identical on every run on the same device.
 *  - On failure, the member calls quern_fail() with a message for the user and returns its status.
 *  - The device detects labels and indices out of range. They are never used as an index, ops.h
 *    says what is written instead, and the next `finish` or waiting read or write reports the
 *    first, once, as QUERN_ERROR_DATA.
 *  - Only one thread at a time calls with the same `state`, except for buffer_free. Calls with
 *    different states may run concurrently.
 *
 * Shapes and formulas are those of ops.h.
 *
 * Compatibility: structs grow only at their ends. `size` of a table says how much of it its program
 * was compiled with; members past it count as NULL, and later members are optional. Fields added
 * later to op structs keep the earlier behavior if zero; if that is impossible, the op gets a new
 * member. Activations may be added: a backend returns QUERN_ERROR_UNSUPPORTED for one it does not
 * know. */
#ifndef QUERN_BACKEND_H
#define QUERN_BACKEND_H

#include <quern/backend_ops.h>
#include <quern/device.h>
#include <quern/ops_list.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Receives each device that a backend finds. Copies the strings of info. `handle` is the backend's
 * handle of the device (e.g. a cl_device_id), valid for `open` until the process ends. */
typedef quern_status (*quern_device_sink)(void *list, const quern_device_info *info, void *handle);

typedef struct quern_backend {
  size_t size; /* sizeof(quern_backend) */

  const char *name; /* one plain word, unique: "opencl", "reference" */

  /* Calls sink for each device, in any order, and returns sink's failures. A backend that cannot
   * run here (no loader) calls it for no device, writes one plain line of explanation into note
   * (note_size bytes) and returns QUERN_OK. quern sets `backend` of info, and the indices unless
   * the backend is OpenCL. */
  quern_status (*enumerate)(quern_device_sink sink, void *list, char *note, size_t note_size);

  /* Opens a device: *state is the backend's part of a context. info lives as long as the
   * context. */
  quern_status (*open)(const quern_device_info *info, void *handle, void **state);
  /* Waits for queued work and frees everything. */
  void (*close)(void *state);
  /* Optional (NULL: no logs). Returns the complete log of the last kernel build that failed or
   * warned, or "". */
  const char *(*build_log)(const void *state);

  /* True if a context keeps working in the child of a fork(). If false, quern calls nothing with a
   * state opened before the fork, and the child's calls return QUERN_ERROR_FORKED. */
  bool survives_fork;

  /* Allocates device memory of undefined contents. */
  quern_status (*buffer_create)(void *state, size_t bytes, void **memory);
  /* Frees it, even while work on it is queued; from any thread. */
  void (*buffer_free)(void *state, void *memory);
  /* Copies to, from and between buffers. Offsets are in bytes. */
  quern_status (*buffer_write)(void *state, void *memory, size_t offset, size_t bytes,
                               const void *data, bool wait);
  quern_status (*buffer_read)(void *state, void *memory, size_t offset, size_t bytes, void *data,
                              bool wait);
  quern_status (*buffer_copy)(void *state, void *from, size_t from_offset, void *to,
                              size_t to_offset, size_t bytes);
  /* Sets every byte of the range to `value`, in order with the ops. */
  quern_status (*buffer_fill)(void *state, void *memory, size_t offset, size_t bytes,
                              uint8_t value);
  /* Waits for all queued work. */
  quern_status (*finish)(void *state);

  /* Optional, all three or none: whole training steps at once, for backends that then need fewer
   * launches than op by op. steps_create prepares what the steps of one network and batch size
   * need; *steps NULL means that op by op is better here, or that the backend lacks something the
   * network needs. `network` is read during the call only. */
  quern_status (*steps_create)(void *state, const quern_steps_network *network, void **steps);
  /* Called after all work queued with them is done, or if none was. */
  void (*steps_free)(void *state, void *steps);
  quern_status (*steps_run)(void *state, void *steps, const quern_steps_op *op);

  /* Optional. True if dense_backward_update supports every rule on this context; NULL counts as
   * true. If false, it supports plain SGD, and other optimizers need the gradients in memory, as
   * with QUERN_PLAN_GRADIENTS. */
  bool (*updates_in_one_pass)(void *state);

  /* Optional, all five or none: transfers to the device that overlap the ops, for staging.h, which
   * specifies the calls. If NULL, buffer_write is called in order. `offset` and `bytes` are the
   * part of `memory` to fill. */
  quern_status (*staging_create)(void *state, void *memory, size_t offset, size_t bytes,
                                 void **staging);
  void (*staging_free)(void *state, void *staging);
  quern_status (*staging_begin)(void *state, void *staging, void **memory);
  quern_status (*staging_send)(void *state, void *staging, size_t bytes);
  quern_status (*staging_release)(void *state, void *staging);

  /* Optional, all five or none: device memory whose contents are copied to the host and back while
   * ops run, e.g. gradients being reduced across ranks. If NULL, buffer_read and buffer_write are
   * called. `host` [bytes] has an address that is a multiple of 4096. It belongs to the caller and
   * stays valid until exchange_free and buffer_free have been called; a device that computes in
   * host memory may use it as its own. *memory is like that of buffer_create, and freed by
   * buffer_free before exchange_free. */
  quern_status (*exchange_create)(void *state, void *host, size_t bytes, void **exchange,
                                  void **memory);
  void (*exchange_free)(void *state, void *exchange);
  /* Starts copying all of it to the host, after what is queued so far. No op may use the memory
   * until exchange_put. */
  quern_status (*exchange_take)(void *state, void *exchange);
  /* Sets *taken if the copy has arrived; with `wait`, waits for it. From then on the caller may
   * read and write the host's part. */
  quern_status (*exchange_taken)(void *state, void *exchange, bool wait, bool *taken);
  /* Queues the copy back, before what is queued later. The host's part belongs to the caller again
   * after the next exchange_taken. */
  quern_status (*exchange_put)(void *state, void *exchange);

  /* The ops, one member each: see ops_list.h. */
#define QUERN_BACKEND_MEMBER(member, type, need, kind, name)                                       \
  quern_status (*member)(void *state, const type *op);
  QUERN_OPS(QUERN_BACKEND_MEMBER)
#undef QUERN_BACKEND_MEMBER
} quern_backend;

/* Registers a backend: its devices appear in every device list created later, before the reference,
 * under `name`. The table is copied; its functions and what they use must stay valid until it is
 * unregistered. Any thread may register. QUERN_ERROR_ARGUMENT: an invalid size, a required member
 * that is NULL, a name that is empty or taken. */
QUERN_API quern_status quern_backend_register(const quern_backend *backend);

/* Unregisters a backend. QUERN_ERROR_ARGUMENT: the name is not registered. QUERN_ERROR_BUSY: a
 * device list or context of the backend is alive. */
QUERN_API quern_status quern_backend_unregister(const char *name);

/* Returns the table of a backend by name, quern's own included, for backends that delegate to
 * another's functions; NULL if the name is unknown. Owned by quern. */
QUERN_API const quern_backend *quern_backend_find(const char *name);

/* Stores the formatted message for quern_last_error() on this thread, truncated to a fixed size,
 * newlines replaced by spaces. Returns `status`, so that a function fails by `return
 * quern_fail(QUERN_ERROR_UNSUPPORTED, "…", …)`. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
QUERN_API quern_status
quern_fail(quern_status status, const char *format, ...);

#ifdef __cplusplus
}
#endif
#endif
