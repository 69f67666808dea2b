"""A training without options is that of the command without options, which tests/cli compares with
that of a C program."""

import inspect
import os
import pathlib
import subprocess
import tempfile
import unittest

import numpy
import quern


@unittest.skipUnless(os.environ.get("COMMAND"), "the command is not built")
class Defaults(unittest.TestCase):
    def test_same_as_the_command(self):
        (x, y), test = quern.read("digits")
        with tempfile.TemporaryDirectory() as folder:
            data = pathlib.Path(folder, "data.npz")
            model = pathlib.Path(folder, "model.safetensors")
            numpy.savez(data, x_train=x, y_train=y, x_test=test[0], y_test=test[1])
            subprocess.run(
                [os.environ["COMMAND"], "train", "--data", data, "--hidden", "16"]
                + ["--device", "reference", "--save", model],
                check=True,
                capture_output=True,
            )
            theirs = quern.load(model, device="reference")
        ours = quern.Network(64, [16, 10], device="reference")
        ours.fit(x, y)
        for index in range(2):
            for a, b in zip(ours.layer(index), theirs.layer(index)):
                numpy.testing.assert_array_equal(a, b)

    def test_no_default_of_its_own(self):
        """What has a default in the library has none in the signature."""
        for name, parameter in inspect.signature(quern.Network.fit).parameters.items():
            if name not in ("self", "x", "y", "standardize"):
                self.assertIsNone(parameter.default, name)


if __name__ == "__main__":
    unittest.main()
