#!/usr/bin/env python3
"""Prints the tables of docs/scaling.md. `tables.py --write PAGE` writes them to the page;
`tables.py --check PAGE` fails if the page differs. In the page, a table is between the lines
<!-- tables.py: NAME --> and <!-- end -->."""

import pathlib
import re
import sys
from dataclasses import replace

from machines import (
    BATCH,
    CORES,
    CORES_OF_HOSTS,
    GPU,
    GPUS,
    LARGE,
    MEASURED,
    MIDDLE,
    SMALL,
    Network,
    all_reduce,
    core,
)
from model import FLOAT, PIECE, local_steps, step

RANKS = (8, 16, 64, 256, 1024, 4096)
GLOBAL_BATCH, CORE_BATCH, GPU_BATCH = 4096, 64, 256
GOOD = 0.9  # an efficiency from which no limit is shown


def table(heads, rows):
    """A Markdown table."""
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])


def digits(value):
    """A number with three significant digits."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def milliseconds(seconds):
    return digits(1e3 * seconds)


def constants():
    rows = []
    for ranks in (2, 3, 4):
        start, byte = all_reduce(ranks, "shared")
        fit = MEASURED["all_reduce"][str(ranks)]["messages"]
        rows.append(
            [
                ranks,
                digits(1e6 * start),
                digits(1e-9 / byte),
                digits(1e6 * fit["alpha_seconds"]),
                digits(1e-9 / fit["beta_seconds_per_byte"]),
                digits(1e-9 / fit["gamma_seconds_per_byte"]),
            ]
        )
    return table(
        [
            "ranks",
            "shared: start, us",
            "1/sigma, GB/s",
            "messages: alpha, us",
            "1/beta, GB/s",
            "1/gamma, GB/s",
        ],
        rows,
    )


def cores():
    rows = []
    for name in MEASURED["training"]:
        network, device = Network(name), core(Network(name))
        worst = max(
            abs(device.compute(network, int(n)) * rate / int(n) - 1)
            for n, rate in MEASURED["training"][name]["one_core"].items()
        )
        rows.append(
            [
                name,
                f"{network.parameters:,}",
                digits(1e-6 * network.flops),
                digits(1e-9 * device.flops),
                digits(1e6 * device.updated(network.parameters)),
                f"{100 * worst:.0f}%",
            ]
        )
    return table(
        [
            "network",
            "parameters",
            "MFLOP per sample",
            "GFLOPS",
            "fixed us per step",
            "largest error",
        ],
        rows,
    )


def predicted(network, ranks):
    """Seconds of a step on two cores; ranks that share a core alternate."""
    per_core = -(-ranks // CORES)
    compute = per_core * core(network).compute(network, -(-BATCH // ranks))
    if ranks == 1:
        return compute, 0.0
    start, byte = all_reduce(ranks, "shared")
    counts = [sum(map(network.numbers, bucket)) for bucket in network.buckets]
    return compute, sum(-(-count // PIECE) * start + FLOAT * count * byte for count in counts)


def check():
    rows = []
    for name, measured in MEASURED["training"].items():
        for ranks in (1, 2, 3, 4):
            compute, reduction = predicted(Network(name), ranks)
            rate, real = BATCH / (compute + reduction), measured["ranks"][str(ranks)]
            rows.append(
                [
                    name,
                    ranks,
                    -(-ranks // CORES),
                    milliseconds(compute),
                    milliseconds(reduction),
                    f"{rate:,.0f}",
                    f"{real:,}",
                    f"{100 * (rate / real - 1):+.0f}%",
                ]
            )
    return table(
        [
            "network",
            "ranks",
            "on a core",
            "compute, ms",
            "reduction, ms",
            "samples/s predicted",
            "measured",
            "error",
        ],
        rows,
    )


def limit(network, links, ranks, one, alone):
    """The largest part of the lost time."""
    size = FLOAT * network.parameters
    counts = [sum(map(network.numbers, bucket)) for bucket in network.buckets]
    pieces = sum(-(-count // links.piece) for count in counts)
    parts = {
        "messages": pieces * links.latency(ranks),
        "link": links.on_link(size, ranks),
        "adding": links.adding(size, ranks),
        "staging": one.reduction - sum(links.reduce(count, ranks) for count in counts),
    }
    return max(parts, key=parts.get) if one.exposed > one.compute - alone else "fixed"


LOCAL_STEPS = LARGER = 8
LIFT_HEADS = [
    "long pieces",
    "two levels",
    "on the device",
    "all of those",
    "half the bytes",
    f"{LOCAL_STEPS} local steps",
    f"batch x{LARGER}",
]


def lifts(network, device, links, overlaps, ranks, n, alone, larger_alone):
    """The efficiency after each change, in the order of LIFT_HEADS. The first three do not change
    the result."""

    def reached(changes):
        return alone / step(network, device, replace(links, **changes), ranks, n, overlaps).seconds

    has_own_memory = links.staging > 0
    on_device = {"staging": 0.0, "gamma": 2 / device.memory} if has_own_memory else {}
    first = [{"piece": network.parameters}, {"two_levels": True}, on_device]
    together = {name: value for changes in first for name, value in changes.items()}
    local = local_steps(step(network, device, links, ranks, n, overlaps), LOCAL_STEPS)
    larger = step(network, device, links, ranks, LARGER * n, overlaps)
    shares = (
        [reached(changes) for changes in first]
        if has_own_memory
        else [*map(reached, first[:2]), None]
    )
    return [
        *shares,
        reached(together),
        reached({"bytes_share": 0.5}),
        alone / local.seconds,
        larger_alone / larger.seconds,
    ]


def percent(share):
    if share is None:
        return "-"
    return f"{100 * share:.0f}%" if share >= 0.01 else f"{100 * share:.1g}%"


def predictions(device_of, links, overlaps, own=None):
    """Predictions with `own` samples per rank, or, if `own` is None, with the global batch divided
    between ranks. Efficiency is relative to one device with the same samples per rank, or with the
    whole batch."""
    rows = []
    for network in (SMALL, MIDDLE, LARGE):
        device = device_of(network)
        for ranks in RANKS:
            n = own or GLOBAL_BATCH // ranks

            def of_one(times, network=network, device=device, ranks=ranks):
                return (
                    device.compute(network, times * own)
                    if own
                    else device.compute(network, times * GLOBAL_BATCH) / ranks
                )

            alone = of_one(1)
            one = step(network, device, links, ranks, n, overlaps)
            reached = alone / one.seconds
            rows.append(
                [
                    network.name,
                    f"{ranks:,}",
                    n,
                    milliseconds(one.compute),
                    milliseconds(one.reduction),
                    milliseconds(one.exposed),
                    digits(ranks * reached),
                    percent(reached),
                ]
            )
            if reached >= GOOD:
                rows[-1] += ["-"] * (1 + len(LIFT_HEADS))
            else:
                rows[-1] += [
                    limit(network, links, ranks, one, alone),
                    *map(
                        percent,
                        lifts(network, device, links, overlaps, ranks, n, alone, of_one(LARGER)),
                    ),
                ]
    return table(
        [
            "network",
            "ranks",
            "samples each",
            "compute, ms",
            "reduction, ms",
            "exposed, ms",
            "times one",
            "efficiency",
            "limit",
            *LIFT_HEADS,
        ],
        rows,
    )


TABLES = {
    "all-reduce": constants,
    "cores": cores,
    "check": check,
    "cores weak": lambda: predictions(core, CORES_OF_HOSTS, False, CORE_BATCH),
    "cores strong": lambda: predictions(core, CORES_OF_HOSTS, False),
    "gpus weak": lambda: predictions(lambda network: GPU, GPUS, True, GPU_BATCH),
    "gpus strong": lambda: predictions(lambda network: GPU, GPUS, True),
}


def filled(text):
    """The page with its tables replaced."""

    def block(match):
        return f"<!-- tables.py: {match[1]} -->\n{TABLES[match[1]]()}\n<!-- end -->"

    return re.sub(r"<!-- tables\.py: ([a-z -]+) -->\n.*?<!-- end -->", block, text, flags=re.DOTALL)


def main():
    if len(sys.argv) == 1:
        for name, make in TABLES.items():
            print(f"{name}\n\n{make()}\n")
        return
    page = pathlib.Path(sys.argv[2])
    text = page.read_text()
    absent = [name for name in TABLES if f"<!-- tables.py: {name} -->" not in text]
    if absent:
        sys.exit(f"{page}: missing tables: {', '.join(absent)}")
    if sys.argv[1] == "--write":
        page.write_text(filled(text))
    elif filled(text) != text:
        sys.exit(f"{page}: its tables differ from the model's; run tables.py --write {page}")


if __name__ == "__main__":
    main()
