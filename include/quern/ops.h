/* The op level: the primitives of training over buffers, for programs with their own training loop.
 *
 * Every op validates its arguments, queues its work and returns without waiting. An op that rejects
 * its arguments queues nothing. Results are bit-identical on every run on the same device. Rates,
 * scales and values are used unchecked, NaN included, unless an op names a range.
 *
 * QUERN_ERROR_ARGUMENT: a missing buffer, a buffer of another context, a forbidden overlap, a value
 * outside the range that the op names. QUERN_ERROR_SHAPE: mismatched shapes, or a tensor past the
 * end of its buffer; quern_last_error names the op and both shapes. QUERN_ERROR_OVERFLOW: a size
 * beyond what size_t holds. QUERN_ERROR_UNSUPPORTED: the backend lacks the op.
 *
 * Matrices are row major and dense, one sample per row. n counts samples; every dimension is 1 to
 * 2^31 - 1. Dimensions with the same letter in a list of shapes are checked to be equal.
 *
 * Overlap. What an op writes must not overlap what it reads or what else it writes; "Apart" lists
 * what is checked. "or is" names the tensor that an output may replace in place: the output then is
 * exactly that tensor, at the same offset of the same memory, or apart from it. Inputs may overlap
 * each other. The checks see through views of a buffer and buffers that wrap parts of one cl_mem.
 *
 * Formulas follow the worked example: Z = X W + b, H = f(Z), loss, backward, update. */
#ifndef QUERN_OPS_H
#define QUERN_OPS_H

#include <quern/activation.h>
#include <quern/context.h>
#include <quern/optimizer.h>
#include <quern/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* --- Dense layers ----------------------------------------------------------------------------- */

/* Y = f(X W + b).
 * x [n][in], w [in][out], b [1][out] or none, y [n][out]. Apart: y from x, w and b.
 * Rejects unknown activations and slopes that are negative or not finite. */
QUERN_API quern_status quern_dense_forward(quern_context *context, quern_tensor x, quern_tensor w,
                                           quern_tensor b, quern_activation activation,
                                           quern_tensor y);

/* dX = (dZ Wᵀ) ∘ f'(h), added to dX if `accumulate`.
 * dz [n][out], w [in][out], h and dx [n][in]. f is the activation of the layer below. h is its
 * output, from which f' is computed, or its input if quern_activation_reads_z (see activation.h);
 * none for QUERN_ACTIVATION_IDENTITY, required otherwise.
 * Apart: dx from dz and w; dx from h, or, if not accumulating, is h.
 * Checks the activation as quern_dense_forward does. */
QUERN_API quern_status quern_dense_backward_data(quern_context *context, quern_tensor dz,
                                                 quern_tensor w, quern_activation activation,
                                                 quern_tensor h, bool accumulate, quern_tensor dx);

/* dW = Xᵀ dZ and db = Σ_rows dZ, each added to the present values if `accumulate`.
 * x [n][in], dz [n][out], dw [in][out] or none, db [1][out] or none; not both none. dz already
 * includes the 1/n of a batch's mean, from the loss ops.
 * Apart: dw and db from x, dz and one another. */
QUERN_API quern_status quern_dense_backward_weights(quern_context *context, quern_tensor x,
                                                    quern_tensor dz, bool accumulate,
                                                    quern_tensor dw, quern_tensor db);

/* Optimizer state of a tensor: m and v in optimizer.h, of the tensor's shape. Each is none if the
 * optimizer does not use it (quern_optimizer_keeps_momentum, quern_optimizer_keeps_square). Zeros
 * before the first step. */
typedef struct quern_optimizer_state {
  quern_tensor momentum; /* m */
  quern_tensor square;   /* v */
} quern_optimizer_state;

/* The state of an optimizer that keeps none, such as plain SGD. */
static inline quern_optimizer_state quern_no_state(void) {
  quern_optimizer_state state;
  state.momentum = quern_none();
  state.square = quern_none();
  return state;
}

/* One optimizer step over a range, step t = 1, 2, … (formulas: optimizer.h). The whole range
 * decays. To freeze a range, leave it out. The optimizer's values are not checked, see
 * quern_optimizer_check.
 * gradients, parameters and optimizer state [r][c]. Apart: parameters, m and v from gradients and
 * one another.
 * Rejects step 0 and unknown kinds. QUERN_ERROR_UNSUPPORTED: the backend lacks this optimizer.
 *
 *   const quern_optimizer sgd = quern_optimizer_of(QUERN_OPTIMIZER_SGD, 0.1);
 *   quern_optimizer_update(context, &sgd, 1, gradients, parameters, quern_no_state()); */
QUERN_API quern_status quern_optimizer_update(quern_context *context,
                                              const quern_optimizer *optimizer, uint64_t step,
                                              quern_tensor gradients, quern_tensor parameters,
                                              quern_optimizer_state state);

/* Backward weights and an optimizer step in one pass, without writing gradients:
 * quern_dense_backward_weights followed by quern_optimizer_update. b does not decay unless the
 * optimizer has decay_bias.
 * x [n][in], dz [n][out], w [in][out] or none (frozen), b [1][out] or none (frozen); not both none.
 * Queue it after the backward-data op that reads the same w.
 * Apart: w, b and their optimizer state from x, dz and one another.
 * QUERN_ERROR_UNSUPPORTED: the backend lacks it, or this device (a GPU) has it for plain SGD
 * only. */
QUERN_API quern_status quern_dense_backward_update(quern_context *context, quern_tensor x,
                                                   quern_tensor dz,
                                                   const quern_optimizer *optimizer, uint64_t step,
                                                   quern_tensor w, quern_optimizer_state w_state,
                                                   quern_tensor b, quern_optimizer_state b_state);

/* x ← x · min(1, max_norm / (√squares + 10⁻⁶)), as torch.nn.utils.clip_grad_norm_. With squares = Σ
 * x² over all ranges clipped as one, their joint norm becomes at most max_norm > 0. If squares is
 * NaN, x becomes NaN; if it exceeds the largest float, finite x becomes zero.
 * x [r][c], squares [1][1]. Apart: x from squares.
 * Rejects a max_norm that is not finite or not above 0. */
QUERN_API quern_status quern_clip_norm(quern_context *context, float max_norm, quern_tensor squares,
                                       quern_tensor x);

/* --- Activations ------------------------------------------------------------------------------ */

/* H = f(Z).
 * z, h [r][c]. Apart: h from z, or is z.
 * Checks the activation as quern_dense_forward does, as does quern_activation_backward. */
QUERN_API quern_status quern_activation_forward(quern_context *context, quern_activation activation,
                                                quern_tensor z, quern_tensor h);

/* dZ = dH ∘ f'(h), f' computed from the output h, or from the input z passed instead if
 * quern_activation_reads_z.
 * dh, h, dz [r][c]. Apart: dz from dh and h, or is one of them. */
QUERN_API quern_status quern_activation_backward(quern_context *context,
                                                 quern_activation activation, quern_tensor dh,
                                                 quern_tensor h, quern_tensor dz);

/* Identifies a dropout mask: one per seed, layer and step, with a row per sample of the batch. */
typedef struct quern_dropout_mask {
  float p; /* probability that a unit is dropped, 0 <= p < 1 */
  uint64_t seed;
  uint64_t step;
  uint32_t layer;
  /* index in the batch of x's first sample: parts of a batch get their parts of its mask */
  size_t first_row;
} quern_dropout_mask;

/* Dropout in training, as torch.nn.Dropout (Srivastava et al. 2014): Y = X ∘ M. M_rj is 0 with
 * probability p, else 1 / (1 - p), which preserves the mean, so evaluation needs no op. The mask is
 * computed from a counter and never stored:
 *   M_rj   = word_rj < p 2^32 ? 0 : 1 / (1 - p)
 *   word_rj: word j%4 of philox(counter = {j/4, first_row + r, 0, 0}, key),
 *   key: words 0 and 1 of
 *     philox(counter = {step low, step high, layer, 1}, key = {seed low, seed high})
 * (see quern_random_uniform). The bits are the same on every device. Backward is the same op with
 * the same mask over the gradient, dX = dY ∘ M. Dropped NaN and infinities become NaN, as in
 * PyTorch.
 * x, y [n][units]. Apart: y from x, or is x.
 * Rejects p outside 0 <= p < 1 and batches of more than 2^32 rows. QUERN_ERROR_UNSUPPORTED: the
 * backend lacks dropout. */
QUERN_API quern_status quern_dropout(quern_context *context, quern_dropout_mask mask,
                                     quern_tensor x, quern_tensor y);

/* O_ra = exp(Z_ra - m_r) / Σ_a exp(Z_ra - m_r), m_r = max_a Z_ra: correct for finite logits of any
 * size.
 * z, o [n][k]. Apart: o from z, or is z. */
QUERN_API quern_status quern_softmax(quern_context *context, quern_tensor z, quern_tensor o);

/* --- Normalization ---------------------------------------------------------------------------- */

/* Batch normalization in training, as torch.nn.BatchNorm1d (Ioffe and Szegedy 2015), of each column
 * j over the n rows:
 *   m_j = 1/n Σ_r X_rj      v_j = 1/n Σ_r (X_rj - m_j)²      s_j = 1 / √(v_j + epsilon)
 *   Y_rj = γ_j (X_rj - m_j) s_j + β_j
 *   running_mean_j ← (1 - momentum) running_mean_j + momentum m_j
 *   running_variance_j ← (1 - momentum) running_variance_j + momentum v_j n / (n - 1)
 * Writes mean = m and inv_std = s for the backward pass.
 * x, y [n][c]; all others [1][c]. The two running statistics are both none if not tracked.
 * Apart: y from all others, or is x; mean, inv_std, running_mean and running_variance from all
 * others.
 * Rejects n = 1, which has no variance, an epsilon that is negative or not finite, and a momentum
 * outside 0 … 1. QUERN_ERROR_UNSUPPORTED, here and below: the backend lacks normalization. */
QUERN_API quern_status quern_batch_norm_forward(quern_context *context, quern_tensor x,
                                                quern_tensor gamma, quern_tensor beta,
                                                float epsilon, float momentum,
                                                quern_tensor running_mean,
                                                quern_tensor running_variance, quern_tensor mean,
                                                quern_tensor inv_std, quern_tensor y);

/* Batch normalization in evaluation, with given mean and variance:
 *   Y_rj = γ_j (X_rj - mean_j) / √(variance_j + epsilon) + β_j
 * x, y [n][c]; all others [1][c]. Apart: y from all others, or is x. */
QUERN_API quern_status quern_batch_norm_inference(quern_context *context, quern_tensor x,
                                                  quern_tensor gamma, quern_tensor beta,
                                                  float epsilon, quern_tensor mean,
                                                  quern_tensor variance, quern_tensor y);

/* Backward of quern_batch_norm_forward, with the mean and inv_std that it wrote, X̂_rj = (X_rj -
 * mean_j) inv_std_j:
 *   dβ_j = Σ_r dY_rj      dγ_j = Σ_r dY_rj X̂_rj
 *   dX_rj = γ_j inv_std_j (dY_rj - (dβ_j + X̂_rj dγ_j) / n)
 * dy, x, dx [n][c]; all others [1][c].
 * Apart: dx from all others, or is dy; dgamma and dbeta from all others. */
QUERN_API quern_status quern_batch_norm_backward(quern_context *context, quern_tensor dy,
                                                 quern_tensor x, quern_tensor gamma,
                                                 quern_tensor mean, quern_tensor inv_std,
                                                 quern_tensor dx, quern_tensor dgamma,
                                                 quern_tensor dbeta);

/* Building blocks for batch normalization across ranks: each rank computes statistics of its own
 * samples, which the caller then combines (Chan et al. 1979):
 *   mean_j = 1/n Σ_r X_rj      squares_j = Σ_r (X_rj - mean_j)²
 * x [n][c]; mean and squares [1][c]. n = 1 is allowed. Apart: mean and squares from each other and
 * from x.
 * QUERN_ERROR_UNSUPPORTED, here and in the two below: the backend lacks them. */
QUERN_API quern_status quern_batch_norm_moments(quern_context *context, quern_tensor x,
                                                quern_tensor mean, quern_tensor squares);

/* Backward, parameter gradients only: dγ and dβ over these samples, given mean and inv_std of the
 * whole batch. Shapes and Apart as in quern_batch_norm_backward. */
QUERN_API quern_status quern_batch_norm_backward_parameters(quern_context *context, quern_tensor dy,
                                                            quern_tensor x, quern_tensor mean,
                                                            quern_tensor inv_std,
                                                            quern_tensor dgamma,
                                                            quern_tensor dbeta);

/* Backward, dX only, given dγ and dβ of the whole batch of `samples` samples, at least n:
 *   dX_rj = γ_j inv_std_j (dY_rj - (dβ_j + X̂_rj dγ_j) / samples)
 * Shapes as in quern_batch_norm_backward. Apart: dx from all others, or is dy. */
QUERN_API quern_status quern_batch_norm_backward_data(quern_context *context, size_t samples,
                                                      quern_tensor dy, quern_tensor x,
                                                      quern_tensor gamma, quern_tensor mean,
                                                      quern_tensor inv_std, quern_tensor dgamma,
                                                      quern_tensor dbeta, quern_tensor dx);

/* Layer normalization, in training and evaluation, as torch.nn.LayerNorm over a layer's units (Ba
 * et al. 2016), of each row r over its c columns:
 *   m_r = 1/c Σ_j X_rj      v_r = 1/c Σ_j (X_rj - m_r)²      s_r = 1 / √(v_r + epsilon)
 *   Y_rj = γ_j (X_rj - m_r) s_r + β_j
 * Writes mean = m and inv_std = s for the backward pass, unless both are none.
 * x, y [n][c], gamma and beta [1][c], mean and inv_std [1][n].
 * Apart: y from all others, or is x; mean and inv_std from all others.
 * Rejects an epsilon that is negative or not finite. */
QUERN_API quern_status quern_layer_norm_forward(quern_context *context, quern_tensor x,
                                                quern_tensor gamma, quern_tensor beta,
                                                float epsilon, quern_tensor mean,
                                                quern_tensor inv_std, quern_tensor y);

/* Backward of quern_layer_norm_forward, X̂_rj = (X_rj - mean_r) inv_std_r and G_rj = dY_rj γ_j:
 *   dβ_j = Σ_r dY_rj      dγ_j = Σ_r dY_rj X̂_rj
 *   dX_rj = inv_std_r (G_rj - 1/c Σ_i G_ri - X̂_rj 1/c Σ_i G_ri X̂_ri)
 * dy, x, dx [n][c], gamma [1][c], mean and inv_std [1][n], dgamma and dbeta [1][c], or both none.
 * Apart: dx from all others, or is dy; dgamma and dbeta from all others. */
QUERN_API quern_status quern_layer_norm_backward(quern_context *context, quern_tensor dy,
                                                 quern_tensor x, quern_tensor gamma,
                                                 quern_tensor mean, quern_tensor inv_std,
                                                 quern_tensor dx, quern_tensor dgamma,
                                                 quern_tensor dbeta);

/* --- Losses: value and gradient at once ------------------------------------------------------- */

/* Each writes losses [1][n], one per sample (their mean is the batch's loss), and dz [n][k] = scale
 * · ∂losses_r/∂Z; scale 1/n makes dz the gradient of the mean. Either may be none, not both.
 * Apart, in each: losses from z and the target; dz from the target and losses; dz from z, or is
 * z. */

/* Categorical cross-entropy over softmax, by log-sum-exp:
 *   losses_r = log Σ_a exp(Z_ra) - Z_r,label      dZ_ra = scale (O_ra - [a = label_r])
 * z [n][k], labels int32_t [1][n], 0 <= label < k. A label out of range is never used as an index:
 * its loss is NaN, its gradient zero, and the next call that waits returns QUERN_ERROR_DATA with
 * the first such row. */
QUERN_API quern_status quern_softmax_cross_entropy(quern_context *context, quern_tensor z,
                                                   quern_tensor labels, float scale,
                                                   quern_tensor losses, quern_tensor dz);

/* Categorical cross-entropy with class weights w and label smoothing e, as
 * torch.nn.CrossEntropyLoss(weight=w, label_smoothing=e):
 *   T_ra     = (1 - e) w_label [a = label_r] + e/k w_a    the target of each class
 *   losses_r = c Σ_a T_ra (log Σ_b exp(Z_rb) - Z_ra)
 *   dZ_ra    = scale c (O_ra Σ_b T_rb - T_ra)
 * c = n / total makes the mean over the batch the weighted one, total = Σ_r w_label_r
 * (quern_label_weights, then quern_sum). If total is 0, no label has a weight: losses and gradients
 * are 0, where PyTorch has NaN.
 * class_weights [1][k] and total [1][1], or both none: all weights 1, and c = 1. Weights must not
 * be negative, which is not checked. Apart: losses and dz also from class_weights and total.
 * Rejects a smoothing outside 0 … 1. */
QUERN_API quern_status quern_weighted_cross_entropy(quern_context *context, quern_tensor z,
                                                    quern_tensor labels, quern_tensor class_weights,
                                                    quern_tensor total, float smoothing,
                                                    float scale, quern_tensor losses,
                                                    quern_tensor dz);

/* weights_r = class_weights_{label_r}, or 0 for a label outside 0 … k-1, which the loss reports.
 * labels int32_t [1][n], class_weights [1][k], weights [1][n]. Apart: weights from labels and
 * class_weights. */
QUERN_API quern_status quern_label_weights(quern_context *context, quern_tensor labels,
                                           quern_tensor class_weights, quern_tensor weights);

/* The worked example's loss, elementwise over the softmax outputs O of z, natural logarithm:
 *   losses_r = -Σ_a [ Y_ra log O_ra + (1 - Y_ra) log(1 - O_ra) ]
 *   dZ_ra    = scale · O_ra (G_ra - Σ_b G_rb O_rb),   G = (O - Y) / (O (1 - O))
 *              (the whole softmax Jacobian)
 * The sum over a is not divided by k (the document's 1/n with n = 3 outputs). log(1 - O_a) is
 * computed from the sum of the other outputs, so an output near 1 loses no digits.
 * z, y [n][k]. Rejects k = 1. */
QUERN_API quern_status quern_elementwise_cross_entropy(quern_context *context, quern_tensor z,
                                                       quern_tensor y, float scale,
                                                       quern_tensor losses, quern_tensor dz);

/* Binary cross-entropy on logits, multi-label, as torch.nn.BCEWithLogitsLoss:
 *   losses_r = 1/k Σ_a [ max(Z, 0) - Z Y + log(1 + exp(-|Z|)) ]
 *   dZ_ra    = scale/k (sigmoid(Z_ra) - Y_ra)
 * z, y [n][k]; y should be in 0 … 1, which is not checked. */
QUERN_API quern_status quern_binary_cross_entropy(quern_context *context, quern_tensor z,
                                                  quern_tensor y, float scale, quern_tensor losses,
                                                  quern_tensor dz);

/* Mean squared error, as torch.nn.MSELoss:
 *   losses_r = 1/k Σ_a (Z_ra - Y_ra)²      dZ_ra = 2 scale/k (Z_ra - Y_ra)
 * z, y [n][k]. */
QUERN_API quern_status quern_mean_squared_error(quern_context *context, quern_tensor z,
                                                quern_tensor y, float scale, quern_tensor losses,
                                                quern_tensor dz);

/* Mean absolute error, as torch.nn.L1Loss:
 *   losses_r = 1/k Σ_a |Z_ra - Y_ra|
 *   dZ_ra    = scale/k sign(Z_ra - Y_ra), 0 if they are equal
 * z, y [n][k]. */
QUERN_API quern_status quern_mean_absolute_error(quern_context *context, quern_tensor z,
                                                 quern_tensor y, float scale, quern_tensor losses,
                                                 quern_tensor dz);

/* Huber loss, as torch.nn.HuberLoss(delta=d); D = Z - Y, and G is D clamped to -d … d:
 *   losses_r = 1/k Σ_a G_ra (D_ra - G_ra/2)      dZ_ra = scale/k G_ra
 * that is, D²/2 up to d and d (|D| - d/2) beyond.
 * z, y [n][k]. Rejects a delta that is not finite or not above 0. */
QUERN_API quern_status quern_huber_loss(quern_context *context, float delta, quern_tensor z,
                                        quern_tensor y, float scale, quern_tensor losses,
                                        quern_tensor dz);

/* --- Data ------------------------------------------------------------------------------------- */

/* X_rj = source_{indices_r, j} · scale + offset, computed as one fused multiply-add.
 * source: floats or bytes [N][c]; indices uint32_t [1][n]; x [n][c]. An index >= N reads nothing:
 * its row becomes NaN, and the next call that waits returns QUERN_ERROR_DATA with the first such
 * row. Apart: x from source and indices.
 * Rejects unknown elements. */
QUERN_API quern_status quern_gather_rows(quern_context *context, quern_element element,
                                         quern_tensor source, quern_tensor indices, float scale,
                                         float offset, quern_tensor x);

/* out_r = source_{indices_r}.
 * source int32_t [1][N], indices uint32_t [1][n], out int32_t [1][n]. An index >= N gives -1 and is
 * reported as in quern_gather_rows. Apart: out from source and indices. */
QUERN_API quern_status quern_gather_labels(quern_context *context, quern_tensor source,
                                           quern_tensor indices, quern_tensor out);

/* Y_ra = [a = label_r].
 * labels int32_t [1][n], y [n][k]. A label outside 0 … k-1 gives a row of NaN and is reported as in
 * quern_softmax_cross_entropy. Apart: y from labels. */
QUERN_API quern_status quern_one_hot(quern_context *context, quern_tensor labels, quern_tensor y);

/* --- Measures --------------------------------------------------------------------------------- */

/* classes_r = the first a with the largest Z_ra; -1 for a row with a NaN.
 * z [n][k], classes int32_t [1][n]. Apart: classes from z. */
QUERN_API quern_status quern_argmax(quern_context *context, quern_tensor z, quern_tensor classes);

/* count = number of r with classes_r = labels_r, added to count if `accumulate`. A class of -1
 * never counts.
 * classes and labels int32_t [1][n], count int32_t [1][1]. Apart: count from classes and labels. */
QUERN_API quern_status quern_count_correct(quern_context *context, quern_tensor classes,
                                           quern_tensor labels, bool accumulate,
                                           quern_tensor count);

/* sum = Σ x, pairwise in a fixed order.
 * x [r][c], sum [1][1]. Apart: sum from x. */
QUERN_API quern_status quern_sum(quern_context *context, quern_tensor x, quern_tensor sum);

/* squares_i = Σ x² over part i of x, pairwise in a fixed order. Each of the p consecutive parts has
 * ⌈rc/p⌉ elements; the last ones may have fewer or none. The sum of squares (quern_sum) is the
 * squared norm of x; for the norm of several tensors, sum over the parts of all.
 * x [r][c], squares [1][p]. Apart: squares from x. */
QUERN_API quern_status quern_sum_squares(quern_context *context, quern_tensor x,
                                         quern_tensor squares);

/* --- Initial values --------------------------------------------------------------------------- */

/* x = value.   x [r][c]. */
QUERN_API quern_status quern_fill(quern_context *context, float value, quern_tensor x);

/* x_i uniform in [low, high), i counted from the tensor's first element, from the counter-based
 * generator Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011):
 *   word i%4 of philox(counter = {i/4 low, i/4 high, stream, 0}, key = {seed low, seed high}),
 *   its upper 24 bits u,   x_i = fma(u, (high - low) 2^-24, low)
 * The bits are the same on every device and on the reference. If floats are coarse, rounding can
 * give `high` itself.
 * x [r][c]. Rejects anything but low < high with low, high and high - low finite. */
QUERN_API quern_status quern_random_uniform(quern_context *context, uint64_t seed, uint32_t stream,
                                            float low, float high, quern_tensor x);

#ifdef __cplusplus
}
#endif
#endif
