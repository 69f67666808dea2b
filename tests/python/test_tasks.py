"""Tasks: classes, labels, regression; their units; and every optimizer, schedule, activation and
loss by its name."""

import math
import pathlib
import tempfile
import unittest

import numpy
import quern
from plain import plain


def table(rows=400, seed=0):
    """Columns of very different size, and two targets that depend on them, with noise."""
    random = numpy.random.default_rng(seed)
    x = random.normal(size=(rows, 3)) * [1, 1000, 0.01] + [5, -3000, 1]
    y = numpy.stack([100 * x[:, 0] + x[:, 1] / 10, 7000 + x[:, 2] * 2e4], axis=1)
    return x, y + random.normal(size=y.shape)


class Regression(unittest.TestCase):
    def test_standardized(self):
        (x, y), (x_test, y_test) = table(), table(rows=100, seed=1)
        network = quern.Network(3, [2], loss="squared", seed=1)
        history = network.fit(
            x, y, **plain(epochs=40, standardize=True, validation=(x_test, y_test))
        )
        metrics = network.evaluate(x_test, y_test)
        self.assertGreater(metrics.r_squared, 0.999)
        self.assertEqual(metrics.r_squared, history[-1].validation.r_squared)
        self.assertTrue(math.isnan(metrics.accuracy) and math.isnan(metrics.f1))
        found = network.predict(x_test)
        self.assertAlmostEqual(
            ((found - y_test) ** 2).mean() / metrics.mean_squared_error, 1, places=3
        )
        self.assertLess(numpy.abs(found - y_test).max(), 20)  # of values around 27000
        with tempfile.TemporaryDirectory() as folder:  # a file keeps them
            path = pathlib.Path(folder, "table.safetensors")
            network.save(path)
            loaded = quern.load(path)
        numpy.testing.assert_array_equal(loaded.predict(x_test), found)
        self.assertEqual(loaded.evaluate(x_test, y_test).r_squared, metrics.r_squared)
        loaded.fit(x, y, **plain(epochs=1, standardize=True))  # with the same standardization
        self.assertGreater(loaded.evaluate(x_test, y_test).r_squared, 0.999)

    def test_as_it_is(self):
        x = numpy.linspace(-1, 1, 50).reshape(-1, 1)
        network = quern.Network(1, [1], loss="huber:0.5")
        network.fit(x, 3 * x[:, 0] - 1, **plain(epochs=200))  # one output may omit its dimension
        numpy.testing.assert_allclose(network.predict(x), 3 * x - 1, atol=0.05)
        self.assertEqual(network.loss, "huber:0.5")

    def test_refused(self):
        x, y = table(rows=5)
        network = quern.Network(3, [2], loss="absolute")
        for error, words, wrong in (
            (ValueError, r"y has shape \(5,\), expected \(5, 2\)", y[:, 0]),
            (ValueError, r"y has shape \(4, 2\), expected \(5, 2\)", y[:4]),
            (ValueError, r"y has shape \(5, 3\)", numpy.ones((5, 3))),
            (TypeError, "y has dtype <U1", numpy.array([["a", "b"]] * 5)),
            (quern.Error, "nan", y * numpy.nan),
        ):
            with self.assertRaisesRegex(error, words):
                network.fit(x, wrong)


class Labels(unittest.TestCase):
    def test_learns(self):
        x = numpy.random.default_rng(2).normal(size=(500, 4))
        y = x[:, :3] > 0.2
        network = quern.Network(4, [16, 3], loss="binary", seed=2)
        network.fit(x[:400], y[:400], **plain(epochs=60))
        metrics = network.evaluate(x[400:], y[400:])
        found = network.predict(x[400:]) > 0.5
        self.assertGreater(metrics.label_accuracy, 0.93)
        self.assertAlmostEqual(metrics.label_accuracy, (found == y[400:]).mean(), places=12)
        self.assertAlmostEqual(
            metrics.exact_match, (found == y[400:]).all(axis=1).mean(), places=12
        )
        self.assertAlmostEqual(
            metrics.f1, 2 * (found & y[400:]).sum() / (found.sum() + y[400:].sum()), places=12
        )
        with self.assertRaisesRegex(quern.Error, "0 or 1"):
            network.fit(x, numpy.full((500, 3), 0.5))

    def test_one_label(self):
        x = numpy.random.default_rng(3).normal(size=(200, 2))
        network = quern.Network(2, [1], loss="binary")
        network.fit(x, (x[:, 0] > 0).astype(int), **plain(epochs=20))
        self.assertGreater(network.evaluate(x, x[:, :1] > 0).label_accuracy, 0.95)


class Classes(unittest.TestCase):
    def setUp(self):
        (self.x, self.y), self.test = quern.read("digits")

    def test_weights_and_smoothing(self):
        even, weighted, smooth = (quern.Network(64, [10], seed=1) for _ in range(3))
        even.fit(self.x, self.y, **plain(epochs=5))
        weighted.fit(self.x, self.y, **plain(epochs=5, class_weights=[1] * 9 + [0]))
        smooth.fit(self.x, self.y, **plain(epochs=5, label_smoothing=0.5))
        self.assertGreater((even.predict(self.x).argmax(axis=1) == 9).sum(), 100)
        self.assertLess(
            (weighted.predict(self.x).argmax(axis=1) == 9).sum(), 10
        )  # nothing can be learned about nines
        self.assertLess(smooth.predict(self.x).max(), 0.9)
        with self.assertRaisesRegex(
            ValueError, r"class_weights has shape \(9,\), expected \(10,\)"
        ):
            even.fit(self.x, self.y, class_weights=[1] * 9)

    def test_patience(self):
        network = quern.Network(64, [64, 10], seed=1)
        history = network.fit(
            self.x[:100],
            self.y[:100],
            **plain(epochs=2000, batch=100, learning_rate=1, patience=3, validation=self.test),
        )
        self.assertLess(len(history), 2000)
        best = min(history, key=lambda epoch: epoch.validation.loss)
        self.assertEqual(best.epoch, history[-1].best_epoch)
        self.assertEqual(len(history), best.epoch + 3)
        self.assertEqual(network.evaluate(*self.test).loss, best.validation.loss)

    def test_every_name(self):
        """Each learns from the digits, with a rate that suits the optimizer."""

        def accuracy(layers=(16, 10), loss="categorical", **options):
            network = quern.Network(64, layers, loss, seed=1)
            options = plain(epochs=2, validation=self.test, **options)
            return network.fit(self.x, self.y, **options)[-1].validation.accuracy

        for name in quern.optimizers():
            rate = 0.1 if name == "sgd" else 0.02 if name in ("momentum", "nesterov") else 0.005
            self.assertGreater(accuracy(optimizer=name, learning_rate=rate), 0.5, name)
        for name in quern.schedules():
            self.assertGreater(accuracy(schedule=name, warmup=3, learning_rate=0.2), 0.4, name)
        for name in quern.activations():
            self.assertGreater(accuracy([quern.Dense(16, name), 10]), 0.4, name)
        for name in quern.losses():
            history = quern.Network(64, [10], name, seed=1).fit(self.x, self.y, **plain(epochs=3))
            self.assertLess(history[-1].loss, 0.9 * history[0].loss, name)


class Files(unittest.TestCase):
    def test_labels_are_values(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "labels.csv")
            path.write_text("0.5,2000\n1.5,1000\n2.5,2000\n")
            (x, y), _ = quern.read(path)
            self.assertEqual((y.dtype, y.tolist()), (numpy.int32, [1, 0, 1]))
            quern.Network(1, [2]).fit(x, y, epochs=1)
            path.write_text("".join(f"{i},{i}.0\n" for i in range(1, 31)))
            with self.assertRaisesRegex(
                quern.Error, "30 different labels in 30 rows.*--task regression"
            ):
                quern.read(path)
            self.assertEqual(quern.read(path, task="classes")[0][1].tolist(), list(range(30)))

    def test_read(self):
        x, y = table(rows=6)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "table.npz")
            numpy.savez(path, x_train=x, y_train=y, x_test=x[:2], y_test=y[:2])
            (x_read, y_read), (x_test, y_test) = quern.read(path)
            pathlib.Path(folder, "classes.csv").write_text("1,2,0\n3,4,1\n", encoding="utf-8")
            (x_classes, y_classes), nothing = quern.read(pathlib.Path(folder, "classes.csv"))
        numpy.testing.assert_array_equal(x_read, x.astype("f4"))
        numpy.testing.assert_array_equal(y_read, y.astype("f4"))
        numpy.testing.assert_array_equal(x_test, x[:2].astype("f4"))
        numpy.testing.assert_array_equal(y_test, y[:2].astype("f4"))
        numpy.testing.assert_array_equal(x_classes, [[1, 2], [3, 4]])
        numpy.testing.assert_array_equal(y_classes, [0, 1])
        self.assertIsNone(nothing)

    def test_read_tables(self):
        text = "id;color;size;price;weight\n1;red;2.5;10;1\n2;blue;;30;2\n3;red;1.5;20;4\n"
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "table.csv")
            path.write_text(text, encoding="utf-8")
            (x, y), nothing = quern.read(
                path, target=["price", 5], inputs=["size", 1], task="regression", missing="mean"
            )
            numpy.testing.assert_array_equal(x, [[2.5, 1], [2, 2], [1.5, 3]])
            numpy.testing.assert_array_equal(y, [[10, 1], [30, 2], [20, 4]])
            self.assertIsNone(nothing)
            (x, y), _ = quern.read(
                path, target="color", inputs="size", missing="zero", delimiter=";", header="one"
            )
            numpy.testing.assert_array_equal(x, [[2.5], [0], [1.5]])
            numpy.testing.assert_array_equal(y, [1, 0, 1])  # blue, red
            (x, y), _ = quern.read(path, target=[], inputs=["color", "weight"], one_hot=True)
            numpy.testing.assert_array_equal(x, [[0, 1, 1], [1, 0, 2], [0, 1, 4]])
            self.assertIsNone(y)
            with self.assertRaisesRegex(quern.Error, r"table.csv: line 3, column 3"):
                quern.read(path, target="color")
            path.write_text("1|0.5\n0|2.5\n", encoding="utf-8")
            (x, y), _ = quern.read(path, label="first", header="none", delimiter="|")
            numpy.testing.assert_array_equal(x, [[0.5], [2.5]])
            numpy.testing.assert_array_equal(y, [1, 0])
            for error, said, wrong in (
                (ValueError, "header: 'two', expected one of auto, none, one", {"header": "two"}),
                (TypeError, "missing: 0, expected one of refuse, mean, zero", {"missing": 0}),
                (ValueError, "delimiter: ';;', expected one character", {"delimiter": ";;"}),
                (
                    ValueError,
                    "task: 'none', expected one of classes, labels, regression",
                    {"task": "none"},
                ),
                (ValueError, "target: 'a,b', expected a name without a comma", {"target": ["a,b"]}),
                (TypeError, "inputs: 1.5, expected a column's name or number", {"inputs": [1.5]}),
            ):
                with self.assertRaisesRegex(error, said):
                    quern.read(path, **wrong)


if __name__ == "__main__":
    unittest.main()
