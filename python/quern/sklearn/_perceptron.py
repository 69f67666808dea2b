"""The common base of both estimators: training and outputs."""

import warnings
from abc import ABCMeta, abstractmethod

import numpy
from sklearn.base import BaseEstimator
from sklearn.model_selection import train_test_split
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted

from . import _parameters, _weights
from ._compat import validate_data
from ._descent import Descent, dense, rows_at_once
from ._epochs import Epochs


class Perceptron(BaseEstimator, metaclass=ABCMeta):
    """A subclass defines _prepare and _score and, after _prepare, n_outputs_ and

    _loss          the name of quern's loss
    _output        scikit-learn's name of the output activation
    _loss_scales   quern's gradient divided by scikit-learn's, and scikit-learn's loss divided by
                   quern's
    """

    _class_weights = None
    _stratifies = False

    @abstractmethod
    def _prepare(self, X, y, first, incremental):
        """Checks both and returns them as float32 samples and encoded targets."""

    def __getstate__(self):
        # Device memory cannot be copied: a copy starts with a new optimizer state.
        state = super().__getstate__()
        return {name: value for name, value in state.items() if name != "_descent"}

    def _more_tags(self):  # scikit-learn before 1.6
        return {"multilabel": True, "multioutput": True}

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags

    def _checked(self, *arrays, first, **options):
        kinds = {"accept_sparse": "csr", "dtype": numpy.float32, "order": "C", "reset": first}
        with numpy.errstate(over="ignore"):  # what float32 cannot hold is refused as infinite
            return validate_data(self, *arrays, **kinds, **options)

    # --- Training ---------------------------------------------------------------------------------

    def _fit(self, X, y, others, incremental=False):
        self._refuse(others)
        _parameters.check(self)
        if incremental and self.early_stopping:
            raise ValueError("partial_fit does not support early_stopping=True")
        first = not hasattr(self, "coefs_") or not (self.warm_start or incremental)
        X, y = self._prepare(X, y, first, incremental)
        if not incremental or not hasattr(self, "_random_state"):
            self._random_state = check_random_state(self.random_state)
        units = [X.shape[1], *_parameters.hidden_sizes(self.hidden_layer_sizes), self.n_outputs_]
        if first:
            self._begin(units)
        self._check_shapes(units)
        if incremental:
            self._go_on(X, y)
        else:
            self._run(X, y)
        return self

    def _refuse(self, others):
        if "sample_weight" in others and others.pop("sample_weight") is not None:
            weighs = "; class_weight weighs classes" if hasattr(self, "class_weight") else ""
            raise TypeError(f"sample_weight: quern cannot weigh samples yet{weighs}")
        for name in others:
            raise TypeError(f"{type(self).__name__}.fit has no argument {name!r}")

    def _begin(self, units):
        self.n_layers_, self.n_iter_, self.t_ = len(units), 0, 0
        self.out_activation_ = self._output
        self.coefs_, self.intercepts_ = _weights.initial(self._random_state, units, self.activation)
        self.loss_curve_, self._stale = [], 0
        self.best_loss_ = self.validation_scores_ = self.best_validation_score_ = None
        self.__dict__.pop("_descent", None)

    def _check_shapes(self, units):
        there = [len(self.coefs_[0]), *(coef.shape[1] for coef in self.coefs_)]
        if there != units:
            raise ValueError(
                f"the network has layers of {there}, and parameters and data need {units}; "
                "start over with warm_start=False"
            )
        if self.early_stopping and self.validation_scores_ is None:
            self.validation_scores_, self.best_validation_score_ = [], -numpy.inf
        if not self.early_stopping and self.best_loss_ is None:
            self.best_loss_ = numpy.inf

    def _batch(self, rows):
        if self.batch_size == "auto":
            return min(200, rows)
        if self.batch_size > rows:
            warnings.warn(
                f"batch_size: {self.batch_size} is more than the {rows} samples, which are taken "
                "at once",
                stacklevel=5,
            )
        return int(min(self.batch_size, rows))

    def _go_on(self, X, y):
        """Runs one epoch with the optimizer state of the last one."""
        batch, network = self._batch(len(y)), self._network()
        if hasattr(self, "_descent") and self._descent.plan.batch >= batch:
            self._descent.plan.put(network)
        else:
            largest = 200 if self.batch_size == "auto" else self.batch_size
            self._descent = Descent(self, network, largest)
        self.n_iter_ = 0
        try:
            epochs = Epochs(self, network, self._descent, batch, (X, y))
            epochs.one()
            epochs.take()
        finally:
            self._descent.plan.release()

    def _run(self, X, y):
        self.__dict__.pop("_descent", None)
        held_out = None
        if self.early_stopping:
            X, y, held_out = self._hold_out(X, y)
        batch, network = self._batch(len(y)), self._network()
        descent, self.n_iter_ = Descent(self, network, batch), 0
        Epochs(self, network, descent, batch, (X, y), held_out).run()

    def _hold_out(self, X, y):
        X, X_held, y, y_held = train_test_split(
            X,
            y,
            random_state=self._random_state,
            test_size=self.validation_fraction,
            stratify=y if self._stratifies else None,
        )
        if len(y_held) < 2:
            raise ValueError(
                "The validation set is too small. Increase 'validation_fraction' or the size of "
                "your dataset."
            )
        return X, y, (X_held, y_held)

    # --- Outputs ----------------------------------------------------------------------------------

    def _network(self):
        """Returns a network with the current coefficients, which a user may have changed."""
        return _weights.network_of(
            self.coefs_, self.intercepts_, self.activation, self._loss, self.device
        )

    def _outputs(self, X):
        """float64 (samples, n_outputs_)."""
        network = self._network()
        rows = rows_at_once(X) if hasattr(X, "toarray") else X.shape[0]
        parts = (X[start : start + rows] for start in range(0, X.shape[0], rows))
        return numpy.vstack([network.predict(dense(part)) for part in parts]).astype(numpy.float64)

    def _checked_outputs(self, X):
        check_is_fitted(self)
        return self._outputs(self._checked(X, first=False))
