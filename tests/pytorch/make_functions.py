#!/usr/bin/env python3
"""Makes functions.json: ten steps of SGD in PyTorch under each activation and each loss, for
test_functions.c.

Needs torch and numpy (Debian's python3-torch serves); the test needs neither. The same versions
give the same bytes.

A network of 6-7-5-4 is trained on 80 samples in ten batches of 8. The file has each case's
settings, the mean loss of each step and the final parameters, as torch computes them in float32,
and tolerances for another float32 computation. They are found as in make_golden.py, by Monte Carlo
arithmetic (Parker, 1997): the same training in float64, with every operation's result moved at
random by up to a bound on its rounding in float32. With u = 2^-24 the bounds are
    a sum of k products     sqrt(k) u sum |a||b| (Higham and Mary, SIAM J. Sci. Comput. 41, 2019)
    an activation           16 units in the last place, 32 u, which OpenCL allows erf, and more
                            than it allows exp, expm1 and tanh; of its result, and of z if it
                            multiplies by z; its derivative likewise, of the derivative's maximum
    a loss                  8 u of its result and of its largest operand; its gradient 16 u of the
                            row's largest: OpenCL allows exp and log 6 u, and a division 5
    an update               u of its result, and 4 u of the change
The largest deviation of a hundred runs must cover torch's own, and another computation may differ
by twice that.
"""

import json
import math
import pathlib
import re

import numpy
import torch
from torch import nn

FOLDER = pathlib.Path(__file__).resolve().parent
SEED = 2
TRIALS = 100
UNITS = [6, 7, 5, 4]
BATCH, STEPS = 8, 10
LEARNING_RATE = 0.25
U = 2.0**-24
FUNCTION = 32 * U
LOSS, LOSS_GRADIENT = 8 * U, 16 * U

# name: the function, and whether it multiplies by z
ACTIVATIONS = {
    "identity": (lambda z: z, False),
    "relu": (torch.relu, False),
    "leaky-relu:0.2": (lambda z: nn.functional.leaky_relu(z, 0.2), False),
    "sigmoid": (torch.sigmoid, False),
    "tanh": (torch.tanh, False),
    "elu": (nn.functional.elu, False),
    "elu:1.5": (lambda z: nn.functional.elu(z, 1.5), False),
    "selu": (nn.functional.selu, False),
    "gelu": (nn.functional.gelu, True),
    "gelu-tanh": (lambda z: nn.functional.gelu(z, approximate="tanh"), True),
    "silu": (nn.functional.silu, True),
    "softplus": (nn.functional.softplus, False),
}


def add_activations():
    """Adds what is only in quern's list: torch's function of that name."""
    header = (FOLDER.parents[1] / "include/quern/activation.h").read_text()
    (rows,) = re.findall(r"define QUERN_ACTIVATIONS\(X\)(.*?)\n\n", header, re.DOTALL)
    for name in re.findall(r'"(.*?)"', rows):
        if not any(case.partition(":")[0] == name for case in ACTIVATIONS):
            ACTIVATIONS[name] = (getattr(nn.functional, name.replace("-", "_")), False)


def elementwise(z, y):
    """The worked example's loss, which PyTorch lacks, made of PyTorch's functions."""
    o = torch.softmax(z, 1)
    return -(y * torch.log(o) + (1 - y) * torch.log(1 - o)).sum(1).mean()


LOSSES = {
    "elementwise": elementwise,
    "binary": nn.BCEWithLogitsLoss(),
    "squared": nn.MSELoss(),
    "absolute": nn.L1Loss(),
    "huber": nn.HuberLoss(),
    "huber:0.25": nn.HuberLoss(delta=0.25),
}


class Noise:
    """Moves values by up to a bound; None moves nothing. Records the side of every kink on which
    the values are."""

    def __init__(self, generator=None):
        self.generator, self.sides = generator, []

    def move(self, value, bound):
        if self.generator is None:
            return value
        return value + torch.from_numpy(self.generator.uniform(-1, 1, tuple(value.shape))) * bound


class Linear(torch.autograd.Function):
    @staticmethod
    def product(noise, a, b):
        return noise.move(a @ b, math.sqrt(a.shape[1]) * U * (abs(a) @ abs(b)))

    @staticmethod
    def forward(ctx, noise, x, weight, bias):
        ctx.noise = noise
        ctx.save_for_backward(x, weight)
        z = Linear.product(noise, x, weight.T) + bias
        return noise.move(z, U * abs(z))

    @staticmethod
    def backward(ctx, dz):
        x, weight = ctx.saved_tensors
        ones = torch.ones(len(x), 1, dtype=x.dtype)
        product = Linear.product
        return (
            None,
            product(ctx.noise, dz, weight),
            product(ctx.noise, dz.T, x),
            product(ctx.noise, dz.T, ones)[:, 0],
        )


class Activation(torch.autograd.Function):
    @staticmethod
    def forward(ctx, noise, name, z):
        function, by_z = ACTIVATIONS[name]
        ctx.noise, ctx.name = noise, name
        ctx.save_for_backward(z)
        noise.sides.append(z > 0)
        h = function(z)
        return noise.move(h, FUNCTION * torch.maximum(abs(h), abs(z) if by_z else abs(h)))

    @staticmethod
    def backward(ctx, dh):
        (z,) = ctx.saved_tensors
        with torch.enable_grad():
            at = z.detach().requires_grad_()
            (derivative,) = torch.autograd.grad(ACTIVATIONS[ctx.name][0](at).sum(), at)
        # the derivatives of identity, ReLU and leaky ReLU are exact
        exact = ctx.name in ("identity", "relu") or ctx.name.startswith("leaky-relu")
        bound = (
            4 * U * abs(dh * derivative)
            if exact
            else FUNCTION * abs(dh) * torch.clamp(abs(derivative), min=1)
        )
        return None, None, ctx.noise.move(dh * derivative, bound)


class Loss(torch.autograd.Function):
    @staticmethod
    def forward(ctx, noise, function, z):
        with torch.enable_grad():
            at = z.detach().requires_grad_()
            loss = function(at)
            (dz,) = torch.autograd.grad(loss, at)
        ctx.dz = noise.move(dz, LOSS_GRADIENT * abs(dz).amax(1, keepdim=True))
        return noise.move(loss.detach(), LOSS * (abs(loss.detach()) + abs(z).max()))

    @staticmethod
    def backward(ctx, one):
        return None, None, ctx.dz * one


def loss_of(case, labels, dtype):
    """The mean loss as a function of the outputs."""
    if case["loss"] == "categorical":
        weights = (
            torch.tensor(case["class_weights"], dtype=dtype) if case["class_weights"] else None
        )
        function = nn.CrossEntropyLoss(weight=weights, label_smoothing=case["label_smoothing"])
        return lambda z: function(z, labels)
    y = nn.functional.one_hot(labels, UNITS[-1]).to(dtype)
    return lambda z: LOSSES[case["loss"]](z, y)


def sides_of_loss(case, z, labels):
    """The side of the kinks of |z - y| and of Huber's derivative on which the outputs are."""
    difference = z.detach() - nn.functional.one_hot(labels, UNITS[-1]).to(z.dtype)
    delta = float(case["loss"].partition(":")[2] or 1)
    return {"absolute": [difference > 0], "huber": [abs(difference) > delta]}.get(
        case["loss"].partition(":")[0], []
    )


def exact_training(case, start, x, labels, noise):
    """The losses and the final parameters in float64, exact or with moved roundings."""
    parameters = [p.double().requires_grad_() for p in start]
    losses = []
    for first in range(0, len(x), BATCH):
        batch, wanted = x[first : first + BATCH].double(), labels[first : first + BATCH]
        h = batch
        for i in range(0, len(parameters), 2):
            h = Linear.apply(noise, h, parameters[i], parameters[i + 1])
            if i + 2 < len(parameters):
                h = Activation.apply(noise, case["activation"], h)
        noise.sides += sides_of_loss(case, h, wanted)
        loss = Loss.apply(noise, loss_of(case, wanted, torch.float64), h)
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            changes = [LEARNING_RATE * g for g in gradients]
            parameters = [
                noise.move(p - c, U * abs(p - c) + 4 * U * abs(c)).requires_grad_()
                for p, c in zip(parameters, changes)
            ]
        losses.append(loss.detach())
    return torch.stack(losses), [p.detach() for p in parameters]


def torch_training(case, start, x, labels):
    """The training in float32, as torch programs write it."""
    parameters = [p.clone().requires_grad_() for p in start]
    optimizer = torch.optim.SGD(parameters, lr=LEARNING_RATE)
    losses = []
    for first in range(0, len(x), BATCH):
        h = x[first : first + BATCH]
        for i in range(0, len(parameters), 2):
            h = nn.functional.linear(h, parameters[i], parameters[i + 1])
            if i + 2 < len(parameters):
                h = ACTIVATIONS[case["activation"]][0](h)
        loss = loss_of(case, labels[first : first + BATCH], torch.float32)(h)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    return torch.stack(losses), [p.detach() for p in parameters]


def flat(tensors):
    return torch.cat([t.reshape(-1) for t in tensors]).double()


def run(case, start, x, labels):
    exact_noise = Noise()
    losses, parameters = exact_training(case, start, x, labels, exact_noise)
    loss_deviation = parameter_deviation = 0.0
    for trial in range(TRIALS):
        noise = Noise(numpy.random.default_rng([SEED, trial]))
        moved_losses, moved_parameters = exact_training(case, start, x, labels, noise)
        loss_deviation = max(loss_deviation, float(abs(moved_losses - losses).max()))
        parameter_deviation = max(
            parameter_deviation, float(abs(flat(moved_parameters) - flat(parameters)).max())
        )
        same = all(bool((a == b).all()) for a, b in zip(exact_noise.sides, noise.sides))
        assert same, (
            f"{case}: rounding decides on which side of a kink a value is: take another SEED"
        )
    torch_losses, torch_parameters = torch_training(case, start, x, labels)
    loss_off = float(abs(torch_losses.double() - losses).max())
    parameter_off = float(abs(flat(torch_parameters) - flat(parameters)).max())
    print(
        f"{case['activation']:15} {case['loss']:12} losses within {loss_deviation:8.2g}, torch is "
        f"off by {loss_off:8.2g};"
        f" parameters within {parameter_deviation:8.2g}, torch is off by {parameter_off:8.2g}"
    )
    assert loss_off <= loss_deviation and parameter_off <= parameter_deviation, case
    return {
        **case,
        "losses": torch_losses.tolist(),
        "losses_tolerance": 2 * loss_deviation,
        "parameters": shortest(flat(torch_parameters)),
        "parameters_tolerance": 2 * parameter_deviation,
    }


def shortest(values):
    """The shortest decimal numbers for these floats."""
    return [float(str(numpy.float32(v))) for v in values.tolist()]


def make_problem(seed):
    """Samples, labels, and the initial parameters."""
    generator = numpy.random.default_rng(seed)
    x = torch.from_numpy(generator.integers(-16, 17, (BATCH * STEPS, UNITS[0])) / 16).float()
    labels = torch.from_numpy(generator.integers(0, UNITS[-1], BATCH * STEPS))
    start = []
    for inputs, outputs in zip(UNITS, UNITS[1:]):
        bound = math.sqrt(6 / inputs)
        for shape in ((outputs, inputs), (outputs,)):
            start.append(
                torch.from_numpy(
                    numpy.round(generator.uniform(-bound, bound, shape) * 256) / 256
                ).float()
            )
    return x, labels, start


def problem(x, labels, start, seed):
    return {
        "made_by": {"torch": torch.__version__, "numpy": numpy.__version__},
        "seed": seed,
        "learning_rate": LEARNING_RATE,
        "x": x.reshape(-1).tolist(),
        "labels": labels.tolist(),
        "start": shortest(flat(start)),
    }


def write(name, result):
    """JSON with one line per list of numbers."""
    text = json.dumps(result, indent=1)
    lines, inside = [], False
    for line in text.splitlines():
        if inside:
            lines[-1] += line.strip()
        else:
            lines.append(line)
        inside = (
            (inside or line.endswith("["))
            and not line.strip().startswith("]")
            and '"cases"' not in line
        )
    (FOLDER / name).write_text("\n".join(lines) + "\n")


def main():
    add_activations()
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    x, labels, start = make_problem(SEED)
    plain = {"class_weights": [], "label_smoothing": 0}
    cases = [{"activation": a, "loss": "categorical", **plain} for a in ACTIVATIONS]
    cases += [{"activation": "tanh", "loss": loss, **plain} for loss in LOSSES]
    for weights, smoothing in (([], 0.125), ([1, 0.5, 3, 0.25], 0), ([1, 0.5, 3, 0], 0.25)):
        cases.append(
            {
                "activation": "relu",
                "loss": "categorical",
                "class_weights": weights,
                "label_smoothing": smoothing,
            }
        )
    result = problem(x, labels, start, SEED)
    result["cases"] = [run(case, start, x, labels) for case in cases]
    result["cases"] = [
        {**c, "losses": shortest(torch.tensor(c["losses"]))} for c in result["cases"]
    ]
    write("functions.json", result)


if __name__ == "__main__":
    main()
