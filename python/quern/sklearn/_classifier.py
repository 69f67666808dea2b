"""MLPClassifier."""

import numpy
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score

from . import _labels
from ._perceptron import Perceptron


class MLPClassifier(ClassifierMixin, Perceptron):
    """sklearn.neural_network.MLPClassifier, trained by quern.

    The parameters have scikit-learn's names, meaning and defaults. quern adds two:

    class_weight   None, "balanced", or a dict from class to weight. The loss of a batch is the
                   weighted mean over its samples. Two classes then have two outputs
    device         None for the best, or an index or name of quern.devices()

    solver="lbfgs" and sample_weight are refused. The same random_state gives scikit-learn's initial
    weights and order of samples, so results differ by rounding to float32 only.

    Attributes: classes_, coefs_, intercepts_, loss_, loss_curve_, best_loss_, validation_scores_,
    best_validation_score_, n_iter_, t_, n_layers_, n_outputs_, out_activation_, n_features_in_,
    feature_names_in_.
    """

    def __init__(
        self,
        hidden_layer_sizes=(100,),
        activation="relu",
        *,
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
        class_weight=None,
        device=None,
    ):
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
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
        self.class_weight = class_weight
        self.device = device

    def fit(self, X, y, **others):
        """Trains on X (samples, features) and y: a class per sample, (samples,), numbers or texts;
        or labels that are 0 or 1, (samples, labels). Returns the estimator."""
        return self._fit(X, y, others)

    def partial_fit(self, X, y, classes=None, **others):
        """Trains for one epoch over X and y and keeps the optimizer's state for the next call. The
        first call needs `classes`: all classes of all calls."""
        self._partial_classes = classes
        try:
            return self._fit(X, y, others, incremental=True)
        finally:
            del self._partial_classes

    def predict(self, X):
        """The classes, (samples,); or labels, int (samples, labels)."""
        return self._decided(self._checked_outputs(X))

    def predict_proba(self, X):
        """float64 (samples, classes), or (samples, labels)."""
        outputs = self._checked_outputs(X)
        if self._coding == "labels":
            return outputs
        if self._coding == "binary":
            return numpy.hstack([1 - outputs, outputs])
        return outputs / outputs.sum(axis=1, keepdims=True)

    def predict_log_proba(self, X):
        """The logarithm of predict_proba."""
        with numpy.errstate(divide="ignore"):
            return numpy.log(self.predict_proba(X))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_label = True
        return tags

    # --- For training -----------------------------------------------------------------------------

    @property
    def _output(self):
        return "softmax" if self._coding == "classes" else "logistic"

    @property
    def _loss(self):
        return "categorical" if self._coding == "classes" else "binary"

    @property
    def _loss_scales(self):
        # quern's loss of labels is the mean over them, scikit-learn's the sum.
        return (1, 1) if self._coding == "classes" else (1 / self.n_outputs_, self.n_outputs_)

    @property
    def _stratifies(self):
        return len(self.classes_) == 2 and self._coding != "labels"

    def _prepare(self, X, y, first, incremental):
        X, y = self._checked(X, y, first=first, multi_output=True)
        y = _labels.encode(self, y, first, incremental)
        return X, y

    def _decided(self, outputs):
        if self._coding == "labels":
            return (outputs > 0.5).astype(int)
        if self._coding == "binary":
            return self.classes_[_labels.within(outputs.ravel() > 0.5, self.classes_)]
        return self.classes_[outputs.argmax(axis=1)]

    def _score(self, X, y):
        answers = y if self._coding == "labels" else self.classes_[y.ravel().astype(int)]
        return accuracy_score(answers, self._decided(self._outputs(X)))
