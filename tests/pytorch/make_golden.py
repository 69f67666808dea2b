#!/usr/bin/env python3
"""Makes the files of this folder for test_pytorch.c: PyTorch's results for a small network.

Needs torch, numpy and safetensors; the tests need none of them. The same versions give the same
bytes.

  random-images-idx3-ubyte, random-labels-idx1-ubyte   160 samples of 28x28 random bytes and
                                                       their labels
  initial.safetensors     784-32-16-10 with ReLU, as torch initializes it, as
                          save_file(model.state_dict()) writes it
  gradients*.safetensors  gradients of the first 16 samples' mean loss: cross-entropy, binary,
                          squared
  final.safetensors       the network after ten steps of torch.optim.SGD over ten batches of 16
  clipped.safetensors     the first of those gradients, clipped by torch.nn.utils.clip_grad_norm_
  golden.json             versions, options, losses, and how far float32 may be from them (see
                          Training)
"""

import json
import math
import pathlib
import struct

import numpy
import safetensors
import safetensors.torch
import torch
from torch import nn

FOLDER = pathlib.Path(__file__).resolve().parent
SEED = 0
TRIALS = 100
SAMPLES, SIDE, CLASSES, BATCH = 160, 28, 10, 16
LEARNING_RATE, WEIGHT_DECAY = 0.1, 1e-3
LOSSES = {
    "categorical": nn.CrossEntropyLoss(),
    "binary": nn.BCEWithLogitsLoss(),
    "squared": nn.MSELoss(),
}
FILES = {"categorical": "gradients", "binary": "gradients-binary", "squared": "gradients-squared"}


class Training:
    """The same training in float64, with derivatives by hand; with `noise`, as float32 may
    round it.

    This is Monte Carlo arithmetic (Parker, 1997): every operation's result is moved at random by
    up to a bound on its rounding in float32, and how far the results of such runs scatter is
    what rounding does to each number, with all the ways in which errors meet and cancel from
    there to the end of training. With u = 2^-24 the bounds are
        a sum of k products       sqrt(k) u sum |a||b| (Higham and Mary, SIAM J. Sci. Comput. 41,
                                  2019: what k roundings of up to u add up to; the sure bound, k
                                  u, is never near)
        exp, log, sigmoid         8 units in the last place, 16 u
        anything else             u of its result
    """

    U = 2.0**-24
    FUNCTION = 16 * U

    def __init__(self, parameters, noise=None):
        """parameters: [weight [out][in], bias [out], the next layer's weight, ...]"""
        self.parameters, self.noise, self.open = list(parameters), noise, []

    def rounded(self, value, bound):
        return (
            value
            if self.noise is None
            else value + self.noise.uniform(-1, 1, numpy.shape(value)) * bound
        )

    def product(self, a, b, bias=0):
        bound = math.sqrt(a.shape[1] + 1) * self.U * (abs(a) @ abs(b) + abs(bias))
        return self.rounded(a @ b + bias, bound)

    def loss(self, name, z, labels):
        """The mean loss and dZ."""
        n, k = z.shape
        y = numpy.eye(k)[labels]
        if name == "categorical":
            m = z.max(1, keepdims=True)
            s = numpy.exp(z - m).sum(1, keepdims=True)
            o = self.rounded(
                numpy.exp(z - m) / s,
                numpy.exp(z - m) / s * (abs(z - m) * self.U + 2 * self.FUNCTION),
            )
            lse = self.rounded(
                m + numpy.log(s), abs(m) * self.U + abs(numpy.log(s)) * self.U + 2 * self.FUNCTION
            )
            each, dz = lse - (y * z).sum(1, keepdims=True), o - y
        elif name == "binary":
            o = self.rounded(1 / (1 + numpy.exp(-z)), 1 / (1 + numpy.exp(-z)) * self.FUNCTION)
            each = self.rounded(
                numpy.logaddexp(0, z) - z * y, (numpy.logaddexp(0, z) + abs(z)) * self.FUNCTION
            )
            dz = (o - y) / k
        else:
            each, dz = (z - y) ** 2, 2 * (z - y) / k
        mean = self.rounded(each.mean(), math.sqrt(each.size) * self.U * abs(each).mean())
        return mean, self.rounded(dz, abs(dz) * 4 * self.U) / n

    def gradients(self, name, x, labels):
        """The mean loss and its derivatives, like `parameters`. Appends the signs of ReLUs to
        self.open."""
        hidden, last = [x], len(self.parameters) - 2
        for i in range(0, last + 1, 2):
            z = self.product(hidden[-1], self.parameters[i].T, self.parameters[i + 1])
            if i < last:
                self.open.append(z > 0)
                z = numpy.maximum(z, 0)
            hidden.append(z)
        loss, dz = self.loss(name, hidden.pop(), labels)
        result = []
        for i in range(last, -1, -2):
            h = hidden.pop()
            result = [
                self.product(dz.T, h),
                self.product(dz.T, numpy.ones((len(x), 1)))[:, 0],
            ] + result
            dz = self.product(dz, self.parameters[i]) * (h > 0)
        return loss, result

    def step(self, x, labels):
        loss, gradients = self.gradients("categorical", x, labels)
        for i, (p, g) in enumerate(zip(self.parameters, gradients)):
            change = LEARNING_RATE * (g + WEIGHT_DECAY * p)
            self.parameters[i] = self.rounded(
                p - change, (abs(p - change) + 4 * abs(change)) * self.U
            )
        return loss


def analyze(model, run):
    """The arrays of run(training), exact and with rounding: [(exact, largest deviation), ...]"""
    start = [value.detach().numpy().astype(numpy.float64) for value in model.state_dict().values()]
    exact = Training(start)
    values = run(exact)
    deviations = [0.0] * len(values)
    for trial in range(TRIALS):
        training = Training(start, numpy.random.default_rng([SEED, trial]))
        deviations = [
            max(d, abs(a - b).max()) for d, a, b in zip(deviations, values, run(training))
        ]
        # A ReLU so close to zero that rounding changes its sign makes the gradient jump, which no
        # tolerance should cover.
        same = all((a == b).all() for a, b in zip(exact.open, training.open))
        assert same, "rounding decides whether a ReLU is open: take another SEED"
    return list(zip(values, deviations))


def tolerance(what, torch_value, analyzed):
    """Asserts that torch is right, and returns the largest difference of another float32
    computation from it."""
    value, deviation = analyzed
    difference = abs(numpy.asarray(torch_value, dtype=numpy.float64) - value).max()
    print(
        f"{what:24} up to {abs(value).max():8.3g}, bound {deviation:8.2g}, torch is off by "
        f"{difference:8.2g}"
    )
    assert difference <= deviation, what
    return 2 * float(deviation)


def make_data(generator):
    images = generator.integers(0, 256, (SAMPLES, SIDE, SIDE), dtype=numpy.uint8)
    labels = generator.integers(0, CLASSES, SAMPLES, dtype=numpy.uint8)
    header = struct.pack(">4B3I", 0, 0, 8, 3, *images.shape)
    (FOLDER / "random-images-idx3-ubyte").write_bytes(header + images.tobytes())
    (FOLDER / "random-labels-idx1-ubyte").write_bytes(
        struct.pack(">4BI", 0, 0, 8, 1, SAMPLES) + labels.tobytes()
    )
    # quern multiplies a byte by float32(1/255), and so does this, for the same bits.
    x = torch.from_numpy(images.reshape(SAMPLES, -1)).float() * torch.tensor(
        1 / 255, dtype=torch.float32
    )
    return x, torch.from_numpy(labels.astype(numpy.int64))


def save(tensors, name, **metadata):
    tensors = {key: value.detach().contiguous().clone() for key, value in tensors.items()}
    (FOLDER / f"{name}.safetensors").write_bytes(safetensors.torch.save(tensors, metadata or None))


def gradients(model, name, x, labels):
    target = labels if name == "categorical" else nn.functional.one_hot(labels, CLASSES).float()
    model.zero_grad()
    loss = LOSSES[name](model(x), target)
    loss.backward()
    found = {key: parameter.grad for key, parameter in model.named_parameters()}
    # One key of metadata, because safetensors writes several in any order.
    save(found, FILES[name], made_by=f"torch {torch.__version__}, {name} loss")

    def run(training):
        mean, derivatives = training.gradients(name, x.double().numpy(), labels.numpy())
        return [mean] + derivatives

    analyzed = analyze(model, run)
    return {
        "loss": loss.item(),
        "loss_tolerance": tolerance(f"{name} loss", loss.item(), analyzed[0]),
        "tolerance": {
            key: tolerance(f"{name} {key}", found[key], a) for key, a in zip(found, analyzed[1:])
        },
    }


def clip(model, x, labels):
    """The gradients of the mean cross-entropy, clipped to half their norm."""
    model.zero_grad()
    LOSSES["categorical"](model(x), labels).backward()
    squares = [float((p.grad.double() ** 2).sum()) for p in model.parameters()]
    max_norm = float(numpy.float32(math.sqrt(sum(squares)) / 2))
    norm = torch.nn.utils.clip_grad_norm_(model.parameters(), max_norm)
    found = {key: parameter.grad for key, parameter in model.named_parameters()}
    save(found, "clipped", made_by=f"torch {torch.__version__}, clip_grad_norm_")

    def run(training):
        derivatives = training.gradients("categorical", x.double().numpy(), labels.numpy())[1]
        squares = sum((d**2).sum() for d in derivatives)
        bound = math.sqrt(sum(d.size for d in derivatives)) * training.U * squares
        total = numpy.sqrt(training.rounded(squares, bound))
        scaled = [d * min(1, max_norm / (total + 1e-6)) for d in derivatives]
        return [total] + [training.rounded(d, 2 * training.U * abs(d)) for d in scaled]

    analyzed = analyze(model, run)
    return {
        "max_norm": max_norm,
        "norm": norm.item(),
        "norm_tolerance": tolerance("norm", norm.item(), analyzed[0]),
        "tolerance": {
            key: tolerance(f"clipped {key}", found[key], a) for key, a in zip(found, analyzed[1:])
        },
    }


def train(model, x, labels):
    batches = [slice(i, i + BATCH) for i in range(0, SAMPLES, BATCH)]

    def run(training):
        losses = [
            training.step(x[batch].double().numpy(), labels[batch].numpy()) for batch in batches
        ]
        return losses + training.parameters

    analyzed = analyze(model, run)
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    losses = []
    for batch in batches:
        optimizer.zero_grad()
        loss = LOSSES["categorical"](model(x[batch]), labels[batch])
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    final = model.state_dict()
    save(final, "final")
    return {
        "losses": losses,
        "losses_tolerance": [
            tolerance(f"step {i} loss", v, analyzed[i]) for i, v in enumerate(losses)
        ],
        "tolerance": {
            k: tolerance(f"final {k}", v, a)
            for (k, v), a in zip(final.items(), analyzed[len(losses) :])
        },
    }


def main():
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    x, labels = make_data(numpy.random.default_rng(SEED))
    model = nn.Sequential(
        nn.Linear(SIDE * SIDE, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(), nn.Linear(16, CLASSES)
    )
    save(model.state_dict(), "initial")
    golden = {
        "made_by": {
            "torch": torch.__version__,
            "numpy": numpy.__version__,
            "safetensors": safetensors.__version__,
        },
        "seed": SEED,
        "batch": BATCH,
        "learning_rate": LEARNING_RATE,
        "weight_decay": WEIGHT_DECAY,
    }
    for name in LOSSES:
        golden[name] = gradients(model, name, x[:BATCH], labels[:BATCH])
    golden["clipped"] = clip(model, x[:BATCH], labels[:BATCH])
    golden["steps"] = train(model, x, labels)
    (FOLDER / "golden.json").write_text(json.dumps(golden, indent=1) + "\n")


if __name__ == "__main__":
    main()
