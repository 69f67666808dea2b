"""quern.torch: networks and PyTorch's modules compute the same, in both directions."""

import importlib.util
import subprocess
import sys
import unittest

import numpy
import quern

MISSING = importlib.util.find_spec("torch") is None
if not MISSING:
    import torch
    from quern.torch import from_torch, to_torch
    from torch import nn

X = numpy.random.default_rng(0).normal(size=(50, 6)).astype(numpy.float32)


@unittest.skipIf(MISSING, "PyTorch is missing (Debian: python3-torch)")
class TorchCase(unittest.TestCase):
    def setUp(self):
        torch.manual_seed(0)

    def outputs(self, module):
        with torch.no_grad():
            return module.eval()(torch.from_numpy(X)).numpy()

    def agree(self, network, module):
        numpy.testing.assert_allclose(network.predict(X), self.outputs(module), atol=1e-5)


class FromTorch(TorchCase):
    def test_activations(self):
        for activation in (
            nn.Identity(),
            nn.ReLU(inplace=True),
            nn.LeakyReLU(),
            nn.LeakyReLU(0.2),
            nn.Sigmoid(),
            nn.Tanh(),
            nn.ELU(),
            nn.ELU(1.5),
            nn.SELU(),
            nn.GELU(),
            nn.GELU(approximate="tanh"),
            nn.SiLU(),
            nn.Softplus(),
        ):
            with self.subTest(activation=activation):
                module = nn.Sequential(nn.Linear(6, 9), activation, nn.Linear(9, 4))
                self.agree(from_torch(module), module)

    def test_whole_networks(self):
        norm, layer_norm = nn.BatchNorm1d(8, eps=1e-3), nn.LayerNorm(7)
        module = nn.Sequential(
            nn.Flatten(),
            nn.Sequential(nn.Linear(6, 8, bias=False), norm, nn.ReLU(), nn.Dropout(0.25)),
            nn.Linear(8, 7),
            layer_norm,
            nn.GELU(),
            nn.Linear(7, 3),
            nn.Softmax(dim=-1),
        )
        with torch.no_grad():
            for tensor in (norm.weight, norm.bias, layer_norm.weight, layer_norm.bias):
                tensor.uniform_(0.5, 1.5)
        for _ in range(20):
            module.train()(torch.from_numpy(X))
        network = from_torch(module)
        self.agree(network, module)
        self.assertEqual(network.loss, "categorical")
        self.assertEqual([layer.dropout for layer in network.layers], [0.25, 0, 0])
        self.assertEqual(
            [layer.normalize for layer in network.layers], ["batch:0.001", "layer", "none"]
        )
        self.assertEqual([layer.freeze_bias for layer in network.layers], [False] * 3)
        network.fit(X, numpy.arange(50) % 3, epochs=1)

    def test_endings_and_losses(self):
        linear = nn.Linear(6, 3)
        for ending, loss, expected, outputs in (
            ([], None, "squared", lambda z: z),
            ([], "categorical", "categorical", lambda z: z.softmax(1)),
            ([], "binary", "binary", torch.sigmoid),
            ([nn.Softmax(1)], None, "categorical", lambda z: z.softmax(1)),
            ([nn.LogSoftmax(1)], None, "categorical", lambda z: z.softmax(1)),
            ([nn.Sigmoid()], None, "binary", torch.sigmoid),
            ([nn.Sigmoid()], "squared", "squared", torch.sigmoid),
            ([nn.Tanh()], "huber:0.5", "huber:0.5", torch.tanh),
        ):
            with self.subTest(ending=ending, loss=loss):
                network = from_torch(nn.Sequential(linear, *ending), loss=loss)
                self.assertEqual(network.loss, expected)
                with torch.no_grad():
                    right = outputs(linear(torch.from_numpy(X))).numpy()
                numpy.testing.assert_allclose(network.predict(X), right, atol=1e-5)
        self.agree(from_torch(linear), linear)

    def test_what_is_frozen(self):
        module = nn.Sequential(nn.Linear(6, 8), nn.ReLU(), nn.Linear(8, 3, bias=False))
        module[0].weight.requires_grad_(False)
        layers = from_torch(module).layers
        self.assertEqual([layer.freeze_weights for layer in layers], [True, False])
        self.assertEqual([layer.freeze_bias for layer in layers], [False, True])

    def test_other_numbers(self):
        module = nn.Sequential(nn.Linear(6, 8), nn.Tanh(), nn.Linear(8, 3)).double()
        network = from_torch(module)
        self.agree(network, module.float())
        self.assertEqual(network.device, quern.Network(6, [3]).device)

    def test_refused(self):
        linear = nn.Linear(6, 3)
        for error, words, module in (
            (TypeError, "Bilinear, expected a torch.nn.Sequential", nn.Bilinear(2, 2, 2)),
            (ValueError, "no Linear in it", nn.Sequential()),
            (ValueError, "module 0: Conv1d.*expected a Linear", nn.Sequential(nn.Conv1d(1, 1, 1))),
            (
                ValueError,
                "module 0: Dropout.*a Linear",
                nn.Sequential(nn.Dropout(), linear),
            ),
            (
                ValueError,
                "module 1: CELU.*expected Linear, BatchNorm1d or LayerNorm, an activation",
                nn.Sequential(linear, nn.CELU(), nn.Linear(3, 2)),
            ),
            (
                ValueError,
                "module 1: Softplus.*usual parameters",
                nn.Sequential(linear, nn.Softplus(beta=2), nn.Linear(3, 2)),
            ),
            (
                ValueError,
                "track_running_stats=True",
                nn.Sequential(linear, nn.BatchNorm1d(3, track_running_stats=False)),
            ),
            (
                ValueError,
                "module 1: LayerNorm.*over the 3 units",
                nn.Sequential(linear, nn.LayerNorm((2, 3))),
            ),
            (ValueError, "module 1: Softmax", nn.Sequential(linear, nn.Softmax(1), linear)),
            (ValueError, "module 1: Softmax", nn.Sequential(linear, nn.Softmax(0))),
        ):
            with self.subTest(module=module), self.assertRaisesRegex(error, words):
                from_torch(module)
        with self.assertRaisesRegex(ValueError, "Softmax.*is of the loss categorical"):
            from_torch(nn.Sequential(linear, nn.Softmax(1)), loss="squared")
        with self.assertWarnsRegex(UserWarning, "module 1: momentum=0.01"):
            from_torch(nn.Sequential(linear, nn.BatchNorm1d(3, momentum=0.01)))


class ToTorch(TorchCase):
    def test_activations(self):
        for activation in quern.activations() + ["leaky-relu:0.3", "elu:1.5"]:
            with self.subTest(activation=activation):
                network = quern.Network(6, [quern.Dense(9, activation), 3], seed=1)
                self.agree(network, to_torch(network))

    def test_whole_networks(self):
        layers = [
            quern.Dense(9, "gelu", normalize="batch:0.001", dropout=0.25),
            quern.Dense(8, "silu", normalize="layer", freeze_weights=True, freeze_bias=True),
            3,
        ]
        network = quern.Network(6, layers, seed=1)
        network.fit(X, numpy.arange(50) % 3, epochs=3)
        module = to_torch(network)
        self.agree(network, module)
        self.assertIsInstance(module[-1], nn.Softmax)
        self.assertFalse(module.training)
        self.assertNotIsInstance(to_torch(network, logits=True)[-1], nn.Softmax)
        back = from_torch(module)
        self.agree(back, module)
        self.assertEqual(back.layers, network.layers)
        self.assertEqual(back.loss, network.loss)

    def test_losses(self):
        for loss in quern.losses():
            with self.subTest(loss=loss):
                network = quern.Network(6, [5, 3], loss, seed=1)
                self.agree(network, to_torch(network))

    def test_standardized(self):
        network = quern.Network(6, [3], seed=1)
        network.fit(X, numpy.arange(50) % 3, epochs=1, standardize=True)
        with self.assertRaisesRegex(ValueError, "standardizes its columns.*save it as .onnx"):
            to_torch(network)


class WithoutTorch(unittest.TestCase):
    def test_what_is_missing_is_said(self):
        program = "import sys; sys.modules['torch'] = None; import quern.torch"
        ran = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
        self.assertIn("quern.torch needs PyTorch", ran.stderr)


if __name__ == "__main__":
    unittest.main()
