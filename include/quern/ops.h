/* The op level: the primitives of training, over buffers, for a program with a loop of its own.
 *
 * Every op validates its arguments, queues its work and returns; nothing waits. QUERN_ERROR_ARGUMENT: a
 * missing buffer, a buffer of another context, an overlap that is not allowed. QUERN_ERROR_SHAPE: shapes that
 * do not fit, or a tensor that reaches past its buffer; quern_last_error names the op and both shapes.
 * Results are the same bits every time on the same device.
 *
 * Matrices are row major and dense, one sample a row. n counts samples; every dimension is at least 1 and at
 * most 2^31 - 1. Unless an op says otherwise, what it writes must not overlap what it reads.
 *
 * Formulas follow the worked example: Z = X W + b, H = f(Z), loss, backward, update. */
#ifndef QUERN_OPS_H
#define QUERN_OPS_H

#include <quern/activation.h>
#include <quern/context.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A matrix in a buffer: `rows` x `columns` elements from element `offset` on. The op says what an element is:
 * float unless stated, else int32_t, uint32_t or a byte. buffer NULL means "none" where an op allows it. */
typedef struct quern_tensor {
  quern_buffer *buffer;
  size_t offset;
  size_t rows;
  size_t columns;
} quern_tensor;

static inline quern_tensor quern_matrix(quern_buffer *buffer, size_t offset, size_t rows, size_t columns) {
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

/* --- Dense layers --------------------------------------------------------------------------------------- */

/* Y = f(X W + b).   x [n][in], w [in][out], b [1][out] or none, y [n][out]. */
QUERN_API quern_status quern_dense_forward(quern_context *context, quern_tensor x, quern_tensor w,
                                           quern_tensor b, quern_activation activation, quern_tensor y);

/* dX = (dZ Wᵀ) ∘ f'(h), added to dX when `accumulate`.   dz [n][out], w [in][out], dx [n][in].
 * h [n][in] is the output of the activation f underneath, from which f' is computed (see activation.h); none
 * with QUERN_IDENTITY. dx may be h itself, same offset, when not accumulating. */
QUERN_API quern_status quern_dense_backward_data(quern_context *context, quern_tensor dz, quern_tensor w,
                                                 quern_activation activation, quern_tensor h, bool accumulate,
                                                 quern_tensor dx);

/* dW = Xᵀ dZ and db = Σ_rows dZ, each added to what is there when `accumulate`.
 * x [n][in], dz [n][out], dw [in][out] or none, db [1][out] or none; not both none. The 1/n of a batch's mean
 * is already in dz: the loss ops put it there. */
QUERN_API quern_status quern_dense_backward_weights(quern_context *context, quern_tensor x, quern_tensor dz,
                                                    bool accumulate, quern_tensor dw, quern_tensor db);

/* Stochastic gradient descent:  p ← p - learning_rate (g + weight_decay p), as torch.optim.SGD. */
typedef struct quern_sgd {
  float learning_rate;
  float weight_decay;
} quern_sgd;

/* Backward weights and SGD in one pass, with no gradient written:  W ← W - lr (Xᵀ dZ + decay W), b likewise.
 * x [n][in], dz [n][out], w [in][out] or none (frozen), b [1][out] or none (frozen); not both none. Queue it
 * after the backward-data op that reads the same w. */
QUERN_API quern_status quern_dense_backward_sgd(quern_context *context, quern_tensor x, quern_tensor dz,
                                                quern_sgd sgd, quern_tensor w, quern_tensor b);

/* p ← p - lr (g + decay p) over a range.   parameters and gradients [r][c], the same shape. Freezing is
 * leaving a range out. */
QUERN_API quern_status quern_sgd_update(quern_context *context, quern_sgd sgd, quern_tensor gradients,
                                        quern_tensor parameters);

/* x ← x · min(1, max_norm / (√squares + 10⁻⁶)), as torch.nn.utils.clip_grad_norm_: with squares = Σ x² over every range
 * that is clipped as one, the norm of all of them together becomes at most max_norm > 0. x [r][c], squares [1][1]. A sum
 * that is NaN makes x NaN; one past the largest float makes finite x zero. */
QUERN_API quern_status quern_clip_norm(quern_context *context, float max_norm, quern_tensor squares,
                                       quern_tensor x);

/* --- Activations ---------------------------------------------------------------------------------------- */

/* H = f(Z).   z, h [r][c]; h may be z itself. */
QUERN_API quern_status quern_activation_forward(quern_context *context, quern_activation activation,
                                                quern_tensor z, quern_tensor h);

/* dZ = dH ∘ f'(h), f' computed from the output h.   dh, h, dz [r][c]; dz may be dh or h itself. */
QUERN_API quern_status quern_activation_backward(quern_context *context, quern_activation activation,
                                                 quern_tensor dh, quern_tensor h, quern_tensor dz);

/* O_ra = exp(Z_ra - m_r) / Σ_a exp(Z_ra - m_r), m_r the largest of the row: right for finite logits of any
 * size. z, o [n][k]; o may be z itself. */
QUERN_API quern_status quern_softmax(quern_context *context, quern_tensor z, quern_tensor o);

/* --- Losses: value and gradient at once ----------------------------------------------------------------- */

/* Each writes losses [1][n], one loss for each sample (their mean over the batch is the batch's loss), and
 * dz [n][k] = scale · ∂losses_r/∂Z; scale 1/n makes it the gradient of the mean. Either may be none, not
 * both. dz may be z itself. */

/* Categorical cross-entropy over softmax, by log-sum-exp:
 *   losses_r = log Σ_a exp(Z_ra) - Z_r,label      dZ_ra = scale (O_ra - [a = label_r])
 * z [n][k], labels int32_t [1][n], 0 <= label < k. A label outside is never an index: its loss is NaN, its
 * gradient zero, and the next call that waits returns QUERN_ERROR_DATA with the first such row. */
QUERN_API quern_status quern_softmax_cross_entropy(quern_context *context, quern_tensor z,
                                                   quern_tensor labels, float scale, quern_tensor losses,
                                                   quern_tensor dz);

/* The worked example's loss, element by element over the softmax outputs O of z, natural logarithm:
 *   losses_r = -Σ_a [ Y_ra log O_ra + (1 - Y_ra) log(1 - O_ra) ]
 *   dZ_ra    = scale · O_ra (G_ra - Σ_b G_rb O_rb),   G = (O - Y) / (O (1 - O)),   the whole softmax Jacobian
 * The sum over a is not divided by k (the document's 1/n with n = 3 outputs). z, y [n][k], k >= 2.
 * log(1 - O_a) is computed from the other outputs' sum, so that an output near 1 loses no digits. */
QUERN_API quern_status quern_elementwise_cross_entropy(quern_context *context, quern_tensor z, quern_tensor y,
                                                       float scale, quern_tensor losses, quern_tensor dz);

/* Binary cross-entropy on logits, many labels a sample, as torch.nn.BCEWithLogitsLoss:
 *   losses_r = 1/k Σ_a [ max(Z, 0) - Z Y + log(1 + exp(-|Z|)) ]      dZ_ra = scale/k (sigmoid(Z_ra) - Y_ra)
 * z, y [n][k], y in 0 … 1. */
QUERN_API quern_status quern_binary_cross_entropy(quern_context *context, quern_tensor z, quern_tensor y,
                                                  float scale, quern_tensor losses, quern_tensor dz);

/* Mean squared error, as torch.nn.MSELoss:
 *   losses_r = 1/k Σ_a (Z_ra - Y_ra)²      dZ_ra = 2 scale/k (Z_ra - Y_ra)
 * z, y [n][k]. */
QUERN_API quern_status quern_mean_squared_error(quern_context *context, quern_tensor z, quern_tensor y,
                                                float scale, quern_tensor losses, quern_tensor dz);

/* --- Data ----------------------------------------------------------------------------------------------- */

typedef enum quern_element { QUERN_FLOAT32, QUERN_UINT8 } quern_element;

/* X_rj = source_{indices_r, j} · scale + offset, computed as one fused multiply-add.
 * source: floats or bytes [N][c]; indices uint32_t [1][n]; x [n][c]. An index >= N reads nothing: its row
 * becomes NaN, and the next call that waits returns QUERN_ERROR_DATA with the first such row. */
QUERN_API quern_status quern_gather_rows(quern_context *context, quern_element element, quern_tensor source,
                                         quern_tensor indices, float scale, float offset, quern_tensor x);

/* out_r = source_{indices_r}.   source int32_t [1][N], indices uint32_t [1][n], out int32_t [1][n]. An index
 * >= N gives -1, and the report as above. */
QUERN_API quern_status quern_gather_labels(quern_context *context, quern_tensor source, quern_tensor indices,
                                           quern_tensor out);

/* Y_ra = [a = label_r].   labels int32_t [1][n], y [n][k]. A label outside 0 … k-1 gives a row of NaN, and
 * the report as at quern_softmax_cross_entropy. */
QUERN_API quern_status quern_one_hot(quern_context *context, quern_tensor labels, quern_tensor y);

/* --- Measures ------------------------------------------------------------------------------------------- */

/* classes_r = the first a with the largest Z_ra; a row with a NaN gives -1.   z [n][k], classes int32_t
 * [1][n]. */
QUERN_API quern_status quern_argmax(quern_context *context, quern_tensor z, quern_tensor classes);

/* count = how many r have classes_r = labels_r, added to count when `accumulate`. A class of -1 never counts.
 * classes and labels int32_t [1][n], count int32_t [1][1]. */
QUERN_API quern_status quern_count_correct(quern_context *context, quern_tensor classes, quern_tensor labels,
                                           bool accumulate, quern_tensor count);

/* sum = Σ x, in a fixed order, pairwise.   x [r][c], sum [1][1]. */
QUERN_API quern_status quern_sum(quern_context *context, quern_tensor x, quern_tensor sum);

/* squares_i = Σ x² over part i of x, in a fixed order, pairwise: the parts of p have ⌈rc/p⌉ elements each, one after
 * another, the last ones fewer or none. Their sum (quern_sum) is the square of the norm of x; that of several tensors
 * needs one sum over the parts of all.   x [r][c], squares [1][p]. */
QUERN_API quern_status quern_sum_squares(quern_context *context, quern_tensor x, quern_tensor squares);

/* --- Initial values ------------------------------------------------------------------------------------- */

/* x = value.   x [r][c]. */
QUERN_API quern_status quern_fill(quern_context *context, float value, quern_tensor x);

/* x_i uniform in [low, high), i counting from the tensor's first element, from the counter-based generator
 * Philox4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011):
 *   word i%4 of philox(counter = {i/4 low, i/4 high, stream, 0}, key = {seed low, seed high}),
 *   its upper 24 bits u,   x_i = fma(u, (high - low) 2^-24, low)
 * which is the same bits on every device and on the reference. Where floats are coarse the rounding can give
 * `high` itself. x [r][c]; low < high, both finite. */
QUERN_API quern_status quern_random_uniform(quern_context *context, uint64_t seed, uint32_t stream, float low,
                                            float high, quern_tensor x);

/* How the weights of a dense layer start, uniform in [-bound, bound):
 *   HE        bound = sqrt(6 / in), for ReLU (He et al. 2015)
 *   XAVIER    bound = sqrt(6 / (in + out)), for tanh and sigmoid (Glorot and Bengio 2010)
 *   UNIFORM   bound = 1 / sqrt(in), as torch.nn.Linear
 *   DEFAULT   HE under ReLU and leaky ReLU, XAVIER under the others (network level only) */
typedef enum quern_initializer {
  QUERN_INIT_DEFAULT,
  QUERN_INIT_HE,
  QUERN_INIT_XAVIER,
  QUERN_INIT_UNIFORM
} quern_initializer;

/* The bound above; 0 for QUERN_INIT_DEFAULT, which needs to know the activation. */
QUERN_API float quern_initializer_bound(quern_initializer initializer, size_t in, size_t out);

#ifdef __cplusplus
}
#endif
#endif
