"""Networks: training, prediction, saving and loading; how fit ends when it is stopped; errors."""

import copy
import gc
import os
import pathlib
import pickle
import signal
import tempfile
import threading
import unittest

import numpy
import quern
from plain import plain


def digits():
    if not hasattr(digits, "read"):
        digits.read = quern.read("digits")
    return digits.read


def small(**options):
    return quern.Network(64, [16, 10], seed=3, **options)


class Training(unittest.TestCase):
    def test_learns(self):
        (x, y), test = digits()
        self.assertEqual(
            (x.dtype, x.shape, y.dtype, y.shape), (numpy.float32, (1438, 64), numpy.int32, (1438,))
        )
        network, told = small(), []
        history = network.fit(x, y, **plain(epochs=20, validation=test, on_epoch=told.append))
        self.assertEqual([epoch.epoch for epoch in history], list(range(1, 21)))
        self.assertEqual(told, history)
        self.assertEqual(network.history, history)
        self.assertEqual((history[0].step, history[0].steps), (45, 45))
        self.assertLess(history[-1].loss, history[0].loss / 4)
        self.assertGreater(history[-1].validation.accuracy, 0.92)
        measured = network.evaluate(*test)
        self.assertEqual(measured.samples, 359)
        self.assertEqual(measured.accuracy, history[-1].validation.accuracy)
        self.assertEqual(
            measured.accuracy, (network.predict(test[0]).argmax(axis=1) == test[1]).mean()
        )

    def test_streamed_data_give_the_same(self):
        (x, y), test = digits()
        whole, chunks = small(), small()
        first = whole.fit(x, y, epochs=2, validation=test)
        second = chunks.fit(x, y, epochs=2, validation=test, data_memory=100_000)
        self.assertEqual([epoch.loss for epoch in first], [epoch.loss for epoch in second])
        for index in range(2):
            for a, b in zip(whole.layer(index), chunks.layer(index)):
                numpy.testing.assert_array_equal(a, b)
        with self.assertRaisesRegex(quern.Error, "a data memory of 100 bytes.*expected at least"):
            small().fit(x, y, epochs=1, data_memory=100)
        with self.assertRaisesRegex(ValueError, "data_memory: 0"):
            small().fit(x, y, epochs=1, data_memory=0)

    def test_predict_is_what_the_layers_say(self):
        network = quern.Network(
            3, [quern.Dense(5, "tanh"), quern.Dense(4, "leaky-relu:0.25"), 2], seed=9
        )
        x = numpy.random.default_rng(1).normal(size=(7, 3)).astype(numpy.float32)
        h = x.astype(float)
        for index, f in enumerate(
            [numpy.tanh, lambda z: numpy.where(z > 0, z, 0.25 * z), lambda z: z]
        ):
            weights, bias = network.layer(index)
            h = f(h @ weights.astype(float) + bias)
        softmax = numpy.exp(h) / numpy.exp(h).sum(axis=1, keepdims=True)
        numpy.testing.assert_allclose(network.predict(x), softmax, rtol=0, atol=1e-5)

    def test_dropout_is_of_training_alone(self):
        network = quern.Network(64, [quern.Dense(32, dropout=0.2), 10], seed=3)
        self.assertEqual([layer.dropout for layer in network.layers], [0.2, 0])
        (x, y), _ = digits()
        first = network.fit(x, y, epochs=1, seed=5)
        numpy.testing.assert_array_equal(network.predict(x), network.predict(x))
        again = quern.Network(64, [quern.Dense(32, dropout=0.2), 10], seed=3)
        self.assertEqual(again.fit(x, y, epochs=1, seed=5)[0].loss, first[0].loss)
        other = quern.Network(64, [quern.Dense(32), 10], seed=3)
        self.assertNotEqual(other.fit(x, y, epochs=1, seed=5)[0].loss, first[0].loss)
        with self.assertRaisesRegex(
            quern.Error, "dropout of 1, expected at least 0 and less than 1"
        ):
            quern.Network(64, [quern.Dense(32, dropout=1), 10])

    def test_normalizations(self):
        """Both kinds, compared with the formulas; a file keeps the running statistics."""
        network = quern.Network(
            64,
            [
                quern.Dense(16, normalize="batch", dropout=0.1),
                quern.Dense(12, "tanh", normalize="layer:0.01"),
                10,
            ],
            seed=3,
        )
        self.assertEqual(
            [layer.normalize for layer in network.layers], ["batch", "layer:0.01", "none"]
        )
        self.assertEqual(quern.normalizations(), ["none", "batch", "layer"])
        (x, y), test = digits()
        network.fit(x, y, epochs=3, optimizer="adam", learning_rate=0.01)
        self.assertGreater(network.evaluate(*test).accuracy, 0.85)
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "model.safetensors")
            network.save(path)
            numpy.testing.assert_array_equal(
                quern.load(path).predict(test[0]), network.predict(test[0])
            )
        with self.assertRaisesRegex(
            ValueError, "normalize: 'group', expected one of none, batch, layer"
        ):
            quern.Network(2, [quern.Dense(3, normalize="group"), 2])
        with self.assertRaisesRegex(quern.Error, "batches of 479 the last batch has one"):
            network.fit(x, y, epochs=1, batch=479)

    def test_one_step_is_gradient_descent(self):
        """A step of one layer, compared with the formula W - lr Xᵀ(softmax - onehot)/n."""
        network = quern.Network(3, [2], seed=4)
        x, y = numpy.array([[1, 2, 3], [4, 5, 6.5]]), numpy.array([0, 1])
        weights, bias = network.layer(0)
        dz = (network.predict(x) - numpy.eye(2)[y]) / 2
        network.fit(x, y, **plain(epochs=1, batch=2, learning_rate=0.5, weight_decay=0.1))
        numpy.testing.assert_allclose(
            network.layer(0)[0], weights - 0.5 * (x.T @ dz + 0.1 * weights), atol=1e-6
        )
        numpy.testing.assert_allclose(
            network.layer(0)[1], bias - 0.5 * (dz.sum(axis=0) + 0.1 * bias), atol=1e-6
        )

    def test_same_seed_same_bits(self):
        (x, y), _ = digits()
        one, two, other = small(), small(), small()
        for network, seed in ((one, 5), (two, 5), (other, 6)):
            network.fit(x, y, epochs=2, seed=seed)
        self.assertEqual(one.layer(0)[0].tobytes(), two.layer(0)[0].tobytes())
        self.assertNotEqual(one.layer(0)[0].tobytes(), other.layer(0)[0].tobytes())

    def test_options_reach_the_library(self):
        (x, y), _ = digits()
        steps = small().fit(x, y, epochs=1, batch=100)[0].steps
        self.assertEqual(steps, 15)
        frozen = quern.Network(
            64, [quern.Dense(16, freeze_weights=True, freeze_bias=True), 10], seed=3
        )
        before = frozen.layer(0)[0]
        frozen.fit(x, y, epochs=1)
        numpy.testing.assert_array_equal(frozen.layer(0)[0], before)
        clipped = small()
        before = clipped.layer(0)[0]
        clipped.fit(x, y, **plain(epochs=1, batch=2000, learning_rate=1, clip_norm=1e-3))
        moved = numpy.linalg.norm(clipped.layer(0)[0] - before)
        self.assertTrue(0 < moved <= 1.001e-3, moved)

    def test_validation_is_a_fraction(self):
        (x, y), _ = digits()
        history = small().fit(x, y, epochs=1, batch=32, validation=0.25)
        self.assertEqual(history[0].validation.samples, 360)
        self.assertEqual(history[0].steps, 34)  # 1078 samples in batches of 32
        self.assertIsNone(small().fit(x, y, epochs=1)[0].validation)

    def test_checkpoint_and_resume(self):
        (x, y), _ = digits()
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "digits.checkpoint")
            whole, first, second = small(), small(), small()
            whole.fit(x, y, **plain(epochs=4))
            first.fit(x, y, **plain(epochs=2, checkpoint=path))
            history = second.fit(x, y, **plain(epochs=4, resume=path))
        self.assertEqual([epoch.epoch for epoch in history], [3, 4])
        self.assertEqual(second.layer(1)[0].tobytes(), whole.layer(1)[0].tobytes())

    def test_on_the_reference(self):
        (x, y), _ = digits()
        network = small(device="reference")
        self.assertEqual(network.device.kind, "reference")
        self.assertLess(network.fit(x, y, **plain(epochs=3))[-1].loss, 1)


class Stopping(unittest.TestCase):
    def setUp(self):
        (self.x, self.y), _ = digits()

    def changed(self, network):
        return (network.layer(0)[0] != small().layer(0)[0]).any()

    def test_by_on_epoch(self):
        network = small()
        history = network.fit(self.x, self.y, epochs=50, on_epoch=lambda epoch: epoch.epoch < 3)
        self.assertEqual(len(history), 3)
        self.assertTrue(self.changed(network))
        self.assertEqual(len(small().fit(self.x, self.y, epochs=5, on_epoch=lambda epoch: None)), 5)

    def test_by_an_exception(self):
        def fails(epoch):
            if epoch.epoch == 2:
                raise LookupError("enough")

        network = small()
        with self.assertRaisesRegex(LookupError, "enough"):
            network.fit(self.x, self.y, epochs=50, on_epoch=fails)
        self.assertEqual(len(network.history), 2)
        self.assertTrue(self.changed(network))

    def test_by_interrupt(self):
        """Ctrl-C during a training that would take hours: a signal from another thread."""
        network, handler, begun = (
            small(device="reference"),
            signal.getsignal(signal.SIGINT),
            threading.Event(),
        )

        def interrupt():
            begun.wait()
            os.kill(os.getpid(), signal.SIGINT)

        thread = threading.Thread(target=interrupt, daemon=True)
        thread.start()
        with self.assertRaises(KeyboardInterrupt):
            network.fit(self.x, self.y, epochs=10**6, on_epoch=lambda epoch: begun.set())
        thread.join()
        self.assertIs(signal.getsignal(signal.SIGINT), handler)
        last = network.history[-1]
        self.assertLess(last.epoch, 10**6)
        self.assertEqual(numpy.isnan(last.loss), last.step < last.steps)
        self.assertTrue(self.changed(network))
        network.fit(self.x, self.y, epochs=1)  # and continues

    def test_handler_of_ones_own_stays(self):
        def handler(_number, _frame):
            pass

        before = signal.signal(signal.SIGINT, handler)
        try:
            small().fit(
                self.x,
                self.y,
                epochs=1,
                on_epoch=lambda epoch: self.assertIs(signal.getsignal(signal.SIGINT), handler),
            )
        finally:
            signal.signal(signal.SIGINT, before)

    def test_in_threads(self):
        results = {}

        def work(name):
            network = small()
            network.fit(self.x, self.y, epochs=2)
            results[name] = network.layer(0)[0].tobytes()

        threads = [threading.Thread(target=work, args=(i,)) for i in range(3)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(len(results), 3)
        self.assertEqual(len(set(results.values())), 1)

    def test_not_finite(self):
        network = small()
        with self.assertRaises(FloatingPointError) as raised:
            network.fit(self.x, self.y, learning_rate=1e30)
        self.assertIsInstance(raised.exception, quern.Error)
        self.assertEqual(raised.exception.status, "QUERN_ERROR_NOT_FINITE")
        self.assertFalse(self.changed(network))


class Files(unittest.TestCase):
    def test_saved_and_loaded(self):
        layers = [quern.Dense(5, "leaky-relu:0.2", freeze_bias=True), quern.Dense(3, "tanh")]
        network = quern.Network(4, layers, loss="squared", seed=2)
        x = numpy.linspace(-1, 1, 24).reshape(6, 4)
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "model.safetensors")
            network.save(path)
            loaded = quern.load(str(path), device="reference")
        self.assertEqual(loaded.layers, layers)
        self.assertEqual(
            (loaded.inputs, loaded.outputs, loaded.loss, loaded.parameter_count),
            (4, 3, "squared", 43),
        )
        self.assertEqual(
            repr(loaded), "<quern.Network 4-5-3, leaky-relu:0.2, squared, 43 parameters>"
        )
        numpy.testing.assert_allclose(loaded.predict(x), network.predict(x), atol=1e-6)

    def test_onnx(self):
        network, x = (
            quern.Network(4, [quern.Dense(5, "tanh"), 3], seed=2),
            numpy.linspace(-1, 1, 24).reshape(6, 4),
        )
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "model.onnx")
            try:
                network.save(path)
            except quern.Error as error:
                self.assertEqual(error.status, "QUERN_ERROR_UNSUPPORTED")
                self.skipTest(str(error))
            loaded = quern.load(path, device="reference")
        self.assertEqual(loaded.loss, "categorical")
        numpy.testing.assert_allclose(loaded.predict(x), network.predict(x), atol=1e-6)

    def test_assumptions_are_warned_of(self):
        header = b"".join(
            [
                b'{"0.weight":{"dtype":"F32","shape":[2,1],"data_offsets":[0,8]},',
                b'"2.weight":{"dtype":"F32","shape":[2,2],"data_offsets":[8,24]},',
                b'"criterion.weight":{"dtype":"F32","shape":[2],"data_offsets":[24,32]}}',
            ]
        )
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "model.safetensors")
            path.write_bytes(len(header).to_bytes(8, "little") + header + bytes(32))
            with self.assertWarnsRegex(UserWarning, "criterion.weight.* left out.*assumed") as seen:
                quern.load(path)
            self.assertEqual(seen.filename, __file__)
            with self.assertWarnsRegex(UserWarning, "left out$"):
                quern.load(path, activation="tanh", loss="squared")

    def test_file_errors(self):
        for error in (OSError, quern.Error):
            with self.assertRaisesRegex(error, "/nonexistent/model.*No such file"):
                quern.load("/nonexistent/model.safetensors")
        with self.assertRaisesRegex(quern.Error, "/nonexistent/model"):
            small().save("/nonexistent/model.safetensors")
        with tempfile.NamedTemporaryFile() as file:
            file.write(b"nothing of the kind")
            file.flush()
            with self.assertRaisesRegex(ValueError, file.name):
                quern.load(file.name)

    def test_parameters(self):
        network = small()
        weights = numpy.arange(64 * 16, dtype=float).reshape(64, 16)
        network.set_layer(0, weights, bias=numpy.ones(16, int))
        network.set_layer(-1, bias=range(10))
        numpy.testing.assert_array_equal(network.layer(0)[0], weights)
        numpy.testing.assert_array_equal(network.layer(0)[1], numpy.ones(16))
        numpy.testing.assert_array_equal(network.layer(1)[1], range(10))
        with self.assertRaisesRegex(
            ValueError, r"weights has shape \(16, 64\), expected \(64, 16\)"
        ):
            network.set_layer(0, weights.T)
        for index in (2, -3):
            with self.assertRaisesRegex(IndexError, f"layer {index} of a network of 2"):
                network.layer(index)

    def test_normalization_parameters(self):
        network = quern.Network(4, [quern.Dense(3, normalize="batch"), 2], seed=1)
        gamma, beta, mean, variance = network.normalization(0)
        for values, expected in ((gamma, 1), (beta, 0), (mean, 0), (variance, 1)):
            numpy.testing.assert_array_equal(values, [expected] * 3)
        network.set_normalization(0, gamma=[1, 2, 3], variance=[4, 5, 6])
        numpy.testing.assert_array_equal(network.normalization(0)[0], [1, 2, 3])
        numpy.testing.assert_array_equal(network.normalization(0)[3], [4, 5, 6])
        with self.assertRaisesRegex(ValueError, r"beta has shape \(2,\), expected \(3,\)"):
            network.set_normalization(0, beta=[1, 2])
        self.assertEqual(network.normalization(1), (None,) * 4)
        with self.assertRaises(quern.Error):
            network.set_normalization(1, gamma=[1, 1])

    def test_pickled(self):
        """Layers, loss, what is standardized, parameters: all that a model file has."""
        layers = [
            quern.Dense(5, "leaky-relu:0.2", freeze_bias=True, normalize="batch", dropout=0.25),
            quern.Dense(1, "tanh"),
        ]
        network = quern.Network(4, layers, loss="huber:0.5", seed=2, device="reference")
        x = numpy.linspace(-1, 1, 48).reshape(12, 4)
        network.fit(x, x[:, 0], epochs=2, batch=4, standardize=True)
        for twin in (pickle.loads(pickle.dumps(network)), copy.deepcopy(network)):
            self.assertEqual(twin.layers, network.layers)
            self.assertEqual((twin.loss, twin.inputs), ("huber:0.5", 4))
            self.assertEqual(twin.history, network.history)
            self.assertEqual(twin.device.kind, "reference")
            numpy.testing.assert_array_equal(twin.predict(x), network.predict(x))
            before = network.predict(x)
            twin.fit(x, x[:, 0], epochs=1, batch=4)
            numpy.testing.assert_array_equal(network.predict(x), before)

    def test_errors_are_pickled(self):
        for error, call in (
            (OSError, lambda: quern.load("/nonexistent")),
            (ValueError, lambda: quern.Network(4, [])),
        ):
            with self.assertRaises(quern.Error) as raised:
                call()
            for other in (
                pickle.loads(pickle.dumps(raised.exception)),
                copy.copy(raised.exception),
            ):
                self.assertIs(type(other), type(raised.exception))
                self.assertIsInstance(other, error)
                self.assertEqual(str(other), str(raised.exception))
                self.assertEqual(other.status, raised.exception.status)
        self.assertEqual(str(pickle.loads(pickle.dumps(quern.Error("plain")))), "plain")

    def test_handles_are_freed(self):
        """Copies share objects. The OpenCL shim detects leaks at the end of the process."""
        network = small()
        twin = copy.copy(network)
        x = digits()[0][0][:5]
        expected = network.predict(x)
        del network
        gc.collect()
        numpy.testing.assert_array_equal(twin.predict(x), expected)


if __name__ == "__main__":
    unittest.main()
