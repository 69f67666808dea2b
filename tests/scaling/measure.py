#!/usr/bin/env python3
"""Measures the data of docs/scaling.md and writes measured.json beside this file.

    scripts/bench --only collective                      # all-reduces: into build/bench.json
    tests/scaling/measure.py build/quern build/bench.json

1 to 4 ranks on two cores train on synthetic samples, alternating with single processes on each core
at the same time, whose batches are as long as a rank's part and which keep their gradients as ranks
do. Rates are medians over the rounds, without each training's first epoch."""

import json
import os
import pathlib
import random
import statistics
import struct
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
NETWORKS = {"784-128-10": 40, "784-512-256-10": 12, "784-1024-1024-10": 4}  # name: epochs
SAMPLES, BATCH, RANKS, ROUNDS = 8192, 256, (1, 2, 3, 4), 3


def write_data(folder):
    """Writes files in MNIST's format."""
    numbers = random.Random(1)
    for name, count in (("train", SAMPLES), ("t10k", BATCH)):
        (folder / f"{name}-images-idx3-ubyte").write_bytes(
            struct.pack(">IIII", 2051, count, 28, 28) + numbers.randbytes(count * 784)
        )
        (folder / f"{name}-labels-idx1-ubyte").write_bytes(
            struct.pack(">II", 2049, count) + bytes(numbers.randrange(10) for _ in range(count))
        )


def start(quern, data, network, batch, before, *options):
    hidden = ",".join(network.split("-")[1:-1])
    environment = dict(
        os.environ,
        OMPI_ALLOW_RUN_AS_ROOT="1",
        OMPI_ALLOW_RUN_AS_ROOT_CONFIRM="1",
        OMPI_MCA_btl="self,vader",
    )
    return subprocess.Popen(
        [
            *before,
            quern,
            "train",
            "--data",
            str(data),
            "--hidden",
            hidden,
            "--batch",
            str(batch),
            "--epochs",
            str(NETWORKS[network]),
            "--optimizer",
            "sgd",
            "--schedule",
            "constant",
            "--json",
            *options,
        ],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env=environment,
    )


def rate(training):
    """Samples per second of a finished training."""
    output, errors = training.communicate()
    if training.returncode != 0:
        sys.exit(f"{errors}failed: {' '.join(training.args)}")
    return json.loads(output)["samples_per_second"]


def of_one_core(quern, data, network, batch):
    """The rate of one core while the other does the same, as with two ranks."""
    each = [
        start(quern, data, network, batch, ["taskset", "-c", core], "--clip-norm", "1e30")
        for core in "01"
    ]
    return statistics.mean([rate(training) for training in each])


def of_ranks(quern, data, network, ranks):
    return rate(
        start(
            quern,
            data,
            network,
            BATCH,
            ["mpirun", "--oversubscribe", "--bind-to", "core:overload-allowed", "-n", str(ranks)],
            "--share-device",
        )
    )


def largest_part(ranks):
    return -(-BATCH // ranks)


def measure_network(quern, data, network):
    """Runs every training once per round."""
    alone = {ranks: [] for ranks in RANKS}
    together = {ranks: [] for ranks in RANKS}
    for _ in range(ROUNDS):
        for ranks in RANKS:
            alone[ranks].append(of_one_core(quern, data, network, largest_part(ranks)))
            together[ranks].append(of_ranks(quern, data, network, ranks))
    return {
        "one_core": {largest_part(r): round(statistics.median(alone[r])) for r in RANKS},
        "ranks": {r: round(statistics.median(together[r])) for r in RANKS},
    }


def fits(bench):
    """Start and seconds per byte of each all-reduce over MPI, by ranks."""
    return {
        str(each["ranks"]): {"messages": each["fit"], "shared": each["fit_shared"]}
        for each in bench["collective"]
        if each["collective"] == "MPI" and each["ranks"] > 1
    }


def main():
    quern, bench = sys.argv[1], json.loads(pathlib.Path(sys.argv[2]).read_text())
    only = sys.argv[3:] or list(NETWORKS)
    path = HERE / "measured.json"
    measured = json.loads(path.read_text()) if path.exists() else {"training": {}}
    measured["all_reduce"] = fits(bench)
    with tempfile.TemporaryDirectory() as folder:
        data = pathlib.Path(folder)
        write_data(data)
        for network in only:
            measured["training"][network] = measure_network(quern, data, network)
    measured["training"] = {
        network: measured["training"][network]
        for network in NETWORKS
        if network in measured["training"]
    }
    path.write_text(json.dumps(measured, indent=1) + "\n")


if __name__ == "__main__":
    main()
