"""The parameters of docs/scaling.md: measured on machine A of docs/measurements.md, or assumed from
the sources named below."""

import json
import math
import pathlib

from model import FLOAT, Device, Links, Network

MEASURED = json.loads((pathlib.Path(__file__).resolve().parent / "measured.json").read_text())
BATCH, CORES = 256, 2  # of the measured training

SMALL, MIDDLE, LARGE = map(Network, ("784-128-10", "784-1024-1024-10", "4096-8192-8192-8192-1000"))


def line(points):
    """a and b of y = a + b x, not negative, with the least relative errors."""
    aa = ab = bb = a1 = b1 = 0.0
    for x, y in points:
        aa, ab, bb, a1, b1 = aa + 1 / y**2, ab + x / y**2, bb + (x / y) ** 2, a1 + 1 / y, b1 + x / y
    determinant = aa * bb - ab * ab
    if a1 * bb < b1 * ab:
        return 0.0, b1 / bb
    return (a1 * bb - b1 * ab) / determinant, (b1 * aa - a1 * ab) / determinant


def core(network):
    """One core of machine A while both are busy, fitted to steps with the samples that 1 to 4 ranks
    have of a batch. Networks that were not measured get the rates of MIDDLE."""
    known = network if network.name in MEASURED["training"] else MIDDLE
    steps = MEASURED["training"][known.name]["one_core"]
    start, sample = line([(int(n), int(n) / rate) for n, rate in steps.items()])
    return Device(
        flops=known.flops / sample,
        memory=math.inf,
        launch=0.0,
        fixed=0.0,
        update=start / (FLOAT * known.parameters),
    )


def all_reduce(ranks, way):
    fit = MEASURED["all_reduce"][str(ranks)][way]
    return fit["start_seconds"], fit["seconds_per_byte"]


# InfiniBand HDR as NVIDIA describes the ConnectX-6: 200 Gb/s each way and 0.6 us per message, plus
# 0.9 us for MPI.
HDR_ALPHA, HDR_BETA = 1.5e-6, 1 / 25e9

# Four ranks on two cores, scaled to one core per rank. With more than two ranks, sums are doubles.
SIGMA = all_reduce(4, "shared")[1] * CORES / 4
GAMMA = MEASURED["all_reduce"]["4"]["messages"]["gamma_seconds_per_byte"] * CORES / 4

# Hosts of 64 such cores, with memory bandwidth in proportion, and one such link.
CORES_OF_HOSTS = Links(
    alpha=HDR_ALPHA,
    beta=HDR_BETA,
    gamma=SIGMA,
    host_ranks=64,
    host_alpha=all_reduce(2, "shared")[0] / 2,
)

# An NVIDIA A100 by its data sheet: 19.5 TFLOPS of float, 1,555 GB/s, of which 60% and 80% are
# reached; a launch is 5 us. quern has not been measured on a GPU. Gradient and update read and
# write six times the size of the parameters.
GPU = Device(
    flops=0.6 * 19.5e12, memory=0.8 * 1555e9, launch=5e-6, fixed=0.0, update=6 / (0.8 * 1555e9)
)

# One GPU per host, on PCIe 4.0 x16: 32 GB/s each way, of which 25 are reached. One core of the host
# adds.
GPUS = Links(alpha=HDR_ALPHA, beta=HDR_BETA, gamma=GAMMA, staging=1 / 25e9)
