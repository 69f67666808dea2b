/* Inside the OpenCL backend: families, kernels, launchers, and the function that launches
 * kernels. */
#ifndef QUERN_HOST_OPENCL_OPENCL_H
#define QUERN_HOST_OPENCL_OPENCL_H

#include "../device/backend.h"
#include "api.h"
#include "arguments.h"
#include "tuning.h"

/* X(family, file): kernels/…/<file>.cl, in the order of a program's text. `optimizer_rules`,
 * `philox`, `interleave`, `loss_row` and `fused_steps` have no kernels. */
#define QUERN__FAMILIES(X)                                                                         \
  X(optimizer_rules, optimizer_rules)                                                              \
  X(philox, philox)                                                                                \
  X(interleave, interleave)                                                                        \
  X(dense_tile, dense_tile)                                                                        \
  X(dense_forward, dense_forward)                                                                  \
  X(dense_backward_data, dense_backward_data)                                                      \
  X(dense_backward_weights, dense_backward_weights)                                                \
  X(dense_group_large, dense_group)                                                                \
  X(dense_group_medium, dense_group)                                                               \
  X(dense_group_small, dense_group)                                                                \
  X(dense_group_tiny, dense_group)                                                                 \
  X(activation, activation)                                                                        \
  X(dropout, dropout)                                                                              \
  X(normalization, normalization)                                                                  \
  X(softmax, softmax)                                                                              \
  X(loss_row, loss_row)                                                                            \
  X(loss, loss)                                                                                    \
  X(optimizer, optimizer)                                                                          \
  X(gather, gather)                                                                                \
  X(measure, measure)                                                                              \
  X(initial, initial)                                                                              \
  X(fused_steps, fused_steps)                                                                      \
  X(fused_steps_kernels, fused_steps_kernels)                                                      \
  X(fused_steps_columns, fused_steps_columns)

typedef enum quern__family {
#define QUERN__FAMILY_VALUE(family, file) QUERN__FAMILY_##family,
  QUERN__FAMILIES(QUERN__FAMILY_VALUE)
#undef QUERN__FAMILY_VALUE
      QUERN__FAMILY_COUNT
} quern__family;

/* What is built at once. program_source.c lists each one's families. */
typedef enum quern__program {
  QUERN__PROGRAM_EVALUATION,
  QUERN__PROGRAM_BACKWARD,
  QUERN__PROGRAM_NORMALIZATION,
  QUERN__PROGRAM_FUSED_STEPS,
  QUERN__PROGRAM_FUSED_STEPS_COLUMNS,
  QUERN__PROGRAM_DENSE_GROUP_LARGE,
  QUERN__PROGRAM_DENSE_GROUP_MEDIUM,
  QUERN__PROGRAM_DENSE_GROUP_SMALL,
  QUERN__PROGRAM_DENSE_GROUP_TINY,
  QUERN__PROGRAM_COUNT
} quern__program;

/* X(family, kernel): every kernel, with its family. */
#define QUERN__KERNELS(X)                                                                          \
  X(dense_forward, dense_forward)                                                                  \
  X(dense_backward_data, dense_backward_data)                                                      \
  X(dense_backward_weights, dense_backward_weights)                                                \
  X(dense_group_large, dense_group_large_forward)                                                  \
  X(dense_group_large, dense_group_large_backward_data)                                            \
  X(dense_group_large, dense_group_large_backward_weights)                                         \
  X(dense_group_medium, dense_group_medium_forward)                                                \
  X(dense_group_medium, dense_group_medium_backward_data)                                          \
  X(dense_group_medium, dense_group_medium_backward_weights)                                       \
  X(dense_group_small, dense_group_small_forward)                                                  \
  X(dense_group_small, dense_group_small_backward_data)                                            \
  X(dense_group_small, dense_group_small_backward_weights)                                         \
  X(dense_group_tiny, dense_group_tiny_forward)                                                    \
  X(dense_group_tiny, dense_group_tiny_backward_data)                                              \
  X(dense_group_tiny, dense_group_tiny_backward_weights)                                           \
  X(activation, activation_forward)                                                                \
  X(activation, activation_backward)                                                               \
  X(dropout, dropout)                                                                              \
  X(normalization, batch_norm_forward)                                                             \
  X(normalization, batch_norm_inference)                                                           \
  X(normalization, batch_norm_backward)                                                            \
  X(normalization, batch_norm_moments)                                                             \
  X(normalization, batch_norm_backward_parameters)                                                 \
  X(normalization, batch_norm_backward_data)                                                       \
  X(normalization, layer_norm_forward)                                                             \
  X(normalization, layer_norm_backward_data)                                                       \
  X(normalization, layer_norm_backward_parameters)                                                 \
  X(softmax, softmax)                                                                              \
  X(loss, softmax_cross_entropy)                                                                   \
  X(loss, elementwise_cross_entropy)                                                               \
  X(loss, binary_cross_entropy)                                                                    \
  X(loss, mean_squared_error)                                                                      \
  X(loss, mean_absolute_error)                                                                     \
  X(loss, huber_loss)                                                                              \
  X(loss, weighted_cross_entropy)                                                                  \
  X(loss, label_weights)                                                                           \
  X(optimizer, clip_norm)                                                                          \
  X(optimizer, optimizer_update_sgd)                                                               \
  X(optimizer, optimizer_update_momentum)                                                          \
  X(optimizer, optimizer_update_nesterov)                                                          \
  X(optimizer, optimizer_update_adam)                                                              \
  X(optimizer, optimizer_update_rmsprop)                                                           \
  X(optimizer, optimizer_update_rmsprop_momentum)                                                  \
  X(gather, gather_rows_float)                                                                     \
  X(gather, gather_rows_byte)                                                                      \
  X(gather, gather_labels)                                                                         \
  X(gather, one_hot)                                                                               \
  X(measure, argmax)                                                                               \
  X(measure, count_correct)                                                                        \
  X(measure, sum)                                                                                  \
  X(measure, sum_squares)                                                                          \
  X(initial, fill)                                                                                 \
  X(initial, random_uniform)                                                                       \
  X(fused_steps_kernels, fused_steps_rows)                                                         \
  X(fused_steps_kernels, fused_steps_weights)                                                      \
  X(fused_steps_kernels, fused_steps_serial)                                                       \
  X(fused_steps_columns, fused_steps_columns)

typedef enum quern__kernel {
#define QUERN__KERNEL_VALUE(family, kernel) QUERN__KERNEL_##kernel,
  QUERN__KERNELS(QUERN__KERNEL_VALUE)
#undef QUERN__KERNEL_VALUE
      QUERN__KERNEL_COUNT
} quern__kernel;

/* The backend's part of a context (quern_context.state). */
typedef struct quern__cl quern__cl;

/* The device's parameters. */
const quern__cl_tuning *quern__cl_tuning_of(const quern__cl *cl);

/* The number of work-groups that the device runs at once. */
size_t quern__cl_compute_units(const quern__cl *cl);

/* The buffer in which kernels report labels and indices out of range. */
cl_mem quern__cl_faults(const quern__cl *cl);

/* The work-items, and the work-group size, to which global sizes are rounded up. So kernels compare
 * their ids with the sizes in their arguments. A kernel always has the same local size, since
 * implementations compile it for each. */
typedef struct quern__range {
  cl_uint dimensions; /* 1 or 2 */
  size_t global[2];
  size_t local[2];
} quern__range;

/* One work-item per item; per vector of `count` elements; per vector of `columns` in each of
 * `rows`. */
quern__range quern__range_items(const quern__cl *cl, size_t items);
quern__range quern__range_vectors(const quern__cl *cl, size_t count);
quern__range quern__range_strips(const quern__cl *cl, size_t rows, size_t columns);

/* Builds the kernel if necessary, sets its arguments and queues it. Does not wait. Called as
 * quern__cl_launch(cl, kernel, range, ARGS(…)): see arguments.h. */
quern_status quern__cl_launch(quern__cl *cl, quern__kernel kernel, quern__range range,
                              const quern__argument *arguments, size_t count);

/* The same for a kernel of a program that is not the context's. */
quern_status quern__cl_launch_object(quern__cl *cl, const char *name, cl_kernel kernel,
                                     quern__range range, const quern__argument *arguments,
                                     size_t count);

/* The launchers, quern__cl_<op> for each op of the table: dense.c, activation.c, … */
#define QUERN__CL_LAUNCHER(op, type, need, kind, name)                                             \
  quern_status quern__cl_##op(void *state, const type *op);
QUERN_OPS(QUERN__CL_LAUNCHER)
#undef QUERN__CL_LAUNCHER
bool quern__cl_updates_in_one_pass(void *state);

quern_status quern__cl_fused_steps_create(void *state, const quern_steps_network *network,
                                          void **steps);
void quern__cl_fused_steps_free(void *state, void *steps);
quern_status quern__cl_fused_steps_run(void *state, void *steps, const quern_steps_op *op);

#endif
