/* The inside of the OpenCL backend: one context's state, and the one path by which kernels are launched. */
#ifndef QUERN_HOST_OPENCL_OPENCL_H
#define QUERN_HOST_OPENCL_OPENCL_H

#include "../backend.h"
#include "api.h"
#include "tuning.h"

/* X(family, file): kernels/<file>.cl, in the order in which a program's text has them. `update` and `philox` have no kernels. */
#define QUERN__FAMILIES(X)                                                                                   \
  X(update, update)                                                                                          \
  X(philox, philox)                                                                                          \
  X(dense_tile, dense_tile)                                                                                  \
  X(dense_forward, dense_forward)                                                                            \
  X(dense_backward_data, dense_backward_data)                                                                \
  X(dense_backward_weights, dense_backward_weights)                                                          \
  X(dense_group_large, dense_group)                                                                          \
  X(dense_group_medium, dense_group)                                                                         \
  X(dense_group_small, dense_group)                                                                          \
  X(dense_group_tiny, dense_group)                                                                           \
  X(activation, activation)                                                                                  \
  X(dropout, dropout)                                                                                        \
  X(normalization, normalization)                                                                            \
  X(softmax, softmax)                                                                                        \
  X(loss, loss)                                                                                              \
  X(optimizer, optimizer)                                                                                    \
  X(gather, gather)                                                                                          \
  X(measure, measure)                                                                                        \
  X(initial, initial)                                                                                        \
  X(steps, steps)                                                                                            \
  X(steps_columns, steps_columns)

typedef enum quern__family {
#define QUERN__FAMILY_VALUE(family, file) QUERN__FAMILY_##family,
  QUERN__FAMILIES(QUERN__FAMILY_VALUE)
#undef QUERN__FAMILY_VALUE
      QUERN__FAMILY_COUNT
} quern__family;

/* X(family, kernel): every kernel, and the family that holds it. */
#define QUERN__KERNELS(X)                                                                                    \
  X(dense_forward, dense_forward)                                                                            \
  X(dense_backward_data, dense_backward_data)                                                                \
  X(dense_backward_weights, dense_backward_weights)                                                          \
  X(dense_group_large, dense_group_large_forward)                                                            \
  X(dense_group_large, dense_group_large_backward_data)                                                      \
  X(dense_group_large, dense_group_large_backward_weights)                                                   \
  X(dense_group_medium, dense_group_medium_forward)                                                          \
  X(dense_group_medium, dense_group_medium_backward_data)                                                    \
  X(dense_group_medium, dense_group_medium_backward_weights)                                                 \
  X(dense_group_small, dense_group_small_forward)                                                            \
  X(dense_group_small, dense_group_small_backward_data)                                                      \
  X(dense_group_small, dense_group_small_backward_weights)                                                   \
  X(dense_group_tiny, dense_group_tiny_forward)                                                              \
  X(dense_group_tiny, dense_group_tiny_backward_data)                                                        \
  X(dense_group_tiny, dense_group_tiny_backward_weights)                                                     \
  X(activation, activation_forward)                                                                          \
  X(activation, activation_backward)                                                                         \
  X(dropout, dropout)                                                                                        \
  X(normalization, batch_norm_forward)                                                                       \
  X(normalization, batch_norm_inference)                                                                     \
  X(normalization, batch_norm_backward)                                                                      \
  X(normalization, batch_norm_moments)                                                                       \
  X(normalization, batch_norm_backward_parameters)                                                           \
  X(normalization, batch_norm_backward_data)                                                                 \
  X(normalization, layer_norm_forward)                                                                       \
  X(normalization, layer_norm_backward_data)                                                                 \
  X(normalization, layer_norm_backward_parameters)                                                           \
  X(softmax, softmax)                                                                                        \
  X(loss, softmax_cross_entropy)                                                                             \
  X(loss, elementwise_cross_entropy)                                                                         \
  X(loss, binary_cross_entropy)                                                                              \
  X(loss, mean_squared_error)                                                                                \
  X(loss, mean_absolute_error)                                                                               \
  X(loss, huber_loss)                                                                                        \
  X(loss, weighted_cross_entropy)                                                                            \
  X(loss, label_weights)                                                                                     \
  X(optimizer, sgd_update)                                                                                   \
  X(optimizer, clip_norm)                                                                                    \
  X(optimizer, optimizer_update)                                                                             \
  X(gather, gather_rows_float)                                                                               \
  X(gather, gather_rows_byte)                                                                                \
  X(gather, gather_labels)                                                                                   \
  X(gather, one_hot)                                                                                         \
  X(measure, argmax)                                                                                         \
  X(measure, count_correct)                                                                                  \
  X(measure, sum)                                                                                            \
  X(measure, sum_squares)                                                                                    \
  X(initial, fill)                                                                                           \
  X(initial, random_uniform)                                                                                 \
  X(steps, steps_rows)                                                                                       \
  X(steps, steps_weights)                                                                                    \
  X(steps, steps_serial)                                                                                     \
  X(steps_columns, steps_columns)

typedef enum quern__kernel {
#define QUERN__KERNEL_VALUE(family, kernel) QUERN__KERNEL_##kernel,
  QUERN__KERNELS(QUERN__KERNEL_VALUE)
#undef QUERN__KERNEL_VALUE
      QUERN__KERNEL_COUNT
} quern__kernel;

/* The backend's part of a context (quern_context.state). */
typedef struct quern__cl quern__cl;

/* The parameters that were chosen for this device. */
const quern__cl_tuning *quern__cl_tuning_of(const quern__cl *cl);

/* How many work-groups the device runs at once. */
size_t quern__cl_compute_units(const quern__cl *cl);

/* Arguments of one launch, in the order of the kernel's parameters. Start from {0}. A span is two parameters
 * of the kernel: the buffer, and a ulong offset in elements. A span of none passes a null buffer and 0. */
enum { QUERN__MAX_ARGUMENTS = 40 };
typedef struct quern__arguments {
  size_t count;
  struct {
    size_t size;
    union {
      cl_mem memory;
      cl_ulong ulong_;
      cl_uint uint_;
      cl_int int_;
      cl_float float_;
      cl_int2 int2;
      cl_float8 float8;
    } value;
  } list[QUERN__MAX_ARGUMENTS];
} quern__arguments;

void quern__push_span(quern__arguments *arguments, quern_span span);
void quern__push_memory(quern__arguments *arguments, cl_mem memory);
void quern__push_uint(quern__arguments *arguments, size_t value);
void quern__push_sizes(quern__arguments *arguments, size_t n, size_t in, size_t out); /* of a dense layer */
void quern__push_ulong(quern__arguments *arguments, uint64_t value);
void quern__push_int(quern__arguments *arguments, int value);
void quern__push_float(quern__arguments *arguments, float value);
/* UPDATE_PARAMETERS in kernels/update.cl: three of them. */
void quern__push_update(quern__arguments *arguments, const quern_update *update);
/* The buffer where kernels report labels and indices out of range: see kernels/common.cl. */
void quern__push_faults(quern__arguments *arguments, const quern__cl *cl);

/* Work-items wanted, and the work-group size; global sizes are rounded up to it, so a kernel checks its ids
 * against the sizes in its arguments. Local sizes are fixed for a kernel: implementations compile for each
 * one. */
typedef struct quern__range {
  cl_uint dimensions; /* 1 or 2 */
  size_t global[2];
  size_t local[2];
} quern__range;

/* A work-item for each of `items`; for each vector of `count` elements; for each vector of `columns` in each
 * of `rows`. */
quern__range quern__range_items(const quern__cl *cl, size_t items);
quern__range quern__range_vectors(const quern__cl *cl, size_t count);
quern__range quern__range_strips(const quern__cl *cl, size_t rows, size_t columns);

/* Builds the kernel if it was not yet, sets its arguments and queues it. */
quern_status quern__cl_launch(quern__cl *cl, quern__kernel kernel, quern__range range,
                              const quern__arguments *arguments);

/* The launchers, one for each op of the table: dense.c, activation.c, … */
quern_status quern__cl_dense_forward(void *state, const quern_dense_forward_op *op);
quern_status quern__cl_dense_backward_data(void *state, const quern_dense_backward_data_op *op);
quern_status quern__cl_dense_backward_weights(void *state, const quern_dense_backward_weights_op *op);
bool quern__cl_updates_in_one_pass(void *state);
quern_status quern__cl_dense_backward_update(void *state, const quern_dense_backward_update_op *op);
quern_status quern__cl_sgd_update(void *state, const quern_sgd_update_op *op);
quern_status quern__cl_activation_forward(void *state, const quern_activation_forward_op *op);
quern_status quern__cl_activation_backward(void *state, const quern_activation_backward_op *op);
quern_status quern__cl_dropout(void *state, const quern_dropout_op *op);
quern_status quern__cl_batch_norm_forward(void *state, const quern_batch_norm_forward_op *op);
quern_status quern__cl_batch_norm_inference(void *state, const quern_batch_norm_inference_op *op);
quern_status quern__cl_batch_norm_backward(void *state, const quern_norm_backward_op *op);
quern_status quern__cl_batch_norm_moments(void *state, const quern_batch_norm_moments_op *op);
quern_status quern__cl_batch_norm_backward_parameters(void *state, const quern_norm_backward_op *op);
quern_status quern__cl_batch_norm_backward_data(void *state, const quern_batch_norm_backward_data_op *op);
quern_status quern__cl_layer_norm_forward(void *state, const quern_layer_norm_forward_op *op);
quern_status quern__cl_layer_norm_backward(void *state, const quern_norm_backward_op *op);
quern_status quern__cl_softmax(void *state, const quern_softmax_op *op);
quern_status quern__cl_softmax_cross_entropy(void *state, const quern_loss_op *op);
quern_status quern__cl_elementwise_cross_entropy(void *state, const quern_loss_op *op);
quern_status quern__cl_binary_cross_entropy(void *state, const quern_loss_op *op);
quern_status quern__cl_mean_squared_error(void *state, const quern_loss_op *op);
quern_status quern__cl_mean_absolute_error(void *state, const quern_loss_op *op);
quern_status quern__cl_huber_loss(void *state, const quern_huber_op *op);
quern_status quern__cl_weighted_cross_entropy(void *state, const quern_weighted_loss_op *op);
quern_status quern__cl_label_weights(void *state, const quern_label_weights_op *op);
quern_status quern__cl_gather_rows(void *state, const quern_gather_rows_op *op);
quern_status quern__cl_gather_labels(void *state, const quern_gather_labels_op *op);
quern_status quern__cl_one_hot(void *state, const quern_one_hot_op *op);
quern_status quern__cl_argmax(void *state, const quern_argmax_op *op);
quern_status quern__cl_count_correct(void *state, const quern_count_correct_op *op);
quern_status quern__cl_sum(void *state, const quern_sum_op *op);
quern_status quern__cl_sum_squares(void *state, const quern_sum_squares_op *op);
quern_status quern__cl_clip_norm(void *state, const quern_clip_norm_op *op);
quern_status quern__cl_optimizer_update(void *state, const quern_optimizer_update_op *op);
quern_status quern__cl_fill(void *state, const quern_fill_op *op);
quern_status quern__cl_random_uniform(void *state, const quern_random_uniform_op *op);
quern_status quern__cl_steps_create(void *state, const quern_steps_layer *layers, size_t layer_count,
                                    size_t batch, size_t kept, void **steps);
void quern__cl_steps_free(void *state, void *steps);
quern_status quern__cl_steps_run(void *state, void *steps, const quern_steps_op *op);

#endif
