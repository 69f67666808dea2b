"""The time of a training step on N ranks: the model of docs/scaling.md. Times are in seconds, sizes
in bytes, rates per second."""

import math
import pathlib
import re
from dataclasses import dataclass, replace

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FLOAT = 4


def constant(path, name):
    """An enum's value in the sources, so that the model follows them."""
    value = re.search(rf"\b{name} = (\d+) << (\d+)", (SOURCE / path).read_text())
    return int(value[1]) << int(value[2])


LEAST = constant("host/parallel/reduce.c", "MIN_BUCKET")  # the least numbers in a bucket
PIECE = constant("host/parallel/reduce.c", "PIECE")  # the most numbers in one reduction


@dataclass(frozen=True)
class Network:
    name: str

    @property
    def layers(self):
        units = [int(each) for each in self.name.split("-")]
        return list(zip(units, units[1:]))

    def numbers(self, layer):
        inputs, outputs = self.layers[layer]
        return inputs * outputs + outputs

    @property
    def parameters(self):
        return sum(self.numbers(layer) for layer in range(len(self.layers)))

    @property
    def flops(self):
        """Operations per sample: forward and both backward products, without the gradient of the
        inputs."""
        return sum(6 * i * o for i, o in self.layers) - 2 * self.layers[0][0] * self.layers[0][1]

    @property
    def buckets(self):
        """Layers whose gradients are reduced together, from the top: see quern__buckets_divide."""
        buckets, bucket = [], []
        for layer in reversed(range(len(self.layers))):
            bucket.append(layer)
            if sum(map(self.numbers, bucket)) >= LEAST:
                buckets.append(bucket)
                bucket = []
        return buckets + ([bucket] if bucket else [])


@dataclass(frozen=True)
class Device:
    """A rank's device. Products are bound by arithmetic or memory, updates by memory."""

    flops: float
    memory: float  # bytes per second of a product's operands
    launch: float  # seconds per kernel
    fixed: float  # seconds per step outside kernels
    update: float  # seconds per byte of parameters, gradient and update included

    def product(self, n, inputs, outputs):
        arithmetic = 2 * n * inputs * outputs / self.flops
        return (
            max(arithmetic, FLOAT * (inputs * outputs + n * (inputs + outputs)) / self.memory)
            + self.launch
        )

    def before_backward(self, network, n):
        gather = 5 * n * network.layers[0][0] / self.memory  # bytes in, floats out
        return (
            self.fixed
            + gather
            + 2 * self.launch
            + sum(self.product(n, i, o) for i, o in network.layers)
        )

    def backward(self, network, n, layer):
        return (2 if layer > 0 else 1) * self.product(n, *network.layers[layer])

    def updated(self, count):
        return FLOAT * count * self.update + self.launch

    def compute(self, network, n):
        """A step of n samples by a single rank."""
        layers = range(len(network.layers))
        return (
            self.before_backward(network, n)
            + sum(self.backward(network, n, layer) for layer in layers)
            + self.updated(network.parameters)
        )


@dataclass(frozen=True)
class Links:
    """Links between ranks. Every rank sends each other rank its part, adds its own part, and sends
    the sums."""

    alpha: float  # seconds per message to another host
    beta: float  # seconds per byte of a host's link, one way
    gamma: float  # seconds per byte that is added, copies included
    host_ranks: int = 1  # ranks that share a host's memory and its link
    host_alpha: float = 0.0  # seconds per message within a host
    staging: float = 0.0  # seconds per byte between a device and its host, one way
    piece: int = PIECE
    two_levels: bool = False  # not in quern: reduce within groups, then between them
    bytes_share: float = 1.0  # not in quern: the size of compressed gradients

    def group(self, ranks):
        """The size of a group of two levels: the ranks of a host, or about sqrt(ranks)."""
        if self.host_ranks > 1:
            return min(self.host_ranks, ranks)
        return 1 << (math.ceil(math.log2(ranks)) // 2)

    def latency(self, ranks):
        """Seconds of one piece's messages."""
        near = min(self.host_ranks, ranks)
        if self.two_levels:
            groups, size = -(-ranks // self.group(ranks)), self.group(ranks)
            inner = self.host_alpha if self.host_ranks > 1 else self.alpha
            return 2 * (size - 1) * inner + 2 * (groups - 1) * self.alpha
        return 2 * (near - 1) * self.host_alpha + 2 * (ranks - near) * self.alpha

    def on_link(self, size, ranks):
        """Seconds that a host's link needs for `size` bytes of gradients."""
        size *= self.bytes_share
        near = min(self.host_ranks, ranks)
        if not self.two_levels:
            return near * 2 * (ranks - near) / ranks * size * self.beta
        group = self.group(ranks)
        between = 3 * (1 - group / ranks) * size * self.beta  # intermediate sums are doubles
        if self.host_ranks > 1:
            return between
        return 2 * (group - 1) / group * size * self.beta + between / group

    def adding(self, size, ranks):
        return size * self.gamma if ranks > 1 else 0.0

    def reduce(self, count, ranks):
        """Seconds of an all-reduce of `count` numbers."""
        return (
            -(-count // self.piece) * self.latency(ranks)
            + self.on_link(FLOAT * count, ranks)
            + self.adding(FLOAT * count, ranks)
        )


@dataclass(frozen=True)
class Step:
    compute: float  # seconds of the device's work
    reduction: float  # seconds of the reduction alone
    exposed: float  # the part of the reduction in which the device is idle
    seconds: float


def pipeline(network, links, ranks, ready):
    """The times at which each bucket is back on the device. Buckets are copied to the host, reduced
    and copied back; the stages of different buckets overlap."""
    taken = reduced = put = 0.0
    back = []
    for bucket, begin in zip(network.buckets, ready):
        count = sum(map(network.numbers, bucket))
        staging = FLOAT * count * links.staging * links.bytes_share
        taken = max(taken, begin) + staging
        reduced = max(reduced, taken) + links.reduce(count, ranks)
        put = max(put, reduced) + staging
        back.append(put)
    return back


def step(network, device, links, ranks, n, overlaps=True):
    """A step of n samples per rank. If the host is the device, the reduction takes its time from
    the backward pass, so nothing overlaps."""
    compute = device.compute(network, n)
    if ranks == 1:
        return Step(compute, 0.0, 0.0, compute)
    now, ready = device.before_backward(network, n), []
    for bucket in network.buckets:
        now += sum(device.backward(network, n, layer) for layer in bucket)
        ready.append(now)
    reduction = pipeline(network, links, ranks, [0.0] * len(ready))[-1]
    if not overlaps:
        return Step(compute, reduction, reduction, compute + reduction)
    back = pipeline(network, links, ranks, ready)
    end = now
    for bucket, arrived in zip(network.buckets, back):
        end = max(end, arrived) + device.updated(sum(map(network.numbers, bucket)))
    return Step(compute, reduction, max(back[-1] - now, 0.0), end)


def local_steps(one, steps):
    """Not in quern: gradients are reduced once per `steps` steps."""
    return replace(one, seconds=one.compute + (one.seconds - one.compute) / steps)
