/* Advanced: the backend table, which is what executes ops on a device. quern's own two backends,
 * `opencl` and `reference`, are such tables; a program that registers one of its own runs quern's
 * networks on it.
 *
 * Contract for every member, unless it says otherwise:
 *  - Arguments have been checked by the layer above: shapes fit, ranges lie inside their buffers,
 *    nothing overlaps that must not, dimensions are 1 … 2^31 - 1, required spans have a memory.
 *  - Ops queue their work in order and return; only `finish` and waiting reads and writes wait. No
 *    op allocates device memory.
 *  - The result is the same bits every time on the same device.
 *  - A failure returns its status after quern_fail() has said what a person needs.
 *  - A label or index out of range is found by the device: it is never used as an index, the op's
 *    header says what is written instead, and the next `finish` or waiting read or write reports
 *    it, once, as QUERN_ERROR_DATA.
 *  - One thread at a time calls with the same `state`, buffer_free excepted; calls with different
 *    states run side by side.
 *
 * Shapes and formulas are those of ops.h; they are not repeated here.
 *
 * Growth: structs grow at their ends only. A table says by `size` how much of it its program knew;
 * members past that are taken for NULL, and members that come later are optional. The fields that
 * come later in the structs of ops mean, at zero, what was meant before them; where that is not
 * possible the op gets a new member. Activations may become more: one that a backend does not know
 * is QUERN_ERROR_UNSUPPORTED. */
#ifndef QUERN_BACKEND_H
#define QUERN_BACKEND_H

#include <quern/ops.h>
#include <quern/ops_list.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A backend's own memory object (what buffer_create made) and the first element meant in it. memory
 * NULL: none. */
typedef struct quern_span {
  void *memory;
  size_t offset; /* in elements of the type that the op reads there */
} quern_span;

typedef struct quern_dense_forward_op {
  size_t n, in, out;
  quern_span x, w, b; /* b may be none */
  quern_activation activation;
  quern_span y;
} quern_dense_forward_op;

typedef struct quern_dense_backward_data_op {
  size_t n, in, out;
  quern_span dz, w, h; /* h none with QUERN_ACTIVATION_IDENTITY; dx may be h */
  quern_activation activation;
  bool accumulate;
  quern_span dx;
} quern_dense_backward_data_op;

/* Gradients out (update false): dw, db get the gradient, added to when accumulate.
 * Update in place (update true): dw and db are the parameters, which take an SGD step; accumulate
 * is false. */
typedef struct quern_dense_backward_weights_op {
  size_t n, in, out;
  quern_span x, dz;
  bool accumulate;
  bool update;
  quern_sgd sgd;
  quern_span dw, db; /* either may be none, not both */
} quern_dense_backward_weights_op;

/* A step of an optimizer, in numbers: worked out in double, once for all parameters, and rounded to
 * floats. For a gradient g of a parameter p, with m and v what the optimizer keeps of it:
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
 * A backend that does not know a rule fails with QUERN_ERROR_UNSUPPORTED.
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
  /* 0: for biases decay is 0 and keep is 1. Read where weights and biases come together */
  int32_t decays_bias;
  float rate, decay, keep;
  float momentum, gain;
  float square_decay, square_gain, correction, epsilon;
} quern_update;

/* What the optimizer keeps: none where the rule does not read it. */
typedef struct quern_optimizer_update_op {
  size_t count;
  quern_update update; /* of all `count`: decays_bias is not read */
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
  uint32_t key[2];    /* of the step's and the layer's own masks */
  uint32_t first_row; /* first_row + n <= 2^32 */
  uint32_t threshold; /* a word below it drops */
  float scale;        /* of what is kept */
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

/* Of both: mean and inv_std are of the columns or of the rows. */
typedef struct quern_norm_backward_op {
  size_t n, units;
  /* dx may be dy; gamma and dx are none in batch_norm_backward_parameters */
  quern_span dy, x, gamma, mean, inv_std, dx;
  quern_span dgamma, dbeta; /* of layer normalization both may be none */
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

/* A layer of a network that learns in whole steps. `weights` and `bias` are elements of the flat
 * parameters, `output` of the outputs: H of a batch, [batch][out] a layer, which is also how dZ is
 * laid out. */
typedef struct quern_steps_layer {
  size_t in, out;
  quern_activation activation;
  size_t weights, bias, output;
  bool learns_weights, learns_bias;
} quern_steps_layer;

/* Training steps under categorical cross-entropy of the last layer, whose activation is the
 * identity: n samples, a batch after the other, the last one as small as what is left. Sample i of
 * a step is row indices[i] of the source, gathered into x and batch_labels; without indices it is
 * row i, the source is floats, and n is one batch. */
typedef struct quern_steps_op {
  size_t n, source_rows;
  quern_element element;
  float scale, offset;                /* of gathered samples: see quern_gather_rows */
  const quern_update *updates;        /* one a step; of the call alone */
  quern_span update_rows;             /* the same ones on the device; may be none */
  quern_span source, labels, indices; /* indices may be none */
  quern_span x, batch_labels;         /* none without indices */
  quern_span parameters, outputs, dz;
  quern_span momentum, square; /* laid out like the parameters; none where no update reads it */
  quern_span losses;           /* a float a sample; may be none */
} quern_steps_op;

/* Receives each device that a backend finds. info's strings are copied by the callee; `handle` is
 * the backend's own name for the device (a cl_device_id), valid for `open` as long as the process
 * lives. */
typedef quern_status (*quern_device_sink)(void *list, const quern_device_info *info, void *handle);

typedef struct quern_backend {
  size_t size; /* sizeof(quern_backend) */

  const char *name; /* "opencl", "reference": one plain word, no two backends alike */

  /* Calls sink for each device, in any order, and passes on its failures. A backend that cannot run
   * here (no loader) calls it for none, writes one plain line why into note (note_size bytes) and
   * returns QUERN_OK. Of info, `backend` is set by quern, and so are the indices, but for
   * OpenCL. */
  quern_status (*enumerate)(quern_device_sink sink, void *list, char *note, size_t note_size);

  /* Makes a device ready: *state is the backend's part of a context. info lives as long as the
   * context. */
  quern_status (*open)(const quern_device_info *info, void *handle, void **state);
  /* Waits for what is queued and lets go of everything. */
  void (*close)(void *state);
  /* Optional (NULL: there is never a log). The last failing or warning kernel build's whole log; ""
   * for none. */
  const char *(*build_log)(const void *state);

  /* Whether a context goes on working in the child of a fork(). Where it does not, quern calls
   * nothing with a state that was opened before the fork, and the child's calls fail with
   * QUERN_ERROR_FORKED. */
  bool survives_fork;

  quern_status (*buffer_create)(void *state, size_t bytes, void **memory);
  void (*buffer_free)(void *state, void *memory);
  /* Offsets in bytes. */
  quern_status (*buffer_write)(void *state, void *memory, size_t offset, size_t bytes,
                               const void *data, bool wait);
  quern_status (*buffer_read)(void *state, void *memory, size_t offset, size_t bytes, void *data,
                              bool wait);
  quern_status (*buffer_copy)(void *state, void *from, size_t from_offset, void *to,
                              size_t to_offset, size_t bytes);
  /* Every byte of the range becomes `value`, in order with the ops. */
  quern_status (*buffer_fill)(void *state, void *memory, size_t offset, size_t bytes,
                              uint8_t value);
  quern_status (*finish)(void *state);

  /* Optional, all three or none: whole training steps at once, for a backend that then needs fewer
   * launches than op by op. Makes what the steps of one network and batch size need; *steps NULL:
   * op by op is better here. `kept` is how many ranges as long as the parameters the optimizer
   * keeps: 0 to 2. `layers` may go away afterward. */
  quern_status (*steps_create)(void *state, const quern_steps_layer *layers, size_t layer_count,
                               size_t batch, size_t kept, void **steps);
  /* After all that was queued with them is done, or nothing was. */
  void (*steps_free)(void *state, void *steps);
  quern_status (*steps_run)(void *state, void *steps, const quern_steps_op *op);

  /* Optional. True if dense_backward_update takes every optimizer on this context; NULL means that
   * it does. If false, optimizers other than plain SGD need the gradients in memory, as with
   * QUERN_PLAN_GRADIENTS. */
  bool (*updates_in_one_pass)(void *state);

  /* Optional, all five or none: data on their way to the device beside the ops, for staging.h,
   * which says what the calls mean; without them buffer_write is called in order. `offset` and
   * `bytes` are the part of `memory` that is filled. */
  quern_status (*staging_create)(void *state, void *memory, size_t offset, size_t bytes,
                                 void **staging);
  void (*staging_free)(void *state, void *staging);
  quern_status (*staging_begin)(void *state, void *staging, void **memory);
  quern_status (*staging_send)(void *state, void *staging, size_t bytes);
  quern_status (*staging_release)(void *state, void *staging);

  /* Optional, all five or none: device memory whose contents go to the host and come back beside
   * the ops, as gradients do on their way through other ranks; without them buffer_read and
   * buffer_write are called. `host` [bytes], whose address is a multiple of 4096, is the caller's,
   * and stays until exchange_free and buffer_free have been called: where a device computes in host
   * memory, it may be the device's too. *memory is as of buffer_create, and freed by buffer_free,
   * before exchange_free. */
  quern_status (*exchange_create)(void *state, void *host, size_t bytes, void **exchange,
                                  void **memory);
  void (*exchange_free)(void *state, void *exchange);
  /* Begins to bring all of it to the host, after what is queued by now. No op may use it from here
   * until it was put back. */
  quern_status (*exchange_take)(void *state, void *exchange);
  /* Whether it is there, from where on the host's part is the caller's to read and write; with
   * `wait`, once it is. */
  quern_status (*exchange_taken)(void *state, void *exchange, bool wait, bool *taken);
  /* Queues its way back, before what is queued from here on. The host's part is the caller's again
   * after the next exchange_taken. */
  quern_status (*exchange_put)(void *state, void *exchange);

  /* The ops, one member each: see ops_list.h. */
#define QUERN_BACKEND_MEMBER(member, type, need, kind, name)                                       \
  quern_status (*member)(void *state, const type *op);
  QUERN_OPS(QUERN_BACKEND_MEMBER)
#undef QUERN_BACKEND_MEMBER
} quern_backend;

/* Adds a table to the backends: the devices that it enumerates are in every device list made from
 * then on, before the reference, under `name`. The table is copied; the functions and whatever they
 * use must stay where they are until it is unregistered. QUERN_ERROR_ARGUMENT for a size that is
 * none, for a required member that is NULL, for a name that is empty or taken. Any thread may
 * register. */
QUERN_API quern_status quern_backend_register(const quern_backend *backend);

/* Takes a registered backend off the list. QUERN_ERROR_ARGUMENT for a name that was not registered,
 * and QUERN_ERROR_BUSY while a device list or a context of the backend is alive. */
QUERN_API quern_status quern_backend_unregister(const char *name);

/* The table of a backend by its name, also of quern's own, for a backend that does some of its work
 * with another's functions; NULL for a name that is none. Owned by quern. */
QUERN_API const quern_backend *quern_backend_find(const char *name);

/* Stores the formatted line for quern_last_error() on this thread, cut at its fixed size, newlines
 * made blanks, and returns `status`: `return quern_fail(QUERN_ERROR_UNSUPPORTED, "…", …)` is the
 * whole of failing. */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
QUERN_API quern_status
quern_fail(quern_status status, const char *format, ...);

#ifdef __cplusplus
}
#endif
#endif
