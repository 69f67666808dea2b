"""quern.sklearn beside scikit-learn: its own checks of estimators, the same training step by step,
and kinds of targets."""

import inspect
import unittest
import warnings

import numpy
from sklearn_case import MISSING, SklearnCase

if not MISSING:
    from quern.sklearn import MLPClassifier, MLPRegressor
    from sklearn import neural_network
    from sklearn.datasets import load_digits, make_classification, make_friedman1
    from sklearn.datasets import make_multilabel_classification as make_labels
    from sklearn.exceptions import DataConversionWarning
    from sklearn.utils import estimator_checks

# What scikit-learn's checks skip, and why.
SKIPPED = {
    "check_array_api_input": "arrays of other libraries: scikit-learn checks them on request alone",
    "check_classifiers_multilabel_output_format_decision_function": "no decision_function, which "
    "scikit-learn's MLPClassifier has not either",
}


class Checks(SklearnCase):
    """check_estimator, whole; on the reference, since it is many small trainings."""

    def check(self, estimator):
        passed, skipped = 0, set()
        warnings.simplefilter("ignore")
        if "on_fail" in inspect.signature(estimator_checks.check_estimator).parameters:
            for result in estimator_checks.check_estimator(estimator, on_skip=None, on_fail=None):
                self.assertIn(result["status"], ("passed", "skipped"), result)
                if result["status"] == "skipped":
                    skipped.add(result["check_name"])
                else:
                    passed += 1
        else:  # scikit-learn before 1.6
            for one, check in estimator_checks.check_estimator(estimator, generate_only=True):
                try:
                    check(one)
                    passed += 1
                except unittest.SkipTest:
                    skipped.add(check.func.__name__)
        self.assertGreaterEqual(passed, 40)
        self.assertLessEqual(skipped, set(SKIPPED))

    def test_classifier(self):
        self.check(MLPClassifier(device="reference"))

    def test_regressor(self):
        self.check(MLPRegressor(device="reference"))


class SameTraining(SklearnCase):
    """The same random_state gives scikit-learn's own training, but for rounding: initial weights,
    order of samples, penalty, optimizer, schedule and stopping."""

    def compare(self, name, x, y, **parameters):
        parameters = {"random_state": 1, "max_iter": 12, **parameters}
        theirs = getattr(neural_network, name)(**parameters).fit(x, y)
        ours = globals()[name](**parameters).fit(x, y)
        self.assertEqual(ours.n_iter_, theirs.n_iter_)
        self.assertEqual(ours.t_, theirs.t_)
        for field in ("n_layers_", "n_outputs_", "out_activation_"):
            self.assertEqual(getattr(ours, field), getattr(theirs, field))
        numpy.testing.assert_allclose(ours.loss_curve_, theirs.loss_curve_, rtol=1e-4)
        for a, b in zip(ours.coefs_ + ours.intercepts_, theirs.coefs_ + theirs.intercepts_):
            numpy.testing.assert_allclose(a, b, atol=2e-4)
        return ours, theirs

    def test_classes(self):
        # 450 samples in batches of 64: the last batch has 2, and the penalty is divided by that.
        x, y = load_digits(n_class=4, return_X_y=True)
        x, y = x[:450] / 16, y[:450]
        for parameters in (
            {},
            {"alpha": 5.0, "batch_size": 64, "activation": "tanh"},
            {"alpha": 5.0, "batch_size": 64, "solver": "sgd", "learning_rate_init": 0.05},
            {"hidden_layer_sizes": (20, 10), "epsilon": 1e-3, "beta_1": 0.8, "beta_2": 0.99},
            {"hidden_layer_sizes": (), "activation": "identity", "shuffle": False},
            {"solver": "sgd", "momentum": 0.5, "nesterovs_momentum": False},
            {"activation": "logistic", "learning_rate_init": 0.01, "early_stopping": True},
        ):
            with self.subTest(**parameters):
                ours, theirs = self.compare("MLPClassifier", x, y, **parameters)
                numpy.testing.assert_allclose(
                    ours.predict_proba(x), theirs.predict_proba(x), atol=1e-4
                )
                if "early_stopping" in parameters:
                    self.assertEqual(ours.validation_scores_, theirs.validation_scores_)

    def test_two_classes(self):
        x, y = make_classification(300, random_state=0)
        for parameters in ({"alpha": 1.0}, {"early_stopping": True, "max_iter": 40}):
            with self.subTest(**parameters):
                ours, theirs = self.compare("MLPClassifier", x, y, **parameters)
                numpy.testing.assert_array_equal(ours.predict(x), theirs.predict(x))

    def test_labels(self):
        x, y = make_labels(300, 12, n_classes=4, random_state=0)
        for parameters in ({"alpha": 1.0}, {"solver": "sgd", "alpha": 1.0, "batch_size": 64}):
            with self.subTest(**parameters):
                ours, theirs = self.compare("MLPClassifier", x, y, **parameters)
                numpy.testing.assert_array_equal(ours.predict(x), theirs.predict(x))

    def test_numbers(self):
        x, y = make_friedman1(300, random_state=0)
        several = numpy.c_[y, y**2 / 20, x[:, 0]]
        for targets in (y, several):
            for parameters in (
                {"alpha": 2.0, "batch_size": 64},
                {"solver": "sgd", "alpha": 2.0, "batch_size": 64, "learning_rate_init": 1e-3},
                {"early_stopping": True},
                {
                    "solver": "sgd",
                    "momentum": 0,
                    "learning_rate": "invscaling",
                    "learning_rate_init": 0.02,
                    "power_t": 0.2,
                },
            ):
                with self.subTest(**parameters):
                    ours, theirs = self.compare("MLPRegressor", x, targets, **parameters)
                    numpy.testing.assert_allclose(ours.predict(x), theirs.predict(x), atol=5e-3)

    def test_adaptive_rate(self):
        x, y = make_classification(200, random_state=0)
        parameters = {"solver": "sgd", "momentum": 0, "learning_rate": "adaptive"}
        parameters.update(learning_rate_init=0.1, tol=1e-2, n_iter_no_change=1, max_iter=500)
        ours, _ = self.compare("MLPClassifier", x, y, **parameters)
        self.assertLess(ours.n_iter_, 500)


class Targets(SklearnCase):
    def setUp(self):
        super().setUp()
        self.x, self.y = make_classification(120, n_classes=3, n_informative=5, random_state=0)

    def fit(self, y, **parameters):
        parameters = {"max_iter": 100, "random_state": 0, "learning_rate_init": 0.01, **parameters}
        return MLPClassifier((20,), **parameters).fit(self.x, y)

    def test_kinds(self):
        for classes in (
            numpy.array(["ash", "birch", "oak"]),
            numpy.array(["ash", "birch", "oak"], object),
            numpy.array([-1.0, 1.5, 1000.0]).round(),
            numpy.array([-7, 3, 2**40]),
        ):
            y = classes[self.y]
            with self.subTest(dtype=y.dtype):
                fitted = self.fit(y)
                numpy.testing.assert_array_equal(fitted.classes_, classes)
                self.assertEqual(fitted.predict(self.x).dtype.kind, fitted.classes_.dtype.kind)
                self.assertGreater(fitted.score(self.x, y), 0.9)
        two = self.fit(self.y == 1)
        self.assertEqual(two.predict(self.x).dtype, bool)
        self.assertEqual(two.coefs_[-1].shape, (20, 1))

    def test_one_class(self):
        fitted = self.fit(numpy.full(120, "only"), max_iter=2)
        self.assertEqual(set(fitted.predict(self.x)), {"only"})

    def test_labels(self):
        y = numpy.c_[self.y == 0, self.y > 0, self.x[:, 0] > 0].astype(int)
        fitted = self.fit(y)
        self.assertEqual(fitted.predict_proba(self.x).shape, (120, 3))
        self.assertGreater(fitted.score(self.x, y), 0.8)
        with self.assertRaisesRegex(ValueError, "class_weight.*expected None for labels"):
            self.fit(y, class_weight="balanced")

    def test_refused(self):
        for error, words, y in (
            (ValueError, "Unknown label type", self.x[:, 0]),
            (ValueError, "Multioutput target data", numpy.c_[self.y, self.y]),
            (ValueError, "inconsistent numbers of samples", self.y[:50]),
        ):
            with self.assertRaisesRegex(error, words):
                self.fit(y)
        with self.assertWarns(DataConversionWarning):
            self.fit(self.y.reshape(-1, 1), max_iter=1)

    def test_class_weights(self):
        """One step on one layer against the formula: the weighted mean of the gradients."""
        weights = {0: 1.0, 1: 5.0, 2: 0.5}
        parameters = {"solver": "sgd", "momentum": 0, "batch_size": 120, "alpha": 0, "max_iter": 1}
        fitted = MLPClassifier(
            (), random_state=3, learning_rate_init=0.5, class_weight=weights, **parameters
        ).fit(self.x, self.y)
        random = numpy.random.RandomState(3)
        bound = numpy.sqrt(6 / 23)
        before = random.uniform(-bound, bound, (20, 3)), random.uniform(-bound, bound, 3)
        z = numpy.exp(self.x @ before[0] + before[1])
        w = numpy.array([weights[label] for label in self.y])[:, None]
        dz = w * (z / z.sum(axis=1, keepdims=True) - numpy.eye(3)[self.y]) / w.sum()
        expected = before[0] - 0.5 * self.x.T @ dz
        numpy.testing.assert_allclose(fitted.coefs_[0], expected, atol=1e-5)

    def test_balanced(self):
        x, y = make_classification(600, weights=[0.95], class_sep=0.5, random_state=2)
        plain = MLPClassifier(max_iter=30, random_state=0).fit(x, y)
        balanced = MLPClassifier(max_iter=30, random_state=0, class_weight="balanced").fit(x, y)
        self.assertGreater((balanced.predict(x) == 1).sum(), (plain.predict(x) == 1).sum() + 20)
        self.assertEqual(balanced.predict_proba(x).shape, (600, 2))
        with self.assertRaisesRegex(ValueError, "'balanced' is not known from a part"):
            MLPClassifier(class_weight="balanced").partial_fit(x, y, classes=[0, 1])


if __name__ == "__main__":
    unittest.main()
