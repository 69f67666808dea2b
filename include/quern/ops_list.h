/* Advanced: the list of ops. It generates the members of the backend table (backend.h), the tables
 * of quern's two backends, the declarations of the launchers and the reference, and the sweeps of
 * quern_verify.
 *
 * X(member, type, need, kind, name)
 *   member the member of quern_backend, and the suffix of quern__cl_…, quern__reference_… and
 *     quern__sweep_…
 *   type   the struct of its arguments
 *   need   REQUIRED: every backend has it. OPTIONAL: without it the op fails with
 *          QUERN_ERROR_UNSUPPORTED.
 *   kind   PRODUCT: a matrix product, whose kernels depend on the device's tiles. OTHER: any other
 *          op.
 *   name   as in messages and in quern_verify's report
 *
 * The ops are the last members of the table. After a release, new ones are optional and come
 * last. */
#ifndef QUERN_OPS_LIST_H
#define QUERN_OPS_LIST_H

#define QUERN_OPS(X)                                                                               \
  X(dense_forward, quern_dense_forward_op, REQUIRED, PRODUCT, "dense forward")                     \
  X(dense_backward_data, quern_dense_backward_data_op, REQUIRED, PRODUCT, "dense backward data")   \
  X(dense_backward_weights, quern_dense_backward_weights_op, REQUIRED, PRODUCT,                    \
    "dense backward weights")                                                                      \
  X(activation_forward, quern_activation_forward_op, REQUIRED, OTHER, "activation forward")        \
  X(activation_backward, quern_activation_backward_op, REQUIRED, OTHER, "activation backward")     \
  X(softmax, quern_softmax_op, REQUIRED, OTHER, "softmax")                                         \
  X(softmax_cross_entropy, quern_loss_op, REQUIRED, OTHER, "softmax cross-entropy")                \
  X(elementwise_cross_entropy, quern_loss_op, REQUIRED, OTHER, "elementwise cross-entropy")        \
  X(binary_cross_entropy, quern_loss_op, REQUIRED, OTHER, "binary cross-entropy")                  \
  X(mean_squared_error, quern_loss_op, REQUIRED, OTHER, "mean squared error")                      \
  X(mean_absolute_error, quern_loss_op, OPTIONAL, OTHER, "mean absolute error")                    \
  X(huber_loss, quern_huber_op, OPTIONAL, OTHER, "Huber loss")                                     \
  X(weighted_cross_entropy, quern_weighted_loss_op, OPTIONAL, OTHER, "weighted cross-entropy")     \
  X(label_weights, quern_label_weights_op, OPTIONAL, OTHER, "label weights")                       \
  X(dense_backward_update, quern_dense_backward_update_op, OPTIONAL, PRODUCT,                      \
    "dense backward update")                                                                       \
  X(optimizer_update, quern_optimizer_update_op, REQUIRED, OTHER, "optimizer update")              \
  X(sum_squares, quern_sum_squares_op, OPTIONAL, OTHER, "sum of squares")                          \
  X(clip_norm, quern_clip_norm_op, OPTIONAL, OTHER, "clip norm")                                   \
  X(gather_rows, quern_gather_rows_op, REQUIRED, OTHER, "gather rows")                             \
  X(gather_labels, quern_gather_labels_op, REQUIRED, OTHER, "gather labels")                       \
  X(one_hot, quern_one_hot_op, REQUIRED, OTHER, "one-hot")                                         \
  X(argmax, quern_argmax_op, REQUIRED, OTHER, "argmax")                                            \
  X(count_correct, quern_count_correct_op, REQUIRED, OTHER, "count correct")                       \
  X(sum, quern_sum_op, REQUIRED, OTHER, "sum")                                                     \
  X(fill, quern_fill_op, REQUIRED, OTHER, "fill")                                                  \
  X(random_uniform, quern_random_uniform_op, REQUIRED, OTHER, "random uniform")                    \
  X(dropout, quern_dropout_op, OPTIONAL, OTHER, "dropout")                                         \
  X(batch_norm_forward, quern_batch_norm_forward_op, OPTIONAL, OTHER, "batch norm forward")        \
  X(batch_norm_inference, quern_batch_norm_inference_op, OPTIONAL, OTHER, "batch norm inference")  \
  X(batch_norm_backward, quern_norm_backward_op, OPTIONAL, OTHER, "batch norm backward")           \
  X(batch_norm_moments, quern_batch_norm_moments_op, OPTIONAL, OTHER, "batch norm moments")        \
  X(batch_norm_backward_parameters, quern_norm_backward_op, OPTIONAL, OTHER,                       \
    "batch norm backward parameters")                                                              \
  X(batch_norm_backward_data, quern_batch_norm_backward_data_op, OPTIONAL, OTHER,                  \
    "batch norm backward data")                                                                    \
  X(layer_norm_forward, quern_layer_norm_forward_op, OPTIONAL, OTHER, "layer norm forward")        \
  X(layer_norm_backward, quern_norm_backward_op, OPTIONAL, OTHER, "layer norm backward")

#endif
