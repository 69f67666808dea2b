/* Runs and trains a network of FANN (Fast Artificial Neural Network library) with quern's ops.
 *
 * What can be taken over: fully connected layers (no shortcuts, no sparse ones) of FANN_LINEAR,
 * FANN_SIGMOID or FANN_SIGMOID_SYMMETRIC neurons, one function and one steepness a layer. Anything
 * else is refused, and quern_last_error() says what. FANN's stepwise functions are approximations
 * of the two sigmoids: set the exact ones instead.
 *
 * FANN computes f(s z) where quern computes f(z): with steepness s, FANN_SIGMOID is sigmoid(2 s z),
 * FANN_SIGMOID_SYMMETRIC is tanh(s z), FANN_LINEAR is s z. So the weights here are FANN's times c,
 * with c = 2 s, s and s, and a step that is to change FANN's weights by its learning rate changes
 * these by c^2 times as much.
 *
 * Where the two part: FANN cuts s z off at +-150 / s, and in training takes the derivative of a
 * sigmoid whose output is within 0.01 of its limits (0.02 for a symmetric one) as if it were at
 * that bound; quern does neither. */
#ifndef FANN_QUERN_H
#define FANN_QUERN_H

#include <fann.h>
#include <quern/quern.h>

typedef struct fann_quern fann_quern;

/* Copies the network's weights to the context's device. The caller owns *adapter, and keeps the
 * context until it is freed; `ann` is not kept. */
quern_status fann_quern_create(quern_context *context, const struct fann *ann,
                               fann_quern **adapter);
void fann_quern_free(fann_quern *adapter);

/* What fann_run gives for each row: inputs [rows][num_input], outputs [rows][num_output]. */
quern_status fann_quern_run(fann_quern *adapter, const float *inputs, size_t rows, float *outputs);

/* What `epochs` calls of fann_train_epoch with FANN_TRAIN_BATCH do, by the learning rate that `ann`
 * has now. *mse, where not NULL, gets what the last of them returns. FANN_ERRORFUNC_TANH, FANN's
 * default, bends the error before it is passed back, and is refused, as are other ways of training.
 */
quern_status fann_quern_train(fann_quern *adapter, const struct fann *ann,
                              const struct fann_train_data *data, size_t epochs, float *mse);

/* Waits, and writes the weights back into a network of the same shape. */
quern_status fann_quern_give_back(fann_quern *adapter, struct fann *ann);

#endif
