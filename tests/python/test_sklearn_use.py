"""What users do with the estimators of quern.sklearn: they go on training, put them into pipelines
and searches, copy them, interrupt them, and pass what is refused."""

import contextlib
import copy
import importlib.util
import io
import pickle
import subprocess
import sys
import unittest
from unittest import mock

import numpy
from sklearn_case import MISSING, SklearnCase

if not MISSING:
    import joblib
    from quern import _plan
    from quern.sklearn import MLPClassifier, MLPRegressor
    from sklearn.datasets import load_digits, make_classification, make_friedman1
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.model_selection import GridSearchCV, cross_val_score, train_test_split
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler


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
