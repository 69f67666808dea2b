"""Tables of pandas, Polars and Arrow, as they are."""

import importlib.util
import os
import pathlib
import pickle
import subprocess
import tempfile
import unittest

import numpy
import quern

COLUMNS = ["height", "age", "member"]
VALUES = {
    "height": [1.5, 1.75, 1.25, 2.0, 1.0, 1.5],
    "age": [30, 40, 20, 50, 10, 60],
    "member": [True, False, True, True, False, False],
}
TEXTS = ["oak", "ash", "oak", "elm", "ash", "elm"]
NUMBERS = [2, 0, 2, 1, 0, 1]
X = numpy.array([VALUES[name] for name in COLUMNS], numpy.float32).T


class Columns:
    """A table without a library: what pandas and Polars have in common."""

    def __init__(self, values):
        self.columns = list(values)
        self.dtypes = [numpy.asarray(column).dtype for column in values.values()]
        self._values = values

    def __getitem__(self, name):
        return numpy.array(self._values[name])


class Cases:
    """What every kind of table passes."""

    def setUp(self):
        self.network = quern.Network(3, [8, 3], seed=1, device="reference")
        self.plain = quern.Network(3, [8, 3], seed=1, device="reference")
        self.plain.fit(X, NUMBERS, epochs=2)

    def table(self, values):
        raise NotImplementedError

    def column(self, values):
        return self.table({"y": values})

    def same(self, network):
        numpy.testing.assert_array_equal(network.predict(X), self.plain.predict(X))

    def test_columns_and_classes(self):
        for y in (self.column(TEXTS), TEXTS, numpy.array(TEXTS, object)):
            network = quern.Network(3, [8, 3], seed=1, device="reference")
            network.fit(self.table(VALUES), y, epochs=2)
            self.same(network)
            self.assertEqual(network.columns, COLUMNS)
            self.assertEqual(list(network.classes), ["ash", "elm", "oak"])
        turned = self.table({"other": [0] * 6, **{n: VALUES[n] for n in reversed(COLUMNS)}})
        numpy.testing.assert_array_equal(network.predict(turned), self.plain.predict(X))
        self.assertEqual(
            network.evaluate(turned, self.column(TEXTS)).accuracy,
            self.plain.evaluate(X, NUMBERS).accuracy,
        )
        other = pickle.loads(pickle.dumps(network))
        numpy.testing.assert_array_equal(other.predict(turned), self.plain.predict(X))
        self.assertEqual(list(other.classes), ["ash", "elm", "oak"])

    def test_numbers(self):
        self.network.fit(self.table(VALUES), self.column(NUMBERS), epochs=2)
        self.same(self.network)
        self.assertIsNone(self.network.classes)
        regression = quern.Network(3, [2], "squared", seed=1, device="reference")
        regression.fit(self.table(VALUES), self.table({"a": NUMBERS, "b": VALUES["age"]}), epochs=1)
        self.assertEqual(regression.predict(self.table(VALUES)).shape, (6, 2))

    def test_refused(self):
        with self.assertRaisesRegex(TypeError, "x: column 'age' has 'old', expected numbers; make"):
            self.network.predict(self.table({**VALUES, "age": ["old"] * 6}))
        self.network.fit(self.table(VALUES), self.column(TEXTS), epochs=1)
        few = self.table({name: VALUES[name] for name in ("age", "height")})
        with self.assertRaisesRegex(ValueError, "x has no column 'member'.*it has age, height"):
            self.network.predict(few)
        with self.assertRaisesRegex(ValueError, r"y\[1\] is 'fir', which is none of .*ash, elm"):
            self.network.evaluate(self.table(VALUES), self.column(["oak", "fir"] * 3))
        with self.assertRaisesRegex(TypeError, "y has texts, and the network was trained on num"):
            self.plain.evaluate(X, self.column(TEXTS))
        with self.assertRaisesRegex(ValueError, "y has 3 classes, and the network 2 outputs"):
            quern.Network(3, [2], device="reference").fit(X, self.column(TEXTS))
        with self.assertRaisesRegex(TypeError, "y has dtype <U"):
            quern.Network(3, [1], "squared", device="reference").fit(X, TEXTS)


@unittest.skipUnless(os.environ.get("QUERN"), "the command is not built: no model of its own")
class ModelFiles(unittest.TestCase):
    def test_classes_of_a_file(self):
        """What the command wrote: labels that are texts, or numbers in their order."""
        for texts, expected in (
            (["oak", "ash", "oak", "elm", "ash", "elm"], ["ash", "elm", "oak"]),
            ([1000, 30, 1000, 200, 30, 200], ["30", "200", "1000"]),
        ):
            with tempfile.TemporaryDirectory() as folder:
                data, model = (
                    pathlib.Path(folder, "data.csv"),
                    pathlib.Path(folder, "m.safetensors"),
                )
                rows = [f"{a},{b},{text}" for (a, b, _), text in zip(X, texts)]
                data.write_text("\n".join(["a,b,kind", *rows, ""]), encoding="utf-8")
                command = [os.environ["QUERN"], "train", "--data", data, "--epochs", "1"]
                command += ["--device", "reference", "--save", model]
                subprocess.run(command, check=True, capture_output=True)
                network = quern.load(model, device="reference")
            self.assertEqual(list(network.classes), expected)
            metrics = network.evaluate(X[:, :2], [str(text) for text in texts])
            answers = network.classes[network.predict(X[:, :2]).argmax(axis=1)]
            right = numpy.mean(answers == numpy.array(texts).astype(str))
            self.assertAlmostEqual(metrics.accuracy, right)
        self.assertIsNone(quern.Network(2, [3]).classes)


class PlainTables(Cases, unittest.TestCase):
    def table(self, values):
        return Columns(values)


def _has(name):
    return unittest.skipIf(importlib.util.find_spec(name) is None, f"{name} is missing")


@_has("pandas")
class PandasTables(Cases, unittest.TestCase):
    def table(self, values):
        return importlib.import_module("pandas").DataFrame(values)

    def column(self, values):
        return importlib.import_module("pandas").Series(values)

    def test_other_types(self):
        """Categories as classes, and nullable columns, of which a missing value is refused."""
        pandas = importlib.import_module("pandas")
        frame = self.table(VALUES).convert_dtypes()
        self.network.fit(frame, self.column(TEXTS).astype("category"), epochs=2)
        self.same(self.network)
        frame.loc[2, "age"] = pandas.NA
        with self.assertRaisesRegex(ValueError, "row 2, column 1: nan"):
            self.network.predict(frame)
        doubled = pandas.concat([frame, frame], axis=1)
        with self.assertRaisesRegex(ValueError, "several columns are called 'height'"):
            self.network.predict(doubled)

    def test_numbered_columns_have_no_names(self):
        frame = importlib.import_module("pandas").DataFrame(X)
        self.network.fit(frame, NUMBERS, epochs=2)
        self.assertIsNone(self.network.columns)
        self.same(self.network)


@_has("polars")
class PolarsTables(Cases, unittest.TestCase):
    def table(self, values):
        return importlib.import_module("polars").DataFrame(values)

    def column(self, values):
        return importlib.import_module("polars").Series(values)


@_has("pyarrow")
class ArrowTables(Cases, unittest.TestCase):
    def table(self, values):
        return importlib.import_module("pyarrow").table(values)

    def column(self, values):
        return importlib.import_module("pyarrow").chunked_array([values[:2], values[2:]])


if __name__ == "__main__":
    unittest.main()
