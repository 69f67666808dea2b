"""How long a step takes on N ranks: the model of docs/scaling.md. Times in seconds, sizes in bytes,
rates a second."""

import math
import pathlib
import re
from dataclasses import dataclass, replace

SOURCE = pathlib.Path(__file__).resolve().parents[2]
FLOAT = 4


def constant(path, name):
    """Of an enum of the sources: the model is of what they do."""
    value = re.search(rf"\b{name} = (\d+) << (\d+)", (SOURCE / path).read_text())
    return int(value[1]) << int(value[2])


LEAST = constant("host/parallel/reduce.c", "LEAST")  # numbers of a bucket, at least
PIECE = constant("host/parallel/reduce.c", "PIECE")  # numbers that are added up at once, at most


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
        """Of a sample: forward, both ways of backward; nothing needs the gradient of the inputs."""
        return sum(6 * i * o for i, o in self.layers) - 2 * self.layers[0][0] * self.layers[0][1]

    @property
    def buckets(self):
        """Layers whose gradients travel together, from the top down: quern__buckets_divide."""
        buckets, bucket = [], []
        for layer in reversed(range(len(self.layers))):
            bucket.append(layer)
            if sum(map(self.numbers, bucket)) >= LEAST:
                buckets.append(bucket)
                bucket = []
        return buckets + ([bucket] if bucket else [])


@dataclass(frozen=True)
class Device:
    """What a rank computes with. A product is bound by arithmetic or by memory; an update by
    memory."""

    flops: float
    memory: float  # bytes a second of a product's operands
    launch: float  # of a kernel
    fixed: float  # of a step beside its kernels
    update: float  # seconds a byte of parameters, gradient and update included

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
        """A step of n samples by one rank that is alone."""
        layers = range(len(network.layers))
        return (
            self.before_backward(network, n)
            + sum(self.backward(network, n, layer) for layer in layers)
            + self.updated(network.parameters)
        )


@dataclass(frozen=True)
class Links:
    """What carries numbers: every rank sends each other one a message with its part, adds up its
    own, and sends the sums."""

    alpha: float  # of a message to another host
    beta: float  # seconds a byte of a host's link, one way
    gamma: float  # seconds a byte that is added up, copies included
    host_ranks: int = 1  # that share a host's memory and its link
    host_alpha: float = 0.0  # of a message within a host
    staging: float = 0.0  # seconds a byte between a device and its host, one way
    piece: int = PIECE
    two_levels: bool = False  # not in quern: first within groups, then between them
    bytes_share: float = 1.0  # not in quern: of compressed gradients

    def group(self, ranks):
        """Ranks of one group of two levels: those of a host, or about as many as there are
        groups."""
        if self.host_ranks > 1:
            return min(self.host_ranks, ranks)
        return 1 << (math.ceil(math.log2(ranks)) // 2)

    def latency(self, ranks):
        """Of one piece."""
        near = min(self.host_ranks, ranks)
        if self.two_levels:
            groups, size = -(-ranks // self.group(ranks)), self.group(ranks)
            inner = self.host_alpha if self.host_ranks > 1 else self.alpha
            return 2 * (size - 1) * inner + 2 * (groups - 1) * self.alpha
        return 2 * (near - 1) * self.host_alpha + 2 * (ranks - near) * self.alpha

    def on_link(self, size, ranks):
        """Seconds that a host's link is busy with that many bytes of gradients."""
        size *= self.bytes_share
        near = min(self.host_ranks, ranks)
        if not self.two_levels:
            return near * 2 * (ranks - near) / ranks * size * self.beta
        group = self.group(ranks)
        between = 3 * (1 - group / ranks) * size * self.beta  # sums go up in double
        if self.host_ranks > 1:
            return between
        return 2 * (group - 1) / group * size * self.beta + between / group

    def adding(self, size, ranks):
        return size * self.gamma if ranks > 1 else 0.0

    def reduce(self, count, ranks):
        """An all-reduce of that many numbers."""
        return (
            -(-count // self.piece) * self.latency(ranks)
            + self.on_link(FLOAT * count, ranks)
            + self.adding(FLOAT * count, ranks)
        )


@dataclass(frozen=True)
class Step:
    compute: float  # what a device does
    reduction: float  # the gradients' way, by itself
    exposed: float  # of that, with nothing left for the device to do
    seconds: float


def pipeline(network, links, ranks, ready):
    """When each bucket is back on the device: it is taken, added up and put back, each beside the
    others'."""
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
    """A step of n samples a rank. Where the host is the device, what is under way takes its time
    from backward: nothing overlaps."""
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
    """Not in quern: gradients are added up once in so many steps."""
    return replace(one, seconds=one.compute + (one.seconds - one.compute) / steps)
