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

#include <quern/ops.h>
#include <quern/ops_list.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A backend's memory object (from buffer_create) and the first element in it. memory NULL: none. */
typedef struct quern_span {
  void *memory;
  size_t offset; /* in elements of the op's type */
} quern_span;

typedef struct quern_dense_forward_op {
  size_t n, in, out;
  quern_span x, w, b; /* b may be none */
  quern_activation activation;
  quern_span y;
} quern_dense_forward_op;

typedef struct quern_dense_backward_data_op {
  size_t n, in, out;
  quern_span dz, w, h; /* h none for QUERN_ACTIVATION_IDENTITY; dx may be h */
  quern_activation activation;
  bool accumulate;
  quern_span dx;
} quern_dense_backward_data_op;

/* update false: writes the gradients to dw and db, added if accumulate. update true: dw and db are
 * the parameters and take an SGD step; accumulate is false. */
typedef struct quern_dense_backward_weights_op {
  size_t n, in, out;
  quern_span x, dz;
  bool accumulate;
  bool update;
  quern_sgd sgd;
  quern_span dw, db; /* either may be none, not both */
} quern_dense_backward_weights_op;

/* The values of an optimizer step, computed in double once for all parameters and rounded to
 * floats. For a gradient g of a parameter p, with m and v the optimizer's state:
 *
 *   g ← g + decay p
 *   v ← square_decay v + square_gain g²,   d = √v correction + epsilon
 *       for ADAM, RMSPROP and RMSPROP_MOMENTUM
 *
 *   SGD                p ← p - rate g
 *   MOMENTUM           m ← momentum m + g           p ← p - rate m
 *   NESTEROV           m ← momentum m + g           p ← p - rate (g + momentum m)
 *   ADAM               m ← momentum m + gain g      p ← keep p - rate m / d
 *   RMSPROP                                         p ← p - rate g / d
 *   RMSPROP_MOMENTUM   m ← momentum m + g / d       p ← p - rate m
 *
 * A backend returns QUERN_ERROR_UNSUPPORTED for a rule it does not know.
 * kernels/optimizer/update.cl has the same layout. */
typedef enum quern_update_rule {
  QUERN_UPDATE_SGD,
  QUERN_UPDATE_MOMENTUM,
  QUERN_UPDATE_NESTEROV,
  QUERN_UPDATE_ADAM,
  QUERN_UPDATE_RMSPROP,
  QUERN_UPDATE_RMSPROP_MOMENTUM
} quern_update_rule;

typedef struct quern_update {
  int32_t rule; /* quern_update_rule */
  /* 0: biases use decay 0 and keep 1. Read only by ops that update weights and biases together. */
  int32_t decays_bias;
  float rate, decay, keep;
  float momentum, gain;
  float square_decay, square_gain, correction, epsilon;
} quern_update;

/* momentum and square are none if the rule does not read them. */
typedef struct quern_optimizer_update_op {
  size_t count;
  quern_update update; /* for all `count` elements: decays_bias is ignored */
  quern_span gradients, parameters, momentum, square;
} quern_optimizer_update_op;

typedef struct quern_dense_backward_update_op {
  size_t n, in, out;
  quern_span x, dz;
  quern_update update;
  quern_span w, w_momentum, w_square;
  quern_span b, b_momentum, b_square; /* w or b may be none, not both */
} quern_dense_backward_update_op;

typedef struct quern_activation_forward_op {
  size_t count;
  quern_activation activation;
  quern_span z, h; /* h may be z */
} quern_activation_forward_op;

typedef struct quern_activation_backward_op {
  size_t count;
  quern_activation activation;
  quern_span dh, h, dz; /* dz may be dh or h */
} quern_activation_backward_op;

typedef struct quern_dropout_op {
  size_t n, units;
  uint32_t key[2];    /* identifies the mask of this step and layer */
  uint32_t first_row; /* first_row + n <= 2^32 */
  uint32_t threshold; /* a word below it drops */
  float scale;        /* of kept values */
  quern_span x, y;    /* y may be x */
} quern_dropout_op;

typedef struct quern_batch_norm_forward_op {
  size_t n, units;
  float epsilon, momentum;
  quern_span x, gamma, beta;
  quern_span running_mean, running_variance; /* both none, or neither */
  quern_span mean, inv_std, y;               /* y may be x */
} quern_batch_norm_forward_op;

typedef struct quern_batch_norm_moments_op {
  size_t n, units;
  quern_span x, mean, squares;
} quern_batch_norm_moments_op;

typedef struct quern_batch_norm_inference_op {
  size_t n, units;
  float epsilon;
  quern_span x, gamma, beta, mean, variance, y; /* y may be x */
} quern_batch_norm_inference_op;

typedef struct quern_layer_norm_forward_op {
  size_t n, units;
  float epsilon;
  quern_span x, gamma, beta;
  quern_span mean, inv_std; /* both none, or neither */
  quern_span y;             /* may be x */
} quern_layer_norm_forward_op;

/* For batch and layer normalization: mean and inv_std are per column or per row. */
typedef struct quern_norm_backward_op {
  size_t n, units;
  /* dx may be dy; gamma and dx are none in batch_norm_backward_parameters */
  quern_span dy, x, gamma, mean, inv_std, dx;
  quern_span dgamma, dbeta; /* both may be none for layer normalization */
} quern_norm_backward_op;

typedef struct quern_batch_norm_backward_data_op {
  size_t n, units;
  float samples; /* of the batch, n or more */
  quern_span dy, x, gamma, mean, inv_std, dgamma, dbeta;
  quern_span dx; /* may be dy */
} quern_batch_norm_backward_data_op;

typedef struct quern_softmax_op {
  size_t n, k;
  quern_span z, o; /* o may be z */
} quern_softmax_op;

typedef struct quern_loss_op {
  size_t n, k;
  quern_span z;
  quern_span target; /* labels int32 [n] for softmax_cross_entropy, else float [n][k] */
  float scale;
  quern_span losses, dz; /* either may be none, not both; dz may be z */
} quern_loss_op;

typedef struct quern_huber_op {
  quern_loss_op loss;
  float delta;
} quern_huber_op;

typedef struct quern_weighted_loss_op {
  quern_loss_op loss;              /* target: labels */
  quern_span class_weights, total; /* either both or none */
  float smoothing;
} quern_weighted_loss_op;

typedef struct quern_label_weights_op {
  size_t n, k;
  quern_span labels, class_weights, weights;
} quern_label_weights_op;

typedef struct quern_sgd_update_op {
  size_t count;
  quern_sgd sgd;
  quern_span gradients, parameters;
} quern_sgd_update_op;

typedef struct quern_gather_rows_op {
  size_t source_rows, n, columns;
  quern_element element;
  quern_span source, indices;
  float scale, offset;
  quern_span x;
} quern_gather_rows_op;

typedef struct quern_gather_labels_op {
  size_t source_rows, n;
  quern_span source, indices, out;
} quern_gather_labels_op;

typedef struct quern_one_hot_op {
  size_t n, k;
  quern_span labels, y;
} quern_one_hot_op;

typedef struct quern_argmax_op {
  size_t n, k;
  quern_span z, classes;
} quern_argmax_op;

typedef struct quern_count_correct_op {
  size_t n;
  bool accumulate;
  quern_span classes, labels, count;
} quern_count_correct_op;

typedef struct quern_sum_op {
  size_t count;
  quern_span x, sum;
} quern_sum_op;

typedef struct quern_sum_squares_op {
  size_t count, parts;
  quern_span x, squares;
} quern_sum_squares_op;

typedef struct quern_clip_norm_op {
  size_t count;
  float max_norm;
  quern_span squares, x;
} quern_clip_norm_op;

typedef struct quern_fill_op {
  size_t count;
  float value;
  quern_span x;
} quern_fill_op;

typedef struct quern_random_uniform_op {
  size_t count;
  uint64_t seed;
  uint32_t stream;
  float low, scale; /* scale = (high - low) 2^-24 */
  quern_span x;
} quern_random_uniform_op;

/* A layer of a network trained in whole steps. `weights` and `bias` are element offsets into the
 * flat parameters. `output` is one into the outputs, which hold H of a batch, [batch][out] per
 * layer; dZ has the same layout. */
typedef struct quern_steps_layer {
  size_t in, out;
  quern_activation activation;
  size_t weights, bias, output;
  bool learns_weights, learns_bias;
} quern_steps_layer;

/* Training steps under categorical cross-entropy of the last layer, whose activation is the
 * identity. The n samples are split into consecutive batches, the last possibly smaller. Sample i
 * of a step is row indices[i] of the source, gathered into x and batch_labels. Without indices it
 * is row i, the source is floats, and n is one batch. */
typedef struct quern_steps_op {
  size_t n, source_rows;
  quern_element element;
  float scale, offset;                /* of gathered samples: see quern_gather_rows */
  const quern_update *updates;        /* one per step; valid during the call only */
  quern_span update_rows;             /* the same on the device; may be none */
  quern_span source, labels, indices; /* indices may be none */
  quern_span x, batch_labels;         /* none without indices */
  quern_span parameters, outputs, dz;
  quern_span momentum, square; /* laid out like the parameters; none if no update reads it */
  quern_span losses;           /* one float per sample; may be none */
} quern_steps_op;

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

  quern_status (*buffer_create)(void *state, size_t bytes, void **memory);
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
  quern_status (*finish)(void *state);

  /* Optional, all three or none: whole training steps at once, for backends that then need fewer
   * launches than op by op. steps_create prepares what the steps of one network and batch size
   * need; *steps NULL means that op by op is better here. `kept` is the number of optimizer state
   * ranges, each as long as the parameters: 0 to 2. `layers` is read during the call only. */
  quern_status (*steps_create)(void *state, const quern_steps_layer *layers, size_t layer_count,
                               size_t batch, size_t kept, void **steps);
  /* Called after all work queued with them is done, or if none was. */
  void (*steps_free)(void *state, void *steps);
  quern_status (*steps_run)(void *state, void *steps, const quern_steps_op *op);

  /* Optional. True if dense_backward_update supports every optimizer on this context; NULL counts
   * as true. If false, optimizers other than plain SGD need the gradients in memory, as with
   * QUERN_PLAN_GRADIENTS. */
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
