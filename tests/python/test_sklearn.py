"""quern.sklearn beside scikit-learn: its own checks of estimators, the same training step by step,
and what users do with estimators."""

import contextlib
import copy
import importlib.util
import inspect
import io
import pickle
import subprocess
import sys
import unittest
import warnings
from unittest import mock

import numpy

MISSING = importlib.util.find_spec("sklearn") is None
if not MISSING:
    import joblib
    from quern import _plan
    from quern.sklearn import MLPClassifier, MLPRegressor
    from sklearn import neural_network
    from sklearn.datasets import load_digits, make_classification, make_friedman1
    from sklearn.datasets import make_multilabel_classification as make_labels
    from sklearn.exceptions import ConvergenceWarning, DataConversionWarning
    from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler
    from sklearn.utils import estimator_checks

# What scikit-learn's checks skip, and why.
SKIPPED = {
    "check_array_api_input": "arrays of other libraries: scikit-learn checks them on request alone",
    "check_classifiers_multilabel_output_format_decision_function": "no decision_function, which "
    "scikit-learn's MLPClassifier has not either",
}


@unittest.skipIf(MISSING, "scikit-learn is missing (Debian: python3-sklearn)")
class SklearnCase(unittest.TestCase):
    def setUp(self):
        catcher = warnings.catch_warnings()
        catcher.__enter__()
        self.addCleanup(catcher.__exit__, None, None, None)
        warnings.simplefilter("ignore", ConvergenceWarning)


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


class GoingOn(SklearnCase):
    def setUp(self):
        super().setUp()
        self.x, self.y = make_classification(250, n_classes=3, n_informative=5, random_state=0)

    def test_partial_fit_keeps_the_optimizer(self):
        for solver in ("adam", "sgd"):
            parameters = {"random_state": 0, "solver": solver, "shuffle": False}
            whole = MLPClassifier(max_iter=5, **parameters).fit(self.x, self.y)
            parts = MLPClassifier(**parameters)
            for _ in range(5):
                parts.partial_fit(self.x, self.y, classes=[0, 1, 2])
            self.assertEqual(parts.t_, whole.t_)
            self.assertEqual(parts.loss_curve_, whole.loss_curve_)
            for a, b in zip(parts.coefs_, whole.coefs_):
                numpy.testing.assert_array_equal(a, b)

    def test_partial_fit_of_a_stream(self):
        model = MLPClassifier(random_state=0, learning_rate_init=0.01)
        with self.assertRaisesRegex(ValueError, "classes must be passed on the first call"):
            model.partial_fit(self.x, self.y)
        for _ in range(30):
            for start in range(0, 250, 50):
                part = slice(start, start + 50)
                model.partial_fit(self.x[part], self.y[part], classes=[0, 1, 2])
        self.assertGreater(model.score(self.x, self.y), 0.95)
        with self.assertRaisesRegex(ValueError, "not the same as on last call"):
            model.partial_fit(self.x, self.y, classes=[0, 1])
        with self.assertRaisesRegex(ValueError, "classes not in"):
            model.partial_fit(self.x, self.y + 1)
        with self.assertRaisesRegex(ValueError, "does not support early_stopping"):
            model.set_params(early_stopping=True).partial_fit(self.x, self.y)

    def test_changed_coefficients_count(self):
        model = MLPClassifier(random_state=0).partial_fit(self.x, self.y, classes=[0, 1, 2])
        for coef in model.coefs_ + model.intercepts_:
            coef[:] = 0
        numpy.testing.assert_allclose(model.predict_proba(self.x), 1 / 3)
        model.partial_fit(self.x, self.y)
        self.assertLess(numpy.abs(model.coefs_[0]).max(), 0.01)

    def test_warm_start(self):
        model = MLPClassifier(random_state=0, max_iter=3, warm_start=True).fit(self.x, self.y)
        first = list(model.loss_curve_)
        model.fit(self.x, self.y)
        self.assertEqual(model.loss_curve_[:3], first)
        self.assertLess(model.loss_curve_[-1], first[-1])
        with self.assertRaisesRegex(ValueError, "same classes as in the previous call"):
            model.fit(self.x, self.y % 2)
        with self.assertRaisesRegex(ValueError, "start over with warm_start=False"):
            model.set_params(hidden_layer_sizes=(7,)).fit(self.x, self.y)

    def test_interrupted(self):
        model = MLPClassifier(random_state=0)
        model._score = None

        class Interrupts(numpy.random.RandomState):
            left = 3

            def shuffle(self, values):
                self.left -= 1
                if self.left == 0:
                    raise KeyboardInterrupt
                super().shuffle(values)

        model.random_state = Interrupts(0)
        with self.assertWarnsRegex(UserWarning, "interrupted by user") as caught:
            model.fit(self.x, self.y)
        self.assertEqual(caught.filename, __file__)  # of the caller, not of quern
        self.assertEqual((model.n_iter_, len(model.loss_curve_)), (2, 2))

    def test_early_stopping_keeps_the_best(self):
        model = MLPClassifier(
            random_state=0, early_stopping=True, n_iter_no_change=5, learning_rate_init=0.05
        )
        model.fit(self.x, self.y)
        self.assertLess(model.n_iter_, 200)
        self.assertEqual(model.best_validation_score_, max(model.validation_scores_))
        self.assertIsNone(model.best_loss_)
        random = numpy.random.RandomState(0)
        fresh = MLPClassifier(random_state=0, max_iter=1).fit(self.x, self.y)
        for coef in fresh.coefs_ + fresh.intercepts_:
            random.uniform(size=coef.shape)
        _, x, _, y = train_test_split(self.x, self.y, random_state=random, test_size=0.1)
        self.assertEqual(model.score(x, y), model.best_validation_score_)


class Uses(SklearnCase):
    def test_grid_search_over_digits(self):
        x, y = load_digits(return_X_y=True)
        x, x_test, y, y_test = train_test_split(x, y, random_state=0, stratify=y)
        pipeline = make_pipeline(StandardScaler(), MLPClassifier(max_iter=40, random_state=0))
        grid = {
            "mlpclassifier__hidden_layer_sizes": [(16,), (64,)],
            "mlpclassifier__alpha": [1e-4, 1.0],
        }
        search = GridSearchCV(pipeline, grid, cv=3).fit(x, y)
        self.assertEqual(search.best_params_["mlpclassifier__hidden_layer_sizes"], (64,))
        self.assertGreater(search.score(x_test, y_test), 0.95)

    def test_cross_validation(self):
        x, y = make_friedman1(600, random_state=0)
        model = MLPRegressor(max_iter=200, learning_rate_init=0.01, random_state=0)
        scores = cross_val_score(make_pipeline(StandardScaler(), model), x, y, cv=3)
        self.assertGreater(scores.min(), 0.8)

    def test_copies(self):
        x, y = make_classification(100, random_state=0)
        model = MLPClassifier(max_iter=3, random_state=0).partial_fit(x, y, classes=[0, 1])
        file = io.BytesIO()
        joblib.dump(model, file)
        file.seek(0)
        copies = (
            pickle.loads(pickle.dumps(model)),
            copy.deepcopy(model),
            copy.copy(model),
            joblib.load(file),
        )
        for other in copies:
            numpy.testing.assert_array_equal(other.predict_proba(x), model.predict_proba(x))
            other.partial_fit(x, y)
            self.assertEqual(len(other.coefs_), 2)

    def test_in_processes(self):
        x, y = make_classification(100, random_state=0)
        model = MLPClassifier(max_iter=3, random_state=0)
        alone = cross_val_score(model, x, y, cv=2)
        numpy.testing.assert_array_equal(cross_val_score(model, x, y, cv=2, n_jobs=2), alone)

    def test_sparse(self):
        from scipy import sparse

        x, y = make_classification(100, random_state=0)
        x[numpy.abs(x) < 0.5] = 0
        dense = MLPClassifier(max_iter=3, random_state=0).fit(x, y).predict_proba(x)
        for kind in (sparse.csr_matrix, sparse.csc_matrix):
            fitted = MLPClassifier(max_iter=3, random_state=0).fit(kind(x), y)
            numpy.testing.assert_array_equal(fitted.predict_proba(kind(x)), dense)
            with mock.patch("quern.sklearn._descent._CHUNK", 30 * 20 * 4):
                numpy.testing.assert_array_equal(fitted.predict_proba(kind(x)), dense)

    @unittest.skipIf(importlib.util.find_spec("pandas") is None, "pandas is missing")
    def test_frames(self):
        import pandas

        x, y = make_classification(100, n_features=3, n_redundant=0, random_state=0)
        frame = pandas.DataFrame(x, columns=["a", "b", "c"])
        model = MLPClassifier(max_iter=3, random_state=0).fit(frame, pandas.Series(y))
        self.assertEqual(list(model.feature_names_in_), ["a", "b", "c"])
        with self.assertRaisesRegex(ValueError, "feature names should match"):
            model.predict(frame[["b", "a", "c"]])

    def test_many_samples_are_taken_in_parts(self):
        x, y = make_classification(300, random_state=0)
        whole = MLPClassifier(max_iter=3, random_state=0, batch_size=32).fit(x, y)
        with mock.patch("quern.sklearn._descent._CHUNK", 64 * 20 * 4):
            parts = MLPClassifier(max_iter=3, random_state=0, batch_size=32).fit(x, y)
        self.assertEqual(parts.loss_curve_, whole.loss_curve_)
        numpy.testing.assert_array_equal(parts.coefs_[0], whole.coefs_[0])

    def test_gradients_in_memory(self):
        """Devices that update in a step of its own, as GPUs do, learn the same."""
        x, y = make_classification(200, random_state=0)
        fused = MLPClassifier(max_iter=3, random_state=0).fit(x, y)
        create = _plan.Plan._create

        def refuses(plan, mode, optimizer):
            if mode == "training":
                raise NotImplementedError
            create(plan, mode, optimizer)

        with mock.patch.object(_plan.Plan, "_create", refuses):
            apart = MLPClassifier(max_iter=3, random_state=0).fit(x, y)
        numpy.testing.assert_allclose(apart.loss_curve_, fused.loss_curve_, rtol=1e-5)

    def test_warnings_are_of_the_caller(self):
        x, y = make_classification(30, random_state=0)
        for expected, parameters in (
            (ConvergenceWarning, {"max_iter": 1}),
            (UserWarning, {"batch_size": 31, "tol": 1e9, "n_iter_no_change": 1}),
        ):
            with self.assertWarns(expected) as caught:
                MLPClassifier(**parameters).fit(x, y)
            self.assertEqual(caught.filename, __file__)

    def test_verbose(self):
        x, y = make_classification(100, random_state=0)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            MLPClassifier(max_iter=50, tol=1, n_iter_no_change=2, verbose=True).fit(x, y)
            MLPRegressor(max_iter=2, early_stopping=True, verbose=True).fit(x, y)
        self.assertIn("Iteration 1, loss = 0.", said.getvalue())
        self.assertIn("Training loss did not improve more than tol=1.000000 for 2", said.getvalue())
        self.assertIn("Validation score: ", said.getvalue())


class Refused(SklearnCase):
    def test_parameters(self):
        x, y = make_classification(30, random_state=0)
        for name, value, words in (
            ("solver", "lbfgs", "'lbfgs', which quern does not have; expected 'adam' or 'sgd'"),
            ("solver", "Adam", "'Adam'.*adam"),
            ("max_fun", 100, "only affects solver='lbfgs'"),
            ("activation", "sigmoid", "'sigmoid'.*logistic"),
            ("hidden_layer_sizes", (5, 0), "0, expected a whole number from 1"),
            ("hidden_layer_sizes", "64", "'64', expected a whole number"),
            ("alpha", -1, "-1, expected a number at least 0"),
            ("alpha", float("nan"), "nan, expected a number at least 0"),
            ("batch_size", 0, "0, expected a whole number from 1"),
            ("batch_size", "all", "'all', expected 'auto' or a number"),
            ("learning_rate", "cosine", "'cosine'.*constant"),
            ("learning_rate_init", 0, "0, expected a number above 0"),
            ("power_t", -1, "expected a number at least 0"),
            ("max_iter", 0, "0, expected a whole number"),
            ("shuffle", "yes", "'yes', expected True or False"),
            ("tol", -1, "expected a number at least 0"),
            ("verbose", "loud", "'loud', expected True or False"),
            ("warm_start", 1, "1, expected True or False"),
            ("momentum", 1.5, "expected a number at least 0 and at most 1"),
            ("nesterovs_momentum", None, "None, expected True or False"),
            ("validation_fraction", 1, "at least 0 and less than 1"),
            ("beta_1", 1, "at least 0 and less than 1"),
            ("beta_2", -0.1, "at least 0 and less than 1"),
            ("epsilon", 0, "above 0"),
            ("n_iter_no_change", 0, "0, expected a whole number"),
            ("device", [0, 1], r"\[0, 1\], expected one device"),
            ("device", "all", "expected one device"),
        ):
            for kind in (MLPClassifier, MLPRegressor):
                with (
                    self.subTest(name=name, value=value, kind=kind.__name__),
                    self.assertRaisesRegex((ValueError, TypeError), f"^{name}: {words}|{words}"),
                ):
                    kind(**{name: value}).fit(x, y)
        with self.assertRaisesRegex(ValueError, "loss: 'poisson'"):
            MLPRegressor(loss="poisson").fit(x, y)

    def test_arguments(self):
        x, y = make_classification(30, random_state=0)
        for kind in (MLPClassifier, MLPRegressor):
            kind(max_iter=1).fit(x, y, sample_weight=None)
            with self.assertRaisesRegex(TypeError, "sample_weight: quern cannot weigh samples"):
                kind().fit(x, y, sample_weight=numpy.ones(30))
            with self.assertRaisesRegex(TypeError, "fit has no argument 'epochs'"):
                kind().fit(x, y, epochs=3)

    def test_not_finite(self):
        x, y = make_friedman1(100, random_state=0)
        with self.assertRaisesRegex(ValueError, "non-finite.*StandardScaler.*learning_rate_init"):
            MLPRegressor(solver="sgd", learning_rate_init=1e3).fit(x * 1e3, y)
        with self.assertRaisesRegex(ValueError, "infinity|too large"):
            MLPRegressor().fit(x * 1e300, y)


class WithoutSklearn(unittest.TestCase):
    def test_what_is_missing_is_said(self):
        program = "import sys; sys.modules['sklearn'] = None; import quern.sklearn"
        ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        self.assertIn("quern.sklearn needs scikit-learn", ran.stderr)


if __name__ == "__main__":
    unittest.main()
