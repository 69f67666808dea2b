#!/usr/bin/env python3
"""Checks that PyTorch reads a model that quern wrote, and computes the same. To be run by hand.

    quern predict --model MODEL --data IMAGES >PREDICTIONS
    check_quern.py MODEL IMAGES PREDICTIONS

MODEL is loaded with safetensors.torch into the torch.nn.Sequential that its metadata describes;
IMAGES is an IDX file of bytes (not gzip). PREDICTIONS has a header, and a line per sample with the
class and each probability. Exits with 1 if a class or a probability differs.
"""

import pathlib
import struct
import sys

import numpy
import safetensors
import safetensors.torch
import torch
from torch import nn

PROBABILITIES = {
    "categorical": nn.Softmax(1),
    "elementwise": nn.Softmax(1),
    "binary": nn.Sigmoid(),
    "squared": nn.Identity(),
    "absolute": nn.Identity(),
    "huber": nn.Identity(),
}


def activation(text):
    """The modules of "relu" or "leaky-relu:0.2": torch names its classes almost as quern does."""
    name, _, slope = text.partition(":")
    if name == "identity":
        return []
    if name == "gelu-tanh":
        return [nn.GELU(approximate="tanh")]
    classes = {key.lower(): value for key, value in vars(nn).items()}
    return [classes[name.replace("-", "")](*([float(slope)] if slope else []))]


def load(path):
    with safetensors.safe_open(path, "pt") as file:
        metadata = file.metadata()
    state = safetensors.torch.load_file(path)
    names = sorted(
        (name for name in state if name.endswith(".weight")),
        key=lambda name: int(name.split(".")[0]),
    )
    weights = [state[name] for name in names]
    modules = []
    for weight, text in zip(weights, metadata["quern.activations"].split(","), strict=True):
        modules += [nn.Linear(weight.shape[1], weight.shape[0]), *activation(text)]
    model = nn.Sequential(*modules)
    model.load_state_dict(state)
    return nn.Sequential(model, PROBABILITIES[metadata["quern.loss"].partition(":")[0]])


def main(model, images, predictions):
    data = pathlib.Path(images).read_bytes()
    assert data[:4] == b"\0\0\x08\x03", "IMAGES must be IDX with bytes in three dimensions"
    rows = struct.unpack(">I", data[4:8])[0]
    x = torch.from_numpy(
        numpy.frombuffer(data[16:], numpy.uint8).reshape(rows, -1) / numpy.float32(255)
    )
    lines = [line.split(",") for line in pathlib.Path(predictions).read_text().splitlines()]
    found = numpy.array([[float(v) for v in line] for line in lines if line[0].isdigit()])
    with torch.no_grad():
        expected = load(model)(x).numpy()
    assert found.shape == (
        rows,
        expected.shape[1] + 1,
    ), f"{found.shape} predictions for {expected.shape} outputs"
    difference = abs(found[:, 1:] - expected).max()
    wrong = int((found[:, 0] != expected.argmax(1)).sum())
    print(
        f"{rows} samples: probabilities differ by {difference:.2g} at most, {wrong} classes differ"
    )
    return 0 if difference <= 1e-5 and wrong == 0 else 1


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    sys.exit(main(*sys.argv[1:]))
