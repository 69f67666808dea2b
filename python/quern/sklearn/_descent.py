"""scikit-learn's stochastic optimizers, computed by quern's.

scikit-learn divides the L2 penalty by the samples of the batch and does not decay biases. It sums
the loss over the outputs, while quern averages it. Its Adam adds epsilon before the bias correction
of the second moment, quern's after it. The optimizer's values are therefore set before each step.
"""

import math

import numpy

from .._names import optimizer_of
from .._plan import Plan

_CHUNK = 1 << 26  # bytes of samples on the device at a time


class Descent:
    """Trains one epoch per call. Keeps the optimizer's state, its number of steps and the learning
    rate between calls."""

    def __init__(self, estimator, network, batch):
        # quern's gradient divided by scikit-learn's
        self._scale = estimator._loss_scales[0]
        self._is_adam = estimator.solver == "adam"
        self._schedule = "constant" if self._is_adam else estimator.learning_rate
        self._initial_rate = self.learning_rate = estimator.learning_rate_init
        self._power_t, self._epsilon = estimator.power_t, estimator.epsilon
        self._optimizer = optimizer_of(self._kind(estimator))
        self._optimizer.weight_decay = 0.0
        self._optimizer.decay_bias = False
        self._optimizer.momentum = estimator.momentum
        self._optimizer.beta1, self._optimizer.beta2 = estimator.beta_1, estimator.beta_2
        self._steps, self._alpha = 0, estimator.alpha
        self.plan = Plan(network, batch, self._of_step(batch), estimator._class_weights)
        self._steps = 0

    @staticmethod
    def _kind(estimator):
        if estimator.solver == "adam":
            return "adam"
        if estimator.momentum == 0:
            return "sgd"
        return "nesterov" if estimator.nesterovs_momentum else "momentum"

    def _of_step(self, n):
        """Returns the optimizer for the next step, which has n samples."""
        self._steps += 1
        optimizer, scale = self._optimizer, self._scale
        optimizer.weight_decay = scale * self._alpha / n
        if self._is_adam:
            correction = math.sqrt(1 - optimizer.beta2**self._steps)
            optimizer.learning_rate = self.learning_rate
            optimizer.epsilon = scale * self._epsilon / correction
        else:
            optimizer.learning_rate = self.learning_rate / scale
        return optimizer

    def epoch(self, x, y, order, batch, alpha):
        """Trains on the rows of x and y in the given order. Returns the sum of quern's losses and
        the sum of each step's penalty times its samples. x may be sparse."""
        self._alpha = alpha
        rows = rows_at_once(x, batch)
        total = penalty = 0.0
        for start in range(0, len(order), rows):
            part = order[start : start + rows]
            losses, squares = self.plan.train(
                dense(x[part]), y[part], batch, self._of_step, alpha > 0
            )
            total += losses.sum(dtype=numpy.float64)
            penalty += 0.5 * alpha * squares.sum(dtype=numpy.float64) if alpha > 0 else 0.0
        return total, penalty

    def end_epoch(self, samples_seen):
        if self._schedule == "invscaling":
            self.learning_rate = self._initial_rate / (samples_seen + 1) ** self._power_t

    def goes_on(self, verbose, message):
        """Returns whether training continues without a gain, which it does at a smaller rate."""
        if self._schedule != "adaptive":
            ending = " Stopping."
        elif self.learning_rate <= 1e-6:
            ending = " Learning rate too small. Stopping."
        else:
            self.learning_rate /= 5
            ending = f" Setting learning rate to {self.learning_rate:f}"
        if verbose:
            print(message + ending)
        return ending.startswith(" Setting")


def rows_at_once(x, batch=1):
    """Returns how many rows of x are converted at a time: whole batches."""
    return max(1, _CHUNK // (4 * x.shape[1]) // batch) * batch


def dense(rows):
    """Converts rows, which may be sparse, to a float32 array."""
    dense = rows.toarray() if hasattr(rows, "toarray") else rows
    return numpy.ascontiguousarray(dense, dtype=numpy.float32)
