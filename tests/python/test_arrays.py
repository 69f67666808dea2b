"""Arrays of any numeric type and strides, and errors with the name, the shape and the expected
value."""

import functools
import os
import pathlib
import re
import tempfile
import unittest

import numpy
import quern


class Arrays(unittest.TestCase):
    def setUp(self):
        self.network = quern.Network(4, [3], seed=1, device="reference")
        self.x = numpy.arange(20, dtype=numpy.float32).reshape(5, 4)
        self.expected = self.network.predict(self.x)

    def test_types(self):
        for dtype in (
            "f2",
            "f4",
            "f8",
            "g",
            "i1",
            "u1",
            "i2",
            "i4",
            "u4",
            "i8",
            "u8",
            ">f4",
            ">i4",
        ):
            numpy.testing.assert_array_equal(
                self.network.predict(self.x.astype(dtype)), self.expected, dtype
            )
        numpy.testing.assert_array_equal(self.network.predict(self.x.tolist()), self.expected)
        numpy.testing.assert_array_equal(
            self.network.predict(self.x > 9), self.network.predict((self.x > 9).astype("f4"))
        )

    def test_strides(self):
        wide = numpy.zeros((10, 9), numpy.float32)
        wide[::2, 1::2] = self.x
        read_only = self.x.copy()
        read_only.flags.writeable = False
        for x in (
            numpy.asfortranarray(self.x),
            wide[::2, 1::2],
            self.x[::-1][::-1],
            self.x.T.copy().T,
            read_only,
        ):
            numpy.testing.assert_array_equal(self.network.predict(x), self.expected)
        numpy.testing.assert_array_equal(self.network.predict(self.x[::-1]), self.expected[::-1])
        numpy.testing.assert_array_equal(
            self.network.predict(self.x.reshape(5, 2, 2)), self.expected
        )
        self.assertEqual(self.expected.dtype, numpy.float32)
        self.assertEqual(self.expected.shape, (5, 3))

    def test_x_refused(self):
        for error, words, x in (
            (ValueError, r"x has shape \(4,\), expected \(samples, 4\)", self.x[0]),
            (ValueError, r"x has shape \(5, 3\), expected \(samples, 4\)", self.x[:, :3]),
            (ValueError, r"x has shape \(0, 4\), expected at least one sample", self.x[:0]),
            (
                ValueError,
                r"x\[1, 2\] is 1e\+300, which is more than float32 holds",
                [[0, 0, 0, 0], [0, 0, 1e300, 0]],
            ),
            (ValueError, "row 0, column 0: nan, expected a finite number", self.x * numpy.nan),
            (ValueError, "row 0, column 1: inf, expected a finite number", [[0, numpy.inf, 0, 0]]),
            (TypeError, "x has dtype complex64", self.x.astype(numpy.complex64)),
            (TypeError, "x has dtype object", [[None] * 4]),
            (TypeError, "x has dtype <U1", [list("abcd")]),
            (TypeError, "x is a masked array", numpy.ma.masked_equal(self.x, 3)),
        ):
            with self.assertRaisesRegex(error, words):
                self.network.predict(x)

    def test_y_refused(self):
        for error, words, y in (
            (
                ValueError,
                r"y has shape \(4,\), expected \(5,\): a class for each sample",
                [0, 1, 2, 0],
            ),
            (
                ValueError,
                r"y has shape \(5, 3\).*pass y.argmax\(axis=1\)",
                numpy.eye(3)[[0, 1, 2, 0, 1]],
            ),
            (ValueError, r"y has shape \(5, 1\)", [[0]] * 5),
            (TypeError, "y has dtype float64, expected integers", numpy.zeros(5)),
            (ValueError, r"y\[2\] is -1, expected a class from 0 on", [0, 1, -1, 0, 0]),
            (ValueError, r"y\[4\] is 4294967296", numpy.array([0, 0, 0, 0, 2**32])),
            (quern.Error, "sample 3 is 3, expected 0 to 2", [0, 1, 2, 3, 0]),
        ):
            for call in (self.network.evaluate, self.network.fit):
                with self.assertRaisesRegex(error, words):
                    call(self.x, y)
        with self.assertRaisesRegex(ValueError, r"validation y has shape \(2,\)"):
            self.network.fit(self.x, [0] * 5, validation=(self.x, [0, 1]))
        with self.assertRaisesRegex(TypeError, "validation: expected a pair"):
            self.network.fit(self.x, [0] * 5, validation=3)

    def test_whole_numbers_refused(self):
        y = [0, 1, 2, 0, 1]
        fit = functools.partial(self.network.fit, self.x, y)
        for value, error, words in (
            (2**64, ValueError, f": {2**64}, expected at most"),
            (2**70, ValueError, f": {2**70}, expected at most"),
            (-1, ValueError, ": -1, expected a whole number from"),
            (numpy.int8(-1), ValueError, ": -1, expected a whole number from"),
            (-(2**80), ValueError, ", expected a whole number from"),
            (True, TypeError, ": True, expected a whole number"),
            (numpy.True_, TypeError, ", expected a whole number"),
            (1.0, TypeError, ": 1.0, expected a whole number"),
            (numpy.float64(1), TypeError, ", expected a whole number"),
            ("1", TypeError, ": '1', expected a whole number"),
            (None, TypeError, ": None, expected a whole number"),
        ):
            for name, call in [
                (name, functools.partial(lambda n, v: fit(**{n: v}), name))
                for name in ("epochs", "batch", "warmup", "patience", "seed", "checkpoint_every")
            ] + [
                (
                    "layers: units",
                    lambda v: quern.Network(4, [quern.Dense(v), quern.Dense(3, "identity")]),
                ),
                ("inputs", lambda v: quern.Network(v, [3])),
                ("seed", lambda v: quern.Network(4, [3], seed=v)),
            ]:
                # None leaves the default of what has one.
                if value is None and name not in ("layers: units", "inputs"):
                    continue
                with (
                    self.subTest(name=name, value=value),
                    self.assertRaisesRegex(error, "^" + name + ".*" + words),
                ):
                    call(value)
            if value is not None:
                with self.assertRaisesRegex(error, "data_memory"):
                    fit(data_memory=value)
            if value not in (-1,):
                with self.assertRaises(error):
                    self.network.layer(value)
        for units in (2**31, 2**32 + 1, 2**40, 2**63):
            words = f"layers: units: {units}, expected at most {2**31 - 1}"
            with self.assertRaisesRegex(ValueError, words):
                quern.Network(4, [units, 3])
        self.assertEqual(quern.Network(numpy.uint8(4), [numpy.int64(5), 3]).layers[0].units, 5)

    def test_numbers_refused(self):
        y = [0, 1, 2, 0, 1]
        fit = functools.partial(self.network.fit, self.x, y)
        for name in ("learning_rate", "momentum", "weight_decay", "clip_norm", "label_smoothing"):
            for value, error, words in (
                (1e39, ValueError, ": 1e\\+39, expected 0, or 1.2e-38 to 3.4e\\+38"),
                (1e-50, ValueError, ": 1e-50, expected 0, or 1.2e-38 to"),
                (10**400, ValueError, "expected a number that a float holds"),
                ("0.5", TypeError, ": '0.5', expected a number"),
                (True, TypeError, ": True, expected a number"),
            ):
                with (
                    self.subTest(name=name, value=value),
                    self.assertRaisesRegex(error, "^" + name + ".*" + words),
                ):
                    fit(optimizer="momentum", **{name: value})
            with self.assertRaises(quern.Error):
                fit(optimizer="momentum", **{name: float("nan")})
        for weights, words in (
            ([1, 1e-50, 1], r"class_weights\[1\] is 1e-50"),
            ([1, 1, 1e39], r"class_weights\[2\] is 1e\+39"),
            ([1, 1e20, 1], r"class 1 is 1e\+20, expected 0, or 1e-15 to 1e\+15"),
        ):
            with self.assertRaisesRegex(ValueError, words):
                fit(class_weights=weights)
        with self.assertRaisesRegex(ValueError, "layers: dropout: 1e-50"):
            quern.Network(4, [quern.Dense(3, dropout=1e-50), 3])

    def test_texts_refused(self):
        """C would end a text at a zero character, and read another file or use another device."""
        y = [0, 1, 2, 0, 1]
        with tempfile.TemporaryDirectory() as folder:
            cut, kept = os.path.join(folder, "model\0.safetensors"), os.path.join(folder, "kept")
            self.network.save(kept)
            before = sorted(os.listdir(folder))
            for name, call in (
                ("path", lambda: self.network.save(cut)),
                ("path", lambda: self.network.save(cut.encode())),
                ("path", lambda: self.network.save(pathlib.PurePath(cut))),
                ("path", lambda: self.network.save(cut + ".onnx")),
                ("path", lambda: quern.load(kept + "\0")),
                ("path", lambda: quern.load(kept + "\0.onnx")),
                ("checkpoint", lambda: self.network.fit(self.x, y, checkpoint=cut)),
                ("resume", lambda: self.network.fit(self.x, y, resume=cut)),
                ("where", lambda: quern.read("digits\0")),
                ("target", lambda: quern.read("digits", target="a\0")),
                ("inputs", lambda: quern.read("digits", inputs=["b", "a\0"])),
                ("delimiter", lambda: quern.read("digits", delimiter="\0")),
                ("device", lambda: quern.Network(4, [3], device="reference\0")),
                ("device", lambda: quern.Network(4, [3], device=["reference", "0:0\0"])),
                ("loss", lambda: quern.Network(4, [3], "categorical\0")),
                ("activation", lambda: quern.Network(4, [quern.Dense(2, "relu\0"), 3])),
                ("normalize", lambda: quern.Network(4, [quern.Dense(2, normalize="batch\0"), 3])),
                ("optimizer", lambda: self.network.fit(self.x, y, optimizer="sgd\0")),
                ("schedule", lambda: self.network.fit(self.x, y, schedule="cosine\0")),
            ):
                words = "^" + name + ": .* has a zero character"
                with self.subTest(name=name), self.assertRaisesRegex(ValueError, words):
                    call()
            self.assertEqual(sorted(os.listdir(folder)), before)

    def test_texts_go_one_way(self):
        """Texts of callers are encoded only after a check."""
        for source in pathlib.Path(quern.__file__).parent.glob("*.py"):
            if source.name != "_arguments.py":
                text = source.read_text(encoding="utf-8")
                self.assertNotRegex(text, r"\.encode\(|fsencode", source.name)

    def test_names_that_people_try(self):
        """Other libraries' names are answered with quern's nearest."""
        fit = functools.partial(self.network.fit, self.x, [0, 1, 2, 0, 1])
        for words, call in (
            ("Network.fit has no argument 'batch_size'; did you mean batch?", {"batch_size": 5}),
            ("'lr'; did you mean learning_rate?", {"lr": 0.1}),
            ("'verbose'; did you mean on_epoch=print?", {"verbose": True}),
            ("'epoch'; did you mean epochs?", {"epoch": 3}),
            ("'validation_split'; did you mean validation?", {"validation_split": 0.1}),
            ("'weight_deacy'; did you mean weight_decay?", {"weight_deacy": 0.1}),
            ("'zzz'; expected one of x, y, epochs, ", {"zzz": 0.1}),
        ):
            with self.subTest(words=words), self.assertRaisesRegex(TypeError, re.escape(words)):
                fit(**call)
        dense = functools.partial(quern.Dense, 2)
        for words, call in (
            ("rmsprop; did you mean adam?", lambda: fit(optimizer="Adam")),
            ("did you mean sgd?", lambda: fit(optimizer="SGD")),
            ("did you mean one-cycle?", lambda: fit(schedule="onecycle")),
            ("did you mean squared?", lambda: quern.Network(4, [3], "mse")),
            ("did you mean categorical?", lambda: quern.Network(4, [3], "cross_entropy")),
            ("did you mean categorical?", lambda: quern.Network(4, [3], "crossentropy")),
            ("did you mean binary?", lambda: quern.Network(4, [3], "binary_crossentropy")),
            ("did you mean leaky-relu?", lambda: quern.Network(4, [dense("LeakyReLU"), 3])),
            ("did you mean silu?", lambda: quern.Network(4, [dense("swish"), 3])),
            ("did you mean identity with the loss", lambda: quern.Network(4, [dense("softmax")])),
            ("did you mean xavier?", lambda: quern.Network(4, [3], initializer="glorot")),
            (
                "did you mean batch?",
                lambda: quern.Network(4, [quern.Dense(2, normalize="BatchNorm1d"), 3]),
            ),
        ):
            with self.subTest(words=words), self.assertRaisesRegex(ValueError, re.escape(words)):
                call()
        for words, call in (
            ("'hidden_layer_sizes'; did you mean layers?", {"hidden_layer_sizes": (5, 3)}),
            ("'random_state'; did you mean seed?", {"random_state": 0}),
            ("'criterion'; did you mean loss?", {"criterion": "squared"}),
        ):
            with self.subTest(words=words), self.assertRaisesRegex(TypeError, re.escape(words)):
                quern.Network(4, [3], **call)
        with self.assertRaisesRegex(TypeError, "read has no argument 'sep'; did you mean delim"):
            quern.read("digits", sep=";")

    def test_other_arguments_refused(self):
        y = [0, 1, 2, 0, 1]
        for error, words, call in (
            (
                ValueError,
                "loss: 'hinge', expected one of categorical, ",
                lambda: quern.Network(4, [3], "hinge"),
            ),
            (
                ValueError,
                "activation: 'swoosh', expected one of",
                lambda: quern.Network(4, [quern.Dense(2, "swoosh"), 3]),
            ),
            (
                TypeError,
                "activation: 3, expected a name",
                lambda: quern.Network(4, [quern.Dense(2, 3), 3]),
            ),
            (
                TypeError,
                r"layers: '3', expected a number of units or a quern.Dense",
                lambda: quern.Network(4, ["3"]),
            ),
            (
                ValueError,
                "layers: units: -3, expected a whole number from 1 on",
                lambda: quern.Network(4, [-3]),
            ),
            (ValueError, "no layers", lambda: quern.Network(4, [])),
            (ValueError, "inputs: -1, expected", lambda: quern.Network(-1, [3])),
            (
                ValueError,
                "last layer's activation is relu",
                lambda: quern.Network(4, [quern.Dense(3)]),
            ),
            (
                ValueError,
                "initializer: 'ones', expected one of",
                lambda: quern.Network(4, [3], initializer="ones"),
            ),
            (
                TypeError,
                "seed: 0.5, expected a whole number",
                lambda: quern.Network(4, [3], seed=0.5),
            ),
            (ValueError, "epochs: -1", lambda: self.network.fit(self.x, y, epochs=-1)),
            (ValueError, "batch: 0, expected", lambda: self.network.fit(self.x, y, batch=0)),
            (TypeError, "batch: 2.5", lambda: self.network.fit(self.x, y, batch=2.5)),
            (
                quern.Error,
                "learning rate",
                lambda: self.network.fit(self.x, y, learning_rate=float("nan")),
            ),
            (
                quern.Error,
                "no such thing",
                lambda: quern.Network(4, [3], device="no such thing").predict(self.x),
            ),
            (OSError, "/nonexistent", lambda: quern.read("/nonexistent")),
        ):
            with self.assertRaisesRegex(error, words):
                call()
        numpy.testing.assert_array_equal(
            self.network.predict(self.x), self.expected
        )  # nothing was changed


if __name__ == "__main__":
    unittest.main()
