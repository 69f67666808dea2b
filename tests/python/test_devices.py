"""Training on several devices gives one device's weights, and the same bits with the same shares;
and errors."""

import pathlib
import tempfile
import unittest

import numpy
import quern
from plain import plain

SAMPLES, INPUTS, WIDEST, BATCH, RATE, EPOCHS = 267, 37, 37, 131, 0.3, 2
KINDS = [device.kind for device in quern.devices()]


def bound(ranks):
    """The effect of another order of sums on weights: test_reordering_bound of
    tests/support/ranks.h."""
    steps = EPOCHS * -(-SAMPLES // BATCH)
    return (BATCH + ranks + WIDEST) * 2.0**-23 * ((1 + RATE) ** steps - 1)


def samples():
    values = numpy.arange(SAMPLES * INPUTS) * 37 % 256 / 255
    return values.reshape(SAMPLES, INPUTS), numpy.arange(SAMPLES) * 7 % 10


def network(device):
    return quern.Network(
        INPUTS, [quern.Dense(35, "leaky-relu:0.01"), quern.Dense(18), 10], seed=5, device=device
    )


def fit(device, **options):
    trained = network(device)
    options = {"epochs": EPOCHS, "batch": BATCH, "learning_rate": RATE, **options}
    trained.fit(*samples(), **plain(**options))
    return trained


def weights(of):
    return numpy.concatenate([part.ravel() for layer in range(3) for part in of.layer(layer)])


@unittest.skipUnless(len(KINDS) > 1, "the reference is the only device")
class Several(unittest.TestCase):
    def assert_near(self, got, expected, ranks=2):
        self.assertTrue((numpy.abs(weights(got) - weights(expected)) <= bound(ranks)).all())

    def test_same_answer(self):
        # A wrong shuffle, a missing part and a part counted twice exceed the bound, as does another
        # seed.
        for device in (
            ["auto", "reference"],
            ["reference", 0],
            quern.devices()[::-1][:2],
            ["reference", numpy.int64(0)],
        ):
            alone = fit(device[0])
            self.assertIsNone(alone.shares)
            together = fit(device, shares=[7, 1])
            self.assertEqual(together.shares, [7, 1])
            self.assert_near(together, alone)
            self.assertFalse(
                (numpy.abs(weights(fit(device[0], seed=1)) - weights(alone)) <= bound(2)).all()
            )
            again = fit(device, shares=numpy.array([7, 1]))
            self.assertEqual(weights(again).tobytes(), weights(together).tobytes())
            validation = samples()
            self.assertEqual(together.evaluate(*validation).samples, SAMPLES)
            numpy.testing.assert_array_equal(
                together.predict(validation[0]), again.predict(validation[0])
            )

    def test_measured(self):
        # The reference is much slower; how much depends on the machine. The measured shares, passed
        # explicitly, give the same bits.
        first = fit(["reference", "auto"])
        self.assertEqual(sum(first.shares), BATCH)
        self.assert_near(first, fit("reference"))
        second = fit(["reference", "auto"], shares=first.shares)
        self.assertEqual(weights(second).tobytes(), weights(first).tobytes())

    def test_resumed(self):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "training.checkpoint")
            devices = ["reference", "auto"]
            whole = fit(devices, shares=[1, 3])
            fit(devices, shares=[1, 3], epochs=1, checkpoint=path)
            rest = fit(devices, resume=path)
        self.assertEqual(rest.shares, [1, 3])
        self.assertEqual(weights(rest).tobytes(), weights(whole).tobytes())

    def test_all(self):
        expected = [device for device in quern.devices() if device.kind in ("gpu", "cpu")]
        trained = fit("all")
        self.assert_near(trained, fit(None), len(KINDS))
        if expected:
            self.assertEqual(
                [device.name for device in trained.devices], [device.name for device in expected]
            )
            self.assertEqual(trained.device.name, expected[0].name)
        else:
            self.assertEqual(trained.device, network(None).device)

    def test_stopped(self):
        told = []
        trained = network(["reference", "auto"])
        history = trained.fit(
            *samples(),
            epochs=50,
            shares=[1, 1],
            on_epoch=lambda epoch: told.append(epoch) or epoch.epoch < 3,
        )
        self.assertEqual([epoch.epoch for epoch in history], [1, 2, 3])
        self.assertEqual(told, history)


class Refused(unittest.TestCase):
    def test_devices(self):
        for error, words, device in (
            (ValueError, "device: an empty list, expected at least one device", []),
            (
                TypeError,
                "device: None, expected a name, an index, or a Device",
                ["reference", None],
            ),
            (TypeError, "device: 1.5, expected a name", 1.5),
            (TypeError, "device: True, expected a name", True),
            (TypeError, "device: -1, expected a name", [0, -1]),
            (
                ValueError,
                "device: reference without an index, expected one of quern.devices",
                network("reference").device,
            ),
        ):
            with self.assertRaisesRegex(error, words):
                network(device)
        last = len(KINDS) - 1
        for error, words, device in (
            (
                quern.Error,
                "device 'nowhere': no device matches; available: .*reference",
                ["reference", "nowhere"],
            ),
            (
                quern.Error,
                "device '99': no device matches; available: .*reference",
                [99, "reference"],
            ),
            (quern.Error, "device 'all': ", ["all", "reference"]),
            (quern.Error, "device 'reference,': a name is empty", "reference,"),
            (
                ValueError,
                f"device 'reference,{last}': '{last}' is 'reference', which the list has already",
                ["reference", last],
            ),
        ):
            with self.assertRaisesRegex(error, words):
                network(device).fit(*samples(), epochs=1)

    def test_shares(self):
        for error, words, device, shares in (
            (ValueError, "shares: 3 numbers for 1 device$", "reference", [1, 2, 3]),
            (ValueError, "shares: they add up to 0, expected 1 to 4294967295", "reference", [0]),
            (ValueError, "shares: they add up to 4294967296, expected", "reference", [2**32]),
            (ValueError, "shares: -1, expected a whole number from 0 on", "reference", [-1]),
            (TypeError, "shares: 0.5, expected a whole number", "reference", [0.5]),
            (TypeError, "shares: 3, expected a list of whole numbers", "reference", 3),
            (TypeError, "shares: '3,1', expected a list of whole numbers", "reference", "3,1"),
        ):
            with self.assertRaisesRegex(error, words):
                network(device).fit(*samples(), epochs=1, shares=shares)
        if len(KINDS) > 1:
            with self.assertRaisesRegex(ValueError, "shares: 1 number for 2 devices$"):
                network(["reference", 0]).fit(*samples(), epochs=1, shares=[1])
        self.assertEqual(fit("reference", shares=[5]).shares, [5])


if __name__ == "__main__":
    unittest.main()
