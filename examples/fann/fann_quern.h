/* Runs and trains a network of FANN (Fast Artificial Neural Network library) with quern's ops.
 *
 * Supported are fully connected layers (no shortcuts, no sparse ones) of FANN_LINEAR, FANN_SIGMOID
 * or FANN_SIGMOID_SYMMETRIC neurons, with one function and one steepness per layer. For anything
 * else calls fail, and quern_last_error() has the reason. FANN's stepwise functions approximate the
 * two sigmoids: set the exact ones instead.
 *
 * FANN computes f(s z), quern f(z): with steepness s, FANN_SIGMOID is sigmoid(2 s z),
 * FANN_SIGMOID_SYMMETRIC is tanh(s z), FANN_LINEAR is s z. So the weights here are FANN's times c,
 * with c = 2 s, s and s, and a step that changes FANN's weights by its learning rate changes these
 * by c^2 times as much.
 *
 * Differences: FANN limits s z to +-150 / s. In training, if a sigmoid's output is within 0.01 of
 * its limits (0.02 for a symmetric one), FANN uses the derivative at that bound. quern does
 * neither. */
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

/* Computes what fann_run does, for each row: inputs [rows][num_input], outputs
 * [rows][num_output]. */
quern_status fann_quern_run(fann_quern *adapter, const float *inputs, size_t rows, float *outputs);

/* Does the same as `epochs` calls of fann_train_epoch with FANN_TRAIN_BATCH, with the present
 * learning rate of `ann`. *mse, if not NULL, gets the last one's result. FANN_ERRORFUNC_TANH,
 * FANN's default, transforms the error before it is passed back; it is refused, as are other
 * training algorithms. */
quern_status fann_quern_train(fann_quern *adapter, const struct fann *ann,
                              const struct fann_train_data *data, size_t epochs, float *mse);

/* Waits, and writes the weights back into a network of the same shape. */
quern_status fann_quern_give_back(fann_quern *adapter, struct fann *ann);

#endif
