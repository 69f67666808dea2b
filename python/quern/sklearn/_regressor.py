"""MLPRegressor."""

import numpy
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score
from sklearn.utils.validation import column_or_1d

from .. import _arguments, _arrays
from ._perceptron import Perceptron


class MLPRegressor(RegressorMixin, Perceptron):
    """sklearn.neural_network.MLPRegressor, trained by quern.

    The parameters have scikit-learn's names, meaning and defaults. quern adds `device`: None for
    the best, or an index or name of quern.devices(). solver="lbfgs", loss="poisson" and
    sample_weight are refused. The same random_state gives scikit-learn's initial weights and order
    of samples, so results differ by rounding to float32 only.

    Attributes: coefs_, intercepts_, loss_, loss_curve_, best_loss_, validation_scores_,
    best_validation_score_, n_iter_, t_, n_layers_, n_outputs_, out_activation_, n_features_in_,
    feature_names_in_.
    """

    _loss, _output = "squared", "identity"

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
        loss="squared_error",
        solver="adam",
        alpha=0.0001,
        batch_size="auto",
        learning_rate="constant",
        learning_rate_init=0.001,
        power_t=0.5,
        max_iter=200,
        shuffle=True,
        random_state=None,
        tol=1e-4,
        verbose=False,
        warm_start=False,
        momentum=0.9,
        nesterovs_momentum=True,
        early_stopping=False,
        validation_fraction=0.1,
        beta_1=0.9,
        beta_2=0.999,
        epsilon=1e-8,
        n_iter_no_change=10,
        max_fun=15000,
        device=None,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.loss = loss
        self.solver = solver
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.learning_rate_init = learning_rate_init
        self.power_t = power_t
        self.max_iter = max_iter
        self.shuffle = shuffle
        self.random_state = random_state
        self.tol = tol
        self.verbose = verbose
        self.warm_start = warm_start
        self.momentum = momentum
        self.nesterovs_momentum = nesterovs_momentum
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.beta_1 = beta_1
        self.beta_2 = beta_2
        self.epsilon = epsilon
        self.n_iter_no_change = n_iter_no_change
        self.max_fun = max_fun
        self.device = device

    def fit(self, X, y, **others):
        """Trains on X (samples, features) and y (samples,) or (samples, outputs), and returns the
        estimator."""
        return self._fit(X, y, others)

    def partial_fit(self, X, y, **others):
        """Trains for one epoch over X and y and keeps the optimizer's state for the next call."""
        return self._fit(X, y, others, incremental=True)

    def predict(self, X):
        """float64 (samples,), or (samples, outputs) where y had more than one."""
        return self._flat(self._checked_outputs(X))

    @staticmethod
    def _flat(values):
        return values.ravel() if values.shape[1] == 1 else values

    @property
    def _loss_scales(self):
        # scikit-learn's loss is halved, and its gradient the sum over the outputs, not the mean.
        return 2 / self.n_outputs_, 0.5

    def _prepare(self, X, y, first, incremental):
        _arguments.choice("loss", self.loss, {"squared_error": None})
        X, y = self._checked(X, y, first=first, multi_output=True, y_numeric=True)
        if y.ndim == 2 and y.shape[1] == 1:
            y = column_or_1d(y, warn=True)
        y = _arrays.floats("y", y).reshape(len(y), -1)
        if not first and y.shape[1] != self.n_outputs_:
            raise ValueError(f"y has {y.shape[1]} outputs, expected {self.n_outputs_} as before")
        self.n_outputs_ = y.shape[1]
        return X, numpy.ascontiguousarray(y)

    def _score(self, X, y):
        outputs = self._outputs(X)
        return r2_score(y, outputs) if numpy.isfinite(outputs).all() else numpy.nan
