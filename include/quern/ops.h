/* The op level: the primitives of training, over buffers, for a program with a loop of its own.
 *
 * Every op validates its arguments, queues its work and returns; nothing waits. An op that refuses
 * its arguments queues nothing. QUERN_ERROR_ARGUMENT: a missing buffer, a buffer of another
 * context, an overlap that is not allowed, a value that the op names as out of its range.
 * QUERN_ERROR_SHAPE: shapes that do not fit, or a tensor that reaches past its buffer;
 * quern_last_error names the op and both shapes. QUERN_ERROR_OVERFLOW: a size that no computer has.
 * QUERN_ERROR_UNSUPPORTED: the backend does not have the op. Rates, scales and values for which an
 * op names no range are taken as they are, NaN included. Results are the same bits every time on
 * the same device.
 *
 * Matrices are row major and dense, one sample a row. n counts samples; every dimension is at least
 * 1 and at most 2^31 - 1. In the lists of shapes below, a letter that comes twice is checked to be
 * the same number.
 *
 * Overlap. What an op writes shares no byte with what it reads nor with what else it writes:
 * "apart" lists what is checked. Where an op may work in place, "or is" names the tensor: the
 * output then is exactly that one, at the same place of the same memory, or apart from it. What is
 * only read may overlap as it likes. Views of a buffer, and buffers that wrap parts of one cl_mem,
 * are seen through.
 *
 * Formulas follow the worked example: Z = X W + b, H = f(Z), loss, backward, update. */
#ifndef QUERN_OPS_H
#define QUERN_OPS_H

#include <quern/activation.h>
#include <quern/context.h>
#include <quern/optimizer.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A matrix in a buffer: `rows` x `columns` elements from element `offset` on. The op says what an
 * element is: float unless stated, else int32_t, uint32_t or a byte. buffer NULL means "none" where
 * an op allows it. */
typedef struct quern_tensor {
  quern_buffer *buffer;
  size_t offset;
  size_t rows;
  size_t columns;
} quern_tensor;

static inline quern_tensor quern_matrix(quern_buffer *buffer, size_t offset, size_t rows,
                                        size_t columns) {
  quern_tensor tensor;
  tensor.buffer = buffer;
  tensor.offset = offset;
  tensor.rows = rows;
  tensor.columns = columns;
  return tensor;
}

/* A vector is a matrix of one row. */
static inline quern_tensor quern_vector(quern_buffer *buffer, size_t offset, size_t length) {
  return quern_matrix(buffer, offset, 1, length);
}

static inline quern_tensor quern_none(void) {
  return quern_matrix(NULL, 0, 0, 0);
}

/* --- Dense layers ----------------------------------------------------------------------------- */

/* Y = f(X W + b).   x [n][in], w [in][out], b [1][out] or none, y [n][out].
 * Apart: y from x, w and b. An activation that is none, and a slope that is negative or not finite,
 * are refused. */
QUERN_API quern_status quern_dense_forward(quern_context *context, quern_tensor x, quern_tensor w,
                                           quern_tensor b, quern_activation activation,
                                           quern_tensor y);

/* dX = (dZ Wᵀ) ∘ f'(h), added to dX when `accumulate`.   dz [n][out], w [in][out], dx [n][in].
 * h [n][in] is the output of the activation f underneath, from which f' is computed, or its input
 * where quern_activation_reads_z (see activation.h); none with QUERN_ACTIVATION_IDENTITY, needed
 * with any other. Apart: dx from dz and w; dx from h, or, when not accumulating, is h. The
 * activation is checked as above. */
QUERN_API quern_status quern_dense_backward_data(quern_context *context, quern_tensor dz,
                                                 quern_tensor w, quern_activation activation,
                                                 quern_tensor h, bool accumulate, quern_tensor dx);

/* dW = Xᵀ dZ and db = Σ_rows dZ, each added to what is there when `accumulate`.
 * x [n][in], dz [n][out], dw [in][out] or none, db [1][out] or none; not both none. The 1/n of a
 * batch's mean is already in dz: the loss ops put it there.
 * Apart: dw and db from x, dz and one another. */
QUERN_API quern_status quern_dense_backward_weights(quern_context *context, quern_tensor x,
                                                    quern_tensor dz, bool accumulate,
                                                    quern_tensor dw, quern_tensor db);

/* Stochastic gradient descent:  p ← p - learning_rate (g + weight_decay p), as torch.optim.SGD. */
typedef struct quern_sgd {
  float learning_rate;
  float weight_decay;
} quern_sgd;

/* Backward weights and SGD in one pass, with no gradient written:  W ← W - lr (Xᵀ dZ + decay W), b
 * likewise. x [n][in], dz [n][out], w [in][out] or none (frozen), b [1][out] or none (frozen); not
 * both none. Queue it after the backward-data op that reads the same w.
 * Apart: w and b from x, dz and one another. */
QUERN_API quern_status quern_dense_backward_sgd(quern_context *context, quern_tensor x,
                                                quern_tensor dz, quern_sgd sgd, quern_tensor w,
                                                quern_tensor b);

/* p ← p - lr (g + decay p) over a range.   parameters and gradients [r][c]. Freezing is leaving a
 * range out. Apart: parameters from gradients. */
QUERN_API quern_status quern_sgd_update(quern_context *context, quern_sgd sgd,
                                        quern_tensor gradients, quern_tensor parameters);

/* What an optimizer keeps of a tensor, in tensors of the same shape: m and v in optimizer.h, each
 * none where the optimizer does not keep it (quern_optimizer_keeps_momentum,
 * quern_optimizer_keeps_square). Zeros before the first step. */
typedef struct quern_optimizer_state {
  quern_tensor momentum; /* m */
  quern_tensor square;   /* v */
} quern_optimizer_state;

/* One step of an optimizer over a range, step t = 1, 2, … (see optimizer.h for the formulas). The
 * whole range decays; freezing is leaving a range out.   gradients and parameters [r][c], and so
 * what the optimizer keeps. QUERN_ERROR_UNSUPPORTED: the backend has plain SGD alone. The numbers
 * are the caller's: see quern_optimizer_check.
 * Apart: parameters, m and v from gradients and one another. A step of 0, and a kind that is none,
 * are refused. */
QUERN_API quern_status quern_optimizer_update(quern_context *context,
                                              const quern_optimizer *optimizer, uint64_t step,
                                              quern_tensor gradients, quern_tensor parameters,
                                              quern_optimizer_state state);

/* Backward weights and a step of an optimizer in one pass, with no gradient written: that of
 * quern_dense_backward_weights goes straight into quern_optimizer_update, over b without the decay
 * where the optimizer has no decay_bias. x [n][in], dz [n][out], w [in][out] or none (frozen), b
 * [1][out] or none (frozen); not both none. Queue it after the backward-data op that reads the same
 * w. QUERN_ERROR_UNSUPPORTED: the backend cannot, or this device (a GPU) for plain SGD alone.
 * Apart: w, b and what the optimizer keeps of them from x, dz and one another. */
QUERN_API quern_status quern_dense_backward_update(quern_context *context, quern_tensor x,
                                                   quern_tensor dz,
                                                   const quern_optimizer *optimizer, uint64_t step,
                                                   quern_tensor w, quern_optimizer_state w_state,
                                                   quern_tensor b, quern_optimizer_state b_state);

/* x ← x · min(1, max_norm / (√squares + 10⁻⁶)), as torch.nn.utils.clip_grad_norm_: with squares = Σ
 * x² over every range that is clipped as one, the norm of all of them together becomes at most
 * max_norm > 0. x [r][c], squares [1][1]. A sum that is NaN makes x NaN; one past the largest float
 * makes finite x zero.
 * Apart: x from squares. A max_norm that is not finite, or not above 0, is refused. */
QUERN_API quern_status quern_clip_norm(quern_context *context, float max_norm, quern_tensor squares,
                                       quern_tensor x);

/* --- Activations ------------------------------------------------------------------------------ */

/* H = f(Z).   z, h [r][c].
 * Apart: h from z, or is z. The activation is checked as at quern_dense_forward, here and below. */
QUERN_API quern_status quern_activation_forward(quern_context *context, quern_activation activation,
                                                quern_tensor z, quern_tensor h);

/* dZ = dH ∘ f'(h), f' computed from the output h, or from the input z given in its place where
 * quern_activation_reads_z.   dh, h, dz [r][c].
 * Apart: dz from dh and h, or is one of them. */
QUERN_API quern_status quern_activation_backward(quern_context *context,
                                                 quern_activation activation, quern_tensor dh,
                                                 quern_tensor h, quern_tensor dz);

/* Which mask of dropout: one for each seed, layer and step, with a row for each sample of the
 * batch. */
typedef struct quern_dropout_mask {
  float p; /* the probability that a unit is dropped, 0 <= p < 1 */
  uint64_t seed;
  uint64_t step;
  uint32_t layer;
  /* which sample of the batch x begins with: parts of a batch get their parts of its mask */
  size_t first_row;
} quern_dropout_mask;

/* Y = X ∘ M, dropout in training as torch.nn.Dropout (Srivastava et al. 2014): M_rj is 0 with
 * probability p and else 1 / (1 - p), so that the mean stays and evaluation does without. The mask
 * is computed from a counter and never stored:
 *   M_rj   = word_rj < p 2^32 ? 0 : 1 / (1 - p)
 *   word_rj: word j%4 of philox(counter = {j/4, first_row + r, 0, 0}, key),
 *   key: words 0 and 1 of
 *     philox(counter = {step low, step high, layer, 1}, key = {seed low, seed high})
 * (see quern_random_uniform), which is the same bits on every device. Backward is the same op with
 * the same mask over the gradient, dX = dY ∘ M. NaN and infinities that are dropped become NaN, as
 * in PyTorch.   x, y [n][units]. QUERN_ERROR_UNSUPPORTED: the backend has none. Apart: y from x, or
 * is x. A p outside 0 <= p < 1, and a batch of more than 2^32 rows, are refused. */
QUERN_API quern_status quern_dropout(quern_context *context, quern_dropout_mask mask,
                                     quern_tensor x, quern_tensor y);

/* O_ra = exp(Z_ra - m_r) / Σ_a exp(Z_ra - m_r), m_r the largest of the row: right for finite logits
 * of any size. z, o [n][k].
 * Apart: o from z, or is z. */
QUERN_API quern_status quern_softmax(quern_context *context, quern_tensor z, quern_tensor o);

/* --- Normalization ---------------------------------------------------------------------------- */

/* Batch normalization in training, as torch.nn.BatchNorm1d (Ioffe and Szegedy 2015), of each column
 * j over the n rows:
 *   m_j = 1/n Σ_r X_rj      v_j = 1/n Σ_r (X_rj - m_j)²      s_j = 1 / √(v_j + epsilon)
 *   Y_rj = γ_j (X_rj - m_j) s_j + β_j
 *   running_mean_j ← (1 - momentum) running_mean_j + momentum m_j
 *   running_variance_j ← (1 - momentum) running_variance_j + momentum v_j n / (n - 1)
 * and mean = m and inv_std = s are written for the way back.   x, y [n][c]; all others [1][c], the
 * two running ones both none where they are not to be kept.
 * Apart: y from all others, or is x; mean, inv_std, running_mean and running_variance from all
 * others. n = 1 is refused, of which there is no variance; so are an epsilon that is negative or
 * not finite, and a momentum outside 0 … 1. QUERN_ERROR_UNSUPPORTED, here and below: the backend
 * has no normalization. */
QUERN_API quern_status quern_batch_norm_forward(quern_context *context, quern_tensor x,
                                                quern_tensor gamma, quern_tensor beta,
                                                float epsilon, float momentum,
                                                quern_tensor running_mean,
                                                quern_tensor running_variance, quern_tensor mean,
                                                quern_tensor inv_std, quern_tensor y);

/* The same in evaluation, by a mean and a variance that are given: Y_rj = γ_j (X_rj - mean_j) /
 * √(variance_j + epsilon) + β_j. x, y [n][c]; all others [1][c]. Apart: y from all others, or is
 * x. */
QUERN_API quern_status quern_batch_norm_inference(quern_context *context, quern_tensor x,
                                                  quern_tensor gamma, quern_tensor beta,
                                                  float epsilon, quern_tensor mean,
                                                  quern_tensor variance, quern_tensor y);

/* Back from there, with mean and inv_std as quern_batch_norm_forward left them, X̂_rj = (X_rj -
 * mean_j) inverse_j:
 *   dβ_j = Σ_r dY_rj      dγ_j = Σ_r dY_rj X̂_rj
 *   dX_rj = γ_j inverse_j (dY_rj - (dβ_j + X̂_rj dγ_j) / n)
 * dy, x, dx [n][c]; all others [1][c].
 * Apart: dx from all others, or is dy; dgamma and dbeta from all others. */
QUERN_API quern_status quern_batch_norm_backward(quern_context *context, quern_tensor dy,
                                                 quern_tensor x, quern_tensor gamma,
                                                 quern_tensor mean, quern_tensor inv_std,
                                                 quern_tensor dx, quern_tensor dgamma,
                                                 quern_tensor dbeta);

/* The parts of it for who has some of a batch's samples, and adds up or combines what others found
 * in theirs (Chan et al. 1979):
 *   mean_j = 1/n Σ_r X_rj      squares_j = Σ_r (X_rj - mean_j)²
 * x [n][c]; mean and squares [1][c]. Apart: mean and squares from each other and from x. n = 1 is a
 * sample as any. QUERN_ERROR_UNSUPPORTED, here and in the two below: the backend does not have
 * them. */
QUERN_API quern_status quern_batch_norm_moments(quern_context *context, quern_tensor x,
                                                quern_tensor mean, quern_tensor squares);

/* Of the way back, dγ and dβ alone, of these samples, by the mean and inv_std of the batch. Shapes
 * and apart as in quern_batch_norm_backward. */
QUERN_API quern_status quern_batch_norm_backward_parameters(quern_context *context, quern_tensor dy,
                                                            quern_tensor x, quern_tensor mean,
                                                            quern_tensor inv_std,
                                                            quern_tensor dgamma,
                                                            quern_tensor dbeta);

/* And dX alone, by dγ and dβ of the batch, which has `samples` samples: dX_rj = γ_j inverse_j
 * (dY_rj - (dβ_j + X̂_rj dγ_j) / samples). Shapes as there. Apart: dx from all others, or is dy.
 * `samples` is at least n. */
QUERN_API quern_status quern_batch_norm_backward_data(quern_context *context, size_t samples,
                                                      quern_tensor dy, quern_tensor x,
                                                      quern_tensor gamma, quern_tensor mean,
                                                      quern_tensor inv_std, quern_tensor dgamma,
                                                      quern_tensor dbeta, quern_tensor dx);

/* Layer normalization, in training and evaluation, as torch.nn.LayerNorm over a layer's units (Ba
 * et al. 2016), of each row r over its c columns:
 *   m_r = 1/c Σ_j X_rj      v_r = 1/c Σ_j (X_rj - m_r)²      s_r = 1 / √(v_r + epsilon)
 *   Y_rj = γ_j (X_rj - m_r) s_r + β_j
 * and mean = m and inv_std = s are written for the way back, unless both are none.   x, y [n][c],
 * gamma and beta [1][c], mean and inv_std [1][n].
 * Apart: y from all others, or is x; mean and inv_std from all others. epsilon as above. */
QUERN_API quern_status quern_layer_norm_forward(quern_context *context, quern_tensor x,
                                                quern_tensor gamma, quern_tensor beta,
                                                float epsilon, quern_tensor mean,
                                                quern_tensor inv_std, quern_tensor y);

/* Back from there, X̂_rj = (X_rj - mean_r) inverse_r and G_rj = dY_rj γ_j:
 *   dβ_j = Σ_r dY_rj      dγ_j = Σ_r dY_rj X̂_rj
 *   dX_rj = inverse_r (G_rj - 1/c Σ_i G_ri - X̂_rj 1/c Σ_i G_ri X̂_ri)
 * dy, x, dx [n][c], gamma [1][c], mean and inv_std [1][n], dgamma and dbeta [1][c], or both none.
 * Apart: dx from all others, or is dy; dgamma and dbeta from all others. */
QUERN_API quern_status quern_layer_norm_backward(quern_context *context, quern_tensor dy,
                                                 quern_tensor x, quern_tensor gamma,
                                                 quern_tensor mean, quern_tensor inv_std,
                                                 quern_tensor dx, quern_tensor dgamma,
                                                 quern_tensor dbeta);

/* --- Losses: value and gradient at once ------------------------------------------------------- */

/* Each writes losses [1][n], one loss for each sample (their mean over the batch is the batch's
 * loss), and dz [n][k] = scale · ∂losses_r/∂Z; scale 1/n makes it the gradient of the mean. Either
 * may be none, not both.
 * Apart, in each: losses from z and the target; dz from the target and losses; dz from z, or is
 * z. */

/* Categorical cross-entropy over softmax, by log-sum-exp:
 *   losses_r = log Σ_a exp(Z_ra) - Z_r,label      dZ_ra = scale (O_ra - [a = label_r])
 * z [n][k], labels int32_t [1][n], 0 <= label < k. A label outside is never an index: its loss is
 * NaN, its gradient zero, and the next call that waits returns QUERN_ERROR_DATA with the first such
 * row. */
QUERN_API quern_status quern_softmax_cross_entropy(quern_context *context, quern_tensor z,
                                                   quern_tensor labels, float scale,
                                                   quern_tensor losses, quern_tensor dz);

/* The same with class weights w and label smoothing e, as torch.nn.CrossEntropyLoss(weight=w,
 * label_smoothing=e):
 *   T_ra     = (1 - e) w_label [a = label_r] + e/k w_a    the target: what each class is to get
 *   losses_r = c Σ_a T_ra (log Σ_b exp(Z_rb) - Z_ra)
 *   dZ_ra    = scale c (O_ra Σ_b T_rb - T_ra)
 * c = n / total makes the mean over the batch the weighted one, total = Σ_r w_label_r
 * (quern_label_weights, then quern_sum). Where total is 0, no label has a weight: losses and
 * gradients are 0, where PyTorch has NaN. class_weights [1][k], not negative, which is not checked,
 * and total [1][1], or both none: all weights 1, and c = 1. Apart: losses and dz from class_weights
 * and total too. A smoothing outside 0 … 1 is refused. */
QUERN_API quern_status quern_weighted_cross_entropy(quern_context *context, quern_tensor z,
                                                    quern_tensor labels, quern_tensor class_weights,
                                                    quern_tensor total, float smoothing,
                                                    float scale, quern_tensor losses,
                                                    quern_tensor dz);

/* weights_r = class_weights_{label_r}, and 0 for a label outside 0 … k-1, which the loss itself
 * reports. labels int32_t [1][n], class_weights [1][k], weights [1][n]. Apart: weights from labels
 * and class_weights. */
QUERN_API quern_status quern_label_weights(quern_context *context, quern_tensor labels,
                                           quern_tensor class_weights, quern_tensor weights);

/* The worked example's loss, element by element over the softmax outputs O of z, natural logarithm:
 *   losses_r = -Σ_a [ Y_ra log O_ra + (1 - Y_ra) log(1 - O_ra) ]
 *   dZ_ra    = scale · O_ra (G_ra - Σ_b G_rb O_rb),   G = (O - Y) / (O (1 - O))
 *              (the whole softmax Jacobian)
 * The sum over a is not divided by k (the document's 1/n with n = 3 outputs). z, y [n][k]; k = 1 is
 * refused. log(1 - O_a) is computed from the other outputs' sum, so that an output near 1 loses no
 * digits. */
QUERN_API quern_status quern_elementwise_cross_entropy(quern_context *context, quern_tensor z,
                                                       quern_tensor y, float scale,
                                                       quern_tensor losses, quern_tensor dz);

/* Binary cross-entropy on logits, many labels a sample, as torch.nn.BCEWithLogitsLoss:
 *   losses_r = 1/k Σ_a [ max(Z, 0) - Z Y + log(1 + exp(-|Z|)) ]
 *   dZ_ra    = scale/k (sigmoid(Z_ra) - Y_ra)
 * z, y [n][k], y meant to be in 0 … 1, which is not checked. */
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
 *   dZ_ra    = scale/k sign(Z_ra - Y_ra), 0 where both are the same
 * z, y [n][k]. */
QUERN_API quern_status quern_mean_absolute_error(quern_context *context, quern_tensor z,
                                                 quern_tensor y, float scale, quern_tensor losses,
                                                 quern_tensor dz);

/* Huber's loss, as torch.nn.HuberLoss(delta=d); D = Z - Y, and G is D held between -d and d:
 *   losses_r = 1/k Σ_a G_ra (D_ra - G_ra/2)      dZ_ra = scale/k G_ra
 * which is D²/2 up to d and d (|D| - d/2) beyond. z, y [n][k]. A delta that is not finite, or not
 * above 0, is refused. */
QUERN_API quern_status quern_huber_loss(quern_context *context, float delta, quern_tensor z,
                                        quern_tensor y, float scale, quern_tensor losses,
                                        quern_tensor dz);

/* --- Data ------------------------------------------------------------------------------------- */

typedef enum quern_element { QUERN_ELEMENT_FLOAT32, QUERN_ELEMENT_UINT8 } quern_element;

/* X_rj = source_{indices_r, j} · scale + offset, computed as one fused multiply-add.
 * source: floats or bytes [N][c]; indices uint32_t [1][n]; x [n][c]. An index >= N reads nothing:
 * its row becomes NaN, and the next call that waits returns QUERN_ERROR_DATA with the first such
 * row. Apart: x from source and indices. An element that is none of the two is refused. */
QUERN_API quern_status quern_gather_rows(quern_context *context, quern_element element,
                                         quern_tensor source, quern_tensor indices, float scale,
                                         float offset, quern_tensor x);

/* out_r = source_{indices_r}.   source int32_t [1][N], indices uint32_t [1][n], out int32_t [1][n].
 * An index >= N gives -1, and the report as above. Apart: out from source and indices. */
QUERN_API quern_status quern_gather_labels(quern_context *context, quern_tensor source,
                                           quern_tensor indices, quern_tensor out);

/* Y_ra = [a = label_r].   labels int32_t [1][n], y [n][k]. A label outside 0 … k-1 gives a row of
 * NaN, and the report as at quern_softmax_cross_entropy. Apart: y from labels. */
QUERN_API quern_status quern_one_hot(quern_context *context, quern_tensor labels, quern_tensor y);

/* --- Measures --------------------------------------------------------------------------------- */

/* classes_r = the first a with the largest Z_ra; a row with a NaN gives -1.   z [n][k], classes
 * int32_t [1][n]. Apart: classes from z. */
QUERN_API quern_status quern_argmax(quern_context *context, quern_tensor z, quern_tensor classes);

/* count = how many r have classes_r = labels_r, added to count when `accumulate`. A class of -1
 * never counts. classes and labels int32_t [1][n], count int32_t [1][1]. Apart: count from classes
 * and labels. */
QUERN_API quern_status quern_count_correct(quern_context *context, quern_tensor classes,
                                           quern_tensor labels, bool accumulate,
                                           quern_tensor count);

/* sum = Σ x, in a fixed order, pairwise.   x [r][c], sum [1][1]. Apart: sum from x. */
QUERN_API quern_status quern_sum(quern_context *context, quern_tensor x, quern_tensor sum);

/* squares_i = Σ x² over part i of x, in a fixed order, pairwise: the parts of p have ⌈rc/p⌉
 * elements each, one after another, the last ones fewer or none. Their sum (quern_sum) is the
 * square of the norm of x; that of several tensors needs one sum over the parts of all.   x [r][c],
 * squares [1][p]. Apart: squares from x. */
QUERN_API quern_status quern_sum_squares(quern_context *context, quern_tensor x,
                                         quern_tensor squares);

/* --- Initial values --------------------------------------------------------------------------- */

/* x = value.   x [r][c]. */
QUERN_API quern_status quern_fill(quern_context *context, float value, quern_tensor x);

/* x_i uniform in [low, high), i counting from the tensor's first element, from the counter-based
 * generator Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011):
 *   word i%4 of philox(counter = {i/4 low, i/4 high, stream, 0}, key = {seed low, seed high}),
 *   its upper 24 bits u,   x_i = fma(u, (high - low) 2^-24, low)
 * which is the same bits on every device and on the reference. Where floats are coarse the rounding
 * can give `high` itself. x [r][c]. Anything but low < high with low, high and high - low finite is
 * refused. */
QUERN_API quern_status quern_random_uniform(quern_context *context, uint64_t seed, uint32_t stream,
                                            float low, float high, quern_tensor x);

/* How the weights of a dense layer start, uniform in [-bound, bound):
 *   HE        bound = sqrt(6 / in), for ReLU (He et al. 2015)
 *   XAVIER    bound = sqrt(6 / (in + out)), for tanh and sigmoid (Glorot and Bengio 2010)
 *   UNIFORM   bound = 1 / sqrt(in), as torch.nn.Linear
 *   LECUN     bound = sqrt(3 / in), for SELU (LeCun et al. 1998; Klambauer et al. 2017)
 *   DEFAULT   XAVIER under identity, sigmoid and tanh, LECUN under SELU, HE under ReLU and those
 *             with its shape: leaky ReLU, ELU, GELU, SiLU, softplus (network level only) */
typedef enum quern_initializer {
  QUERN_INITIALIZER_DEFAULT,
  QUERN_INITIALIZER_HE,
  QUERN_INITIALIZER_XAVIER,
  QUERN_INITIALIZER_UNIFORM,
  QUERN_INITIALIZER_LECUN
} quern_initializer;

/* The bound above; 0 for QUERN_INITIALIZER_DEFAULT, which needs to know the activation. */
QUERN_API float quern_initializer_bound(quern_initializer initializer, size_t in, size_t out);

#ifdef __cplusplus
}
#endif
#endif
