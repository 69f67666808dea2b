#!/usr/bin/env python3
"""Makes optimizers.json: ten steps of each optimizer and under each schedule in PyTorch, for
test_optimizers.c.

Needs torch and numpy (Debian's python3-torch); the test needs neither. Network, samples and
tolerances are as in make_functions.py, with tanh and categorical cross-entropy. Bounds on the
rounding of an update, u = 2^-24:
    g + decay p           u of both, and of the sum
    m, v                  3 u of their terms: two products and a sum
    sqrt(v) and epsilon   8 u: OpenCL allows a root 3 units in the last place
    a quotient by that    8 u: OpenCL allows a division 2.5
    p - change            u of the result, and 4 u of the change
Learning rates and momentum of a schedule are those that torch's own scheduler set in each step.
"""

import math

import make_functions as base
import numpy
import torch
from make_functions import Activation, Linear, Loss, Noise, U, flat, shortest

SEED = 3
CASE = {"activation": "tanh", "loss": "categorical", "class_weights": [], "label_smoothing": 0}
USUAL = {
    "decay": 0.0,
    "decay_bias": True,
    "momentum": 0.9,
    "beta1": 0.9,
    "beta2": 0.999,
    "alpha": 0.99,
    "epsilon": 1e-8,
}


def case(title, optimizer, rate, schedule="constant", **numbers):
    settings = {
        **USUAL,
        **({"decay": 0.01} if optimizer == "adamw" else {}),
        **({"momentum": 0.0} if optimizer == "rmsprop" else {}),
    }
    shape = {"warmup": 0, "period": 1, "gamma": 0.1, "minimum": 0.0}
    for name, value in numbers.items():
        (settings if name in settings else shape)[name] = value
    return {
        "title": title,
        "optimizer": optimizer,
        "rate": rate,
        **settings,
        "schedule": schedule,
        **shape,
    }


CASES = [
    case("sgd", "sgd", 0.25),
    case("sgd, weight decay 0.01", "sgd", 0.25, decay=0.01),
    case("sgd, weight decay 0.1, not of biases", "sgd", 0.25, decay=0.1, decay_bias=False),
    case("momentum", "momentum", 0.05),
    case("momentum, weight decay 0.01", "momentum", 0.05, decay=0.01),
    case("nesterov, weight decay 0.01", "nesterov", 0.05, decay=0.01),
    case("adam", "adam", 0.01),
    case("adam, weight decay 0.1", "adam", 0.01, decay=0.1),
    case("adamw", "adamw", 0.01),
    case("adamw, weight decay 0.5, not of biases", "adamw", 0.01, decay=0.5, decay_bias=False),
    case("rmsprop", "rmsprop", 0.002),
    case("rmsprop, momentum 0.9, weight decay 0.01", "rmsprop", 0.002, momentum=0.9, decay=0.01),
    case("step every 3 steps by 0.5, sgd", "sgd", 0.25, "step", period=3, gamma=0.5),
    case("cosine to 0.01, sgd", "sgd", 0.25, "cosine", minimum=0.01),
    case("one-cycle, momentum", "momentum", 0.1, "one-cycle"),
    case("one-cycle, adam", "adam", 0.02, "one-cycle"),
    case("warm-up of 4 steps, constant, sgd", "sgd", 0.25, warmup=4),
    case("warm-up of 4 steps, cosine, adamw", "adamw", 0.01, "cosine", warmup=4),
]


def torch_optimizer(of, parameters):
    """Biases, which are every second parameter, in a group of their own."""
    groups = [
        {"params": parameters[0::2], "weight_decay": of["decay"]},
        {"params": parameters[1::2], "weight_decay": of["decay"] if of["decay_bias"] else 0.0},
    ]
    kind, rate = of["optimizer"], of["rate"]
    if kind in ("sgd", "momentum", "nesterov"):
        momentum = 0.0 if kind == "sgd" else of["momentum"]
        return torch.optim.SGD(groups, lr=rate, momentum=momentum, nesterov=kind == "nesterov")
    if kind == "rmsprop":
        return torch.optim.RMSprop(
            groups, lr=rate, alpha=of["alpha"], eps=of["epsilon"], momentum=of["momentum"]
        )
    made = torch.optim.Adam if kind == "adam" else torch.optim.AdamW
    return made(groups, lr=rate, betas=(of["beta1"], of["beta2"]), eps=of["epsilon"])


def torch_scheduler(of, optimizer):
    from torch.optim import lr_scheduler as schedules

    left = base.STEPS - of["warmup"]
    made = {
        "constant": lambda: schedules.LambdaLR(optimizer, lambda step: 1.0),
        "step": lambda: schedules.StepLR(optimizer, of["period"], of["gamma"]),
        "cosine": lambda: schedules.CosineAnnealingLR(optimizer, left, of["minimum"]),
        "one-cycle": lambda: schedules.OneCycleLR(optimizer, of["rate"], total_steps=left),
    }[of["schedule"]]
    if of["warmup"] == 0:
        return made()
    warmup = schedules.LinearLR(optimizer, total_iters=of["warmup"])
    return schedules.SequentialLR(optimizer, [warmup, made()], [of["warmup"]])


def torch_training(of, start, x, labels):
    """The training in float32, as torch programs write it, and the scheduler's values in each
    step."""
    parameters = [p.clone().requires_grad_() for p in start]
    optimizer = torch_optimizer(of, parameters)
    scheduler = torch_scheduler(of, optimizer)
    losses, numbers = [], []
    for first in range(0, len(x), base.BATCH):
        group = optimizer.param_groups[0]
        momentum = group["betas"][0] if "betas" in group else group["momentum"]
        numbers.append({"rate": group["lr"], "momentum": momentum})
        h = x[first : first + base.BATCH]
        for i in range(0, len(parameters), 2):
            h = torch.nn.functional.linear(h, parameters[i], parameters[i + 1])
            if i + 2 < len(parameters):
                h = torch.tanh(h)
        loss = base.loss_of(CASE, labels[first : first + base.BATCH], torch.float32)(h)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        if first + base.BATCH < len(x):
            scheduler.step()
        losses.append(loss.detach())
    return torch.stack(losses), [p.detach() for p in parameters], numbers


def update(of, at, step, is_bias, p, g, state, noise):
    """A step of one parameter tensor in float64, with each result moved."""
    rate, momentum = at["rate"], at["momentum"]
    decay = 0.0 if is_bias and not of["decay_bias"] else of["decay"]
    kind = of["optimizer"]
    keep = 1.0
    if kind == "adamw":
        keep, decay = 1.0 - rate * decay, 0.0
    g = noise.move(g + decay * p, U * (abs(g) + 2 * abs(decay * p)) * (decay != 0))
    if kind == "sgd":
        change = rate * g
    elif kind in ("momentum", "nesterov"):
        state["m"] = noise.move(
            momentum * state["m"] + g, 3 * U * (abs(momentum * state["m"]) + abs(g))
        )
        change = rate * (state["m"] if kind == "momentum" else g + momentum * state["m"])
    else:
        beta = of["alpha"] if kind == "rmsprop" else of["beta2"]
        v = beta * state["v"] + (1 - beta) * g * g
        state["v"] = noise.move(v, 3 * U * v)
        root = torch.sqrt(state["v"])
        if kind != "rmsprop":
            root = root / math.sqrt(1 - beta**step)
        root = noise.move(root + of["epsilon"], 8 * U * (root + of["epsilon"]))
        if kind == "rmsprop":
            g = noise.move(g / root, 8 * U * abs(g / root))
            if of["momentum"] > 0:
                state["m"] = noise.move(
                    momentum * state["m"] + g, 3 * U * (abs(momentum * state["m"]) + abs(g))
                )
                g = state["m"]
            change = rate * g
        else:
            m = momentum * state["m"] + (1 - momentum) * g
            state["m"] = noise.move(
                m, 3 * U * (abs(momentum * state["m"]) + abs((1 - momentum) * g))
            )
            change = rate / (1 - momentum**step) * state["m"] / root
            change = noise.move(change, 8 * U * abs(change))
    after = keep * p - change
    return noise.move(after, U * abs(after) + U * abs(p) * (keep != 1) + 4 * U * abs(change))


def exact_training(of, numbers, start, x, labels, noise):
    parameters = [p.double().requires_grad_() for p in start]
    states = [{"m": torch.zeros_like(p), "v": torch.zeros_like(p)} for p in parameters]
    losses = []
    for step, at in enumerate(numbers, 1):
        samples = slice((step - 1) * base.BATCH, step * base.BATCH)
        h = x[samples].double()
        for i in range(0, len(parameters), 2):
            h = Linear.apply(noise, h, parameters[i], parameters[i + 1])
            if i + 2 < len(parameters):
                h = Activation.apply(noise, CASE["activation"], h)
        loss = Loss.apply(noise, base.loss_of(CASE, labels[samples], torch.float64), h)
        gradients = torch.autograd.grad(loss, parameters)
        with torch.no_grad():
            parameters = [
                update(of, at, step, i % 2 == 1, p, g, state, noise).requires_grad_()
                for i, (p, g, state) in enumerate(zip(parameters, gradients, states))
            ]
        losses.append(loss.detach())
    return torch.stack(losses), [p.detach() for p in parameters]


def run(of, start, x, labels):
    torch_losses, torch_parameters, numbers = torch_training(of, start, x, labels)
    losses, parameters = exact_training(of, numbers, start, x, labels, Noise())
    loss_deviation = parameter_deviation = 0.0
    for trial in range(base.TRIALS):
        noise = Noise(numpy.random.default_rng([SEED, trial]))
        moved_losses, moved_parameters = exact_training(of, numbers, start, x, labels, noise)
        loss_deviation = max(loss_deviation, float(abs(moved_losses - losses).max()))
        parameter_deviation = max(
            parameter_deviation, float(abs(flat(moved_parameters) - flat(parameters)).max())
        )
    loss_off = float(abs(torch_losses.double() - losses).max())
    parameter_off = float(abs(flat(torch_parameters) - flat(parameters)).max())
    print(
        f"{of['title']:45} losses within {loss_deviation:8.2g}, torch is off by {loss_off:8.2g};"
        f" parameters within {parameter_deviation:8.2g}, torch is off by {parameter_off:8.2g}"
    )
    assert loss_off <= loss_deviation and parameter_off <= parameter_deviation, of
    return {
        **of,
        "rates": [at["rate"] for at in numbers],
        "momenta": [at["momentum"] for at in numbers],
        "losses": shortest(torch_losses),
        "losses_tolerance": 2 * loss_deviation,
        "parameters": shortest(flat(torch_parameters)),
        "parameters_tolerance": 2 * parameter_deviation,
    }


def main():
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    x, labels, start = base.make_problem(SEED)
    result = base.problem(x, labels, start, SEED)
    result["cases"] = [{**CASE, **run(of, start, x, labels)} for of in CASES]
    base.write("optimizers.json", result)


if __name__ == "__main__":
    main()
