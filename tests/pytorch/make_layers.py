#!/usr/bin/env python3
"""Makes layers.json: ten steps of SGD in PyTorch with normalizations and with dropout, for
test_layers.c.

Needs torch and numpy, as make_functions.py does, and uses its network, samples and tolerances,
with tanh and categorical cross-entropy. Each case adds normalizations between product and
activation, and dropout after it. The final parameters are compared, followed by gamma, beta,
running mean and running variance of each layer that has them.

torch.nn.Dropout has its own generator, so quern's masks replace its masks: they are computed here
by the formula in quern/ops.h. The rest is torch's, with torch.nn's normalizations and defaults.

Bounds on roundings besides those of make_functions.py, u = 2^-24:
    a mean of k values      sqrt(k) u mean |x|, the same for squares; a difference, a product or
                            a quotient u of its result
    1 / sqrt(v)             12 u, which OpenCL allows the root and the quotient
    gamma x + beta          u of each of the two, and of the sum
    back                    sums as above; dx 8 u of the largest of its three terms'
                            magnitudes
"""

import math

import numpy
import torch
from make_functions import (
    BATCH,
    LEARNING_RATE,
    SEED,
    STEPS,
    TRIALS,
    UNITS,
    Activation,
    Linear,
    Loss,
    Noise,
    U,
    flat,
    loss_of,
    make_problem,
    problem,
    shortest,
    write,
)
from torch import nn

EPSILON, MOMENTUM = 1e-5, 0.1
MASK_SEED = 11
CASES = [
    ("batch normalization", ["batch", "batch"], [0, 0]),
    ("layer normalization", ["layer", "layer"], [0, 0]),
    ("dropout 0.25 and 0.5", ["none", "none"], [0.25, 0.5]),
    ("batch and layer normalization, dropout 0.25", ["batch", "layer"], [0.25, 0]),
]


# --- quern's masks --------------------------------------------------------------------------------


def philox(counter, key):
    """Philox4x32-10 (Salmon et al. 2011)."""
    (c0, c1, c2, c3), (k0, k1) = counter, key
    for _ in range(10):
        high0, low0 = divmod(0xD2511F53 * c0, 2**32)
        high1, low1 = divmod(0xCD9E8D57 * c2, 2**32)
        c0, c1, c2, c3 = high1 ^ c1 ^ k0, low1, high0 ^ c3 ^ k1, low0
        k0, k1 = (k0 + 0x9E3779B9) % 2**32, (k1 + 0xBB67AE85) % 2**32
    return c0, c1, c2, c3


def mask(p, step, layer, rows, units):
    key = philox((step, 0, layer, 1), (MASK_SEED, 0))[:2]
    words = [[philox((j // 4, r, 0, 0), key)[j % 4] for j in range(units)] for r in range(rows)]
    return torch.tensor(
        [[0.0 if word < p * 2**32 else 1 / (1 - p) for word in row] for row in words]
    )


# --- In float64, with moved roundings -------------------------------------------------------------


class Norm(torch.autograd.Function):
    """Over dimension `over`: 0 for a batch, 1 for a layer."""

    @staticmethod
    def forward(ctx, noise, over, x, gamma, beta, statistics):
        n = x.shape[over]
        move = noise.move

        def mean_of(values):
            return move(
                values.mean(over, keepdim=True),
                math.sqrt(n) * U * abs(values).mean(over, keepdim=True),
            )

        mean = mean_of(x)
        difference = move(x - mean, U * abs(x - mean))
        variance = mean_of(difference**2)
        inverse = (variance + EPSILON).rsqrt()
        inverse = move(inverse, 12 * U * inverse)
        normal = move(difference * inverse, U * abs(difference * inverse))
        y = gamma * normal + beta
        if statistics is not None:
            for key, now in (("mean", mean), ("variance", variance * n / (n - 1))):
                moved = (1 - MOMENTUM) * statistics[key] + MOMENTUM * now[0]
                statistics[key] = move(moved, 2 * U * (abs(statistics[key]) + abs(now[0])))
        ctx.noise, ctx.over = noise, over
        ctx.save_for_backward(normal, inverse, gamma)
        return move(y, 2 * U * (abs(gamma * normal) + abs(beta)))

    @staticmethod
    def backward(ctx, dy):
        normal, inverse, gamma = ctx.saved_tensors
        move, over = ctx.noise.move, ctx.over
        k, n = dy.shape[over], len(dy)

        def total(values, dimension, count):
            return move(
                values.sum(dimension, keepdim=True),
                (math.sqrt(count) + 4) * U * abs(values).sum(dimension, keepdim=True),
            )

        dbeta, dgamma = total(dy, 0, n), total(dy * normal, 0, n)
        g = dy * gamma
        plain, along = total(g, over, k), total(g * normal, over, k)
        dx = inverse * (g - (plain + normal * along) / k)
        bound = inverse * torch.maximum(abs(g), torch.maximum(abs(plain), abs(normal * along)) / k)
        return None, None, move(dx, 8 * U * bound), dgamma[0], dbeta[0], None


def start_statistics(kinds):
    return [
        {"mean": torch.zeros(u).double(), "variance": torch.ones(u).double()}
        if kind == "batch"
        else None
        for kind, u in zip(kinds, UNITS[1:])
    ]


def exact_training(case, start, x, labels, noise):
    parameters = [p.double() for p in start]
    for kind, units in zip(case["normalizations"], UNITS[1:]):
        if kind != "none":
            parameters += [torch.ones(units).double(), torch.zeros(units).double()]
    parameters = [p.requires_grad_() for p in parameters]
    statistics = start_statistics(case["normalizations"])
    losses = []
    for step in range(STEPS):
        h, wanted = x[step * BATCH :][:BATCH].double(), labels[step * BATCH :][:BATCH]
        scales = iter(parameters[len(start) :])
        for layer in range(len(start) // 2):
            h = Linear.apply(noise, h, parameters[2 * layer], parameters[2 * layer + 1])
            if layer == len(case["normalizations"]):
                break
            kind = case["normalizations"][layer]
            if kind != "none":
                h = Norm.apply(
                    noise,
                    0 if kind == "batch" else 1,
                    h,
                    next(scales),
                    next(scales),
                    statistics[layer],
                )
            h = Activation.apply(noise, case["activation"], h)
            if case["dropout"][layer] > 0:
                h = h * mask(case["dropout"][layer], step, layer, *h.shape).double()
        loss = Loss.apply(noise, loss_of(case, wanted, torch.float64), h)
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            changes = [LEARNING_RATE * g for g in gradients]
            parameters = [
                noise.move(p - c, U * abs(p - c) + 4 * U * abs(c)).requires_grad_()
                for p, c in zip(parameters, changes)
            ]
        losses.append(loss.detach())
    return torch.stack(losses), arranged(case, start, [p.detach() for p in parameters], statistics)


def arranged(case, start, parameters, statistics):
    """The parameters of the dense layers, and then gamma, beta, mean and variance of each layer."""
    result, scales = parameters[: len(start)], iter(parameters[len(start) :])
    for kind, own in zip(case["normalizations"], statistics):
        if kind != "none":
            result = result + [next(scales), next(scales)]
        if kind == "batch":
            result = result + [own["mean"], own["variance"]]
    return result


# --- As torch programs write it -------------------------------------------------------------------


class Masked(nn.Module):
    """torch.nn.Dropout with quern's masks."""

    def __init__(self, p, layer):
        super().__init__()
        self.p, self.layer, self.step = p, layer, 0

    def forward(self, h):
        self.step += 1
        return h * mask(self.p, self.step - 1, self.layer, *h.shape)


def torch_training(case, start, x, labels):
    modules, norms = [], []
    for layer in range(len(start) // 2):
        linear = nn.Linear(UNITS[layer], UNITS[layer + 1])
        linear.weight, linear.bias = (
            nn.Parameter(p.clone()) for p in start[2 * layer : 2 * layer + 2]
        )
        modules.append(linear)
        if layer == len(case["normalizations"]):
            break
        kind = case["normalizations"][layer]
        norms.append(
            {"none": lambda u: None, "batch": nn.BatchNorm1d, "layer": nn.LayerNorm}[kind](
                UNITS[layer + 1]
            )
        )
        modules += [m for m in (norms[-1], nn.Tanh()) if m is not None]
        if case["dropout"][layer] > 0:
            modules.append(Masked(case["dropout"][layer], layer))
    model = nn.Sequential(*modules)
    optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)
    losses = []
    for step in range(STEPS):
        loss = nn.CrossEntropyLoss()(
            model(x[step * BATCH :][:BATCH]), labels[step * BATCH :][:BATCH]
        )
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.detach())
    dense = [p.detach() for m in modules if isinstance(m, nn.Linear) for p in (m.weight, m.bias)]
    scales = [p.detach() for m in norms if m is not None for p in (m.weight, m.bias)]
    statistics = [
        {"mean": m.running_mean, "variance": m.running_var}
        if isinstance(m, nn.BatchNorm1d)
        else None
        for m in norms
    ]
    return torch.stack(losses), arranged(case, start, dense + scales, statistics)


def run(case, start, x, labels):
    losses, numbers = exact_training(case, start, x, labels, Noise())
    loss_deviation = deviation = 0.0
    for trial in range(TRIALS):
        moved_losses, moved = exact_training(
            case, start, x, labels, Noise(numpy.random.default_rng([SEED, trial]))
        )
        loss_deviation = max(loss_deviation, float(abs(moved_losses - losses).max()))
        deviation = max(deviation, float(abs(flat(moved) - flat(numbers)).max()))
    torch_losses, torch_numbers = torch_training(case, start, x, labels)
    loss_off = float(abs(torch_losses.double() - losses).max())
    off = float(abs(flat(torch_numbers) - flat(numbers)).max())
    print(
        f"{case['title']:45} losses within {loss_deviation:8.2g}, torch is off by {loss_off:8.2g};"
        f" parameters within {deviation:8.2g}, torch is off by {off:8.2g}"
    )
    assert loss_off <= loss_deviation and off <= deviation, case
    return {
        **case,
        "losses": shortest(torch_losses),
        "losses_tolerance": 2 * loss_deviation,
        "parameters": shortest(flat(torch_numbers)),
        "parameters_tolerance": 2 * deviation,
    }


def main():
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    x, labels, start = make_problem(SEED)
    result = problem(x, labels, start, SEED)
    result["mask_seed"] = MASK_SEED
    plain = {"activation": "tanh", "loss": "categorical", "class_weights": [], "label_smoothing": 0}
    result["cases"] = [
        run({"title": title, **plain, "normalizations": kinds, "dropout": p}, start, x, labels)
        for title, kinds, p in CASES
    ]
    write("layers.json", result)


if __name__ == "__main__":
    main()
