"""The loop over epochs with scikit-learn's rules: loss curve, best parameters, stopping."""

import warnings

import numpy
from sklearn.exceptions import ConvergenceWarning

from . import _weights


class Epochs:
    """The epochs of an estimator over `data`, a pair of samples and encoded targets. `held_out` is
    such a pair for early stopping, or None."""

    def __init__(self, estimator, network, descent, batch, data, held_out=None):
        self._estimator, self._network, self._descent = estimator, network, descent
        self._batch, (self._x, self._y), self._held_out = batch, data, held_out
        self._order = numpy.arange(len(self._y))
        self._best = estimator.coefs_, estimator.intercepts_

    def run(self):
        """Runs epochs until training ends. With early stopping, keeps the best parameters."""
        try:
            self._run()
        except KeyboardInterrupt:
            warnings.warn("Training interrupted by user.", stacklevel=5)
        if self._held_out is None:
            self.take()
        else:
            self._estimator.coefs_, self._estimator.intercepts_ = self._best

    def _run(self):
        estimator = self._estimator
        for _ in range(estimator.max_iter):
            self.one()
            if estimator._stale > estimator.n_iter_no_change:
                if not self._descent.goes_on(estimator.verbose, self._no_gain()):
                    return
                estimator._stale = 0
        warnings.warn(
            f"Stochastic Optimizer: Maximum iterations ({estimator.max_iter}) reached and the "
            "optimization hasn't converged yet.",
            ConvergenceWarning,
            stacklevel=6,
        )

    def one(self):
        """Runs the next epoch."""
        estimator = self._estimator
        if estimator.shuffle:  # draws the same numbers as sklearn.utils.shuffle
            places = numpy.arange(len(self._y))
            estimator._random_state.shuffle(places)
            self._order = self._order[places]
        total, penalty = self._descent.epoch(
            self._x, self._y, self._order, self._batch, estimator.alpha
        )
        loss = (total * estimator._loss_scales[1] + penalty) / len(self._y)
        self._check(numpy.isfinite(loss))
        self._keep(float(loss))
        self._judge(loss)
        self._descent.end_epoch(estimator.t_)

    def take(self):
        """Downloads the parameters into the estimator."""
        self._descent.plan.download()
        coefs, intercepts = _weights.of_network(self._network)
        self._check(all(numpy.isfinite(values).all() for values in coefs + intercepts))
        self._estimator.coefs_, self._estimator.intercepts_ = coefs, intercepts

    def _check(self, is_finite):
        if not is_finite:
            estimator = self._estimator
            raise ValueError(
                "Solver produced non-finite parameter weights. The input data may contain large "
                f"values and need to be preprocessed: found in epoch {estimator.n_iter_ + 1}. Try "
                "sklearn.preprocessing.StandardScaler, or a learning_rate_init below "
                f"{estimator.learning_rate_init:g}"
            )

    def _keep(self, loss):
        estimator = self._estimator
        estimator.n_iter_ += 1
        estimator.t_ += len(self._y)
        estimator.loss_ = loss
        estimator.loss_curve_.append(loss)
        if estimator.verbose:
            print(f"Iteration {estimator.n_iter_}, loss = {loss:.8f}")

    def _judge(self, loss):
        estimator = self._estimator
        if self._held_out is None:
            gains = loss <= estimator.best_loss_ - estimator.tol
            estimator.best_loss_ = min(estimator.loss_, estimator.best_loss_)
        else:
            gains = self._judge_held_out()
        estimator._stale = 0 if gains else estimator._stale + 1

    def _judge_held_out(self):
        estimator = self._estimator
        self.take()
        score = float(estimator._score(*self._held_out))
        estimator.validation_scores_.append(score)
        if estimator.verbose:
            print(f"Validation score: {score:f}")
        gains = not score < estimator.best_validation_score_ + estimator.tol
        if score > estimator.best_validation_score_:
            estimator.best_validation_score_ = score
            self._best = estimator.coefs_, estimator.intercepts_
        return gains

    def _no_gain(self):
        what = "Training loss" if self._held_out is None else "Validation score"
        return (
            f"{what} did not improve more than tol={self._estimator.tol:f} for "
            f"{self._estimator.n_iter_no_change} consecutive epochs."
        )
