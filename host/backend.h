/* The backend table: what executes ops on a device.
 *
 * Contract for every member, unless it says otherwise:
 *  - Arguments have been checked by the layer above (host/ops/): shapes fit, ranges lie inside their buffers,
 * nothing overlaps that must not, dimensions are 1 … 2^31 - 1, required spans have a memory.
 *  - Ops queue their work in order and return; only `finish` and waiting reads and writes wait. No op
 * allocates device memory.
 *  - The result is the same bits every time on the same device.
 *  - A failure returns its status after quern__fail() has said what a person needs.
 *  - A label or index out of range is found by the device: it is never used as an index, the op's header says
 * what is written instead, and the next `finish` or waiting read or write reports it, once, as
 * QUERN_ERROR_DATA.
 *
 * Shapes and formulas are those of include/quern/ops.h; they are not repeated here. */
#ifndef QUERN_HOST_BACKEND_H
#define QUERN_HOST_BACKEND_H

#include <quern/ops.h>

/* A backend's own memory object (what buffer_create made) and the first element meant in it. memory NULL:
 * none. */
typedef struct quern__span {
  void *memory;
  size_t offset; /* in elements of the type that the op reads there */
} quern__span;

typedef struct quern__dense_forward {
  size_t n, in, out;
  quern__span x, w, b; /* b may be none */
  quern_activation activation;
  quern__span y;
} quern__dense_forward;

typedef struct quern__dense_backward_data {
  size_t n, in, out;
  quern__span dz, w, h; /* h none with QUERN_IDENTITY; dx may be h */
  quern_activation activation;
  bool accumulate;
  quern__span dx;
} quern__dense_backward_data;

/* Gradients out (update false): dw, db get the gradient, added to when accumulate.
 * Update in place (update true): dw and db are the parameters, which take an SGD step; accumulate is false.
 */
typedef struct quern__dense_backward_weights {
  size_t n, in, out;
  quern__span x, dz;
  bool accumulate;
  bool update;
  quern_sgd sgd;
  quern__span dw, db; /* either may be none, not both */
} quern__dense_backward_weights;

typedef struct quern__activation_forward {
  size_t count;
  quern_activation activation;
  quern__span z, h; /* h may be z */
} quern__activation_forward;

typedef struct quern__activation_backward {
  size_t count;
  quern_activation activation;
  quern__span dh, h, dz; /* dz may be dh or h */
} quern__activation_backward;

typedef struct quern__softmax {
  size_t n, k;
  quern__span z, o; /* o may be z */
} quern__softmax;

typedef struct quern__loss {
  size_t n, k;
  quern__span z;
  quern__span target; /* labels int32 [n] for softmax_cross_entropy, else float [n][k] */
  float scale;
  quern__span losses, dz; /* either may be none, not both; dz may be z */
} quern__loss;

typedef struct quern__sgd_update {
  size_t count;
  quern_sgd sgd;
  quern__span gradients, parameters;
} quern__sgd_update;

typedef struct quern__gather_rows {
  size_t source_rows, n, columns;
  quern_element element;
  quern__span source, indices;
  float scale, offset;
  quern__span x;
} quern__gather_rows;

typedef struct quern__gather_labels {
  size_t source_rows, n;
  quern__span source, indices, out;
} quern__gather_labels;

typedef struct quern__one_hot {
  size_t n, k;
  quern__span labels, y;
} quern__one_hot;

typedef struct quern__argmax {
  size_t n, k;
  quern__span z, classes;
} quern__argmax;

typedef struct quern__count_correct {
  size_t n;
  bool accumulate;
  quern__span classes, labels, count;
} quern__count_correct;

typedef struct quern__sum {
  size_t count;
  quern__span x, sum;
} quern__sum;

typedef struct quern__fill {
  size_t count;
  float value;
  quern__span x;
} quern__fill;

typedef struct quern__random_uniform {
  size_t count;
  uint64_t seed;
  uint32_t stream;
  float low, scale; /* scale = (high - low) 2^-24 */
  quern__span x;
} quern__random_uniform;

/* Receives each device that a backend finds. info's strings are copied by the callee; `handle` is the
 * backend's own name for the device (a cl_device_id), valid for `open` as long as the process lives. */
typedef quern_status (*quern__device_sink)(void *list, const quern_device_info *info, void *handle);

typedef struct quern__backend {
  const char *name; /* "opencl", "reference" */

  /* Calls sink for each device, in any order. A backend that cannot run here (no loader) calls it
   * for none, writes one plain line why into note (note_size bytes) and returns QUERN_OK. */
  quern_status (*enumerate)(quern__device_sink sink, void *list, char *note, size_t note_size);

  /* Makes a device ready: *state is the backend's part of a context. */
  quern_status (*open)(const quern_device_info *info, void *handle, void **state);
  /* Waits for what is queued and lets go of everything. */
  void (*close)(void *state);
  /* Optional (NULL: there is never a log). The last failing or warning kernel build's whole log; "" for none.
   */
  const char *(*build_log)(const void *state);

  quern_status (*buffer_create)(void *state, size_t bytes, void **memory);
  void (*buffer_free)(void *state, void *memory);
  /* Offsets in bytes. */
  quern_status (*buffer_write)(void *state, void *memory, size_t offset, size_t bytes, const void *data,
                               bool wait);
  quern_status (*buffer_read)(void *state, void *memory, size_t offset, size_t bytes, void *data, bool wait);
  quern_status (*buffer_copy)(void *state, void *from, size_t from_offset, void *to, size_t to_offset,
                              size_t bytes);
  quern_status (*finish)(void *state);

  quern_status (*dense_forward)(void *state, const quern__dense_forward *op);
  quern_status (*dense_backward_data)(void *state, const quern__dense_backward_data *op);
  quern_status (*dense_backward_weights)(void *state, const quern__dense_backward_weights *op);
  quern_status (*sgd_update)(void *state, const quern__sgd_update *op);
  quern_status (*activation_forward)(void *state, const quern__activation_forward *op);
  quern_status (*activation_backward)(void *state, const quern__activation_backward *op);
  quern_status (*softmax)(void *state, const quern__softmax *op);
  quern_status (*softmax_cross_entropy)(void *state, const quern__loss *op);
  quern_status (*elementwise_cross_entropy)(void *state, const quern__loss *op);
  quern_status (*binary_cross_entropy)(void *state, const quern__loss *op);
  quern_status (*mean_squared_error)(void *state, const quern__loss *op);
  quern_status (*gather_rows)(void *state, const quern__gather_rows *op);
  quern_status (*gather_labels)(void *state, const quern__gather_labels *op);
  quern_status (*one_hot)(void *state, const quern__one_hot *op);
  quern_status (*argmax)(void *state, const quern__argmax *op);
  quern_status (*count_correct)(void *state, const quern__count_correct *op);
  quern_status (*sum)(void *state, const quern__sum *op);
  quern_status (*fill)(void *state, const quern__fill *op);
  quern_status (*random_uniform)(void *state, const quern__random_uniform *op);
} quern__backend;

extern const quern__backend quern__reference_backend;
extern const quern__backend quern__opencl_backend;

#endif
