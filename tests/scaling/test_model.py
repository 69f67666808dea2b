"""Compares the model with counts of messages and bytes."""

import unittest
from dataclasses import replace

from model import FLOAT, LEAST, Device, Links, Network, local_steps, step

DEVICE = Device(flops=1e12, memory=1e11, launch=5e-6, fixed=1e-5, update=1e-11)
LINKS = Links(alpha=1e-6, beta=1e-10, gamma=1e-10, staging=4e-11)


def part(count, rank, ranks):
    """The length of a part: see quern__part_begin."""

    def begin(r):
        return count // ranks * r + count % ranks * r // ranks

    return begin(rank + 1) - begin(rank)


class Model(unittest.TestCase):
    def test_network(self):
        network = Network("784-1024-1024-10")
        self.assertEqual(
            network.parameters, 784 * 1024 + 1024 + 1024 * 1024 + 1024 + 1024 * 10 + 10
        )
        self.assertEqual(network.flops, 2 * (2 * 784 * 1024 + 3 * (1024 * 1024 + 1024 * 10)))
        self.assertGreater(network.numbers(0), LEAST)
        self.assertEqual(network.buckets, [[2, 1], [0]])
        self.assertEqual(Network("784-128-10").buckets, [[1, 0]])

    def test_messages_and_bytes(self):
        """The messages and bytes of one host, counted as host/mpi/reduce.c sends them."""
        count = 4096 * 9
        for ranks, host_ranks in ((2, 1), (8, 1), (64, 1), (64, 16), (4096, 64)):
            parts = [part(count, r, ranks) for r in range(ranks)]
            sent = messages = near = 0
            for rank in range(host_ranks):  # those of the first host
                for other in range(ranks):
                    if other == rank:
                        continue
                    if other < host_ranks:
                        near += 2
                    else:
                        messages += 2
                        sent += parts[other] + parts[rank]
            links = replace(LINKS, host_ranks=host_ranks, host_alpha=1e-7)
            self.assertAlmostEqual(
                links.on_link(FLOAT * count, ranks) / (FLOAT * sent * links.beta), 1
            )
            self.assertAlmostEqual(links.latency(ranks) * host_ranks, messages * 1e-6 + near * 1e-7)

    def test_pieces(self):
        whole, halves = LINKS.reduce(LINKS.piece, 64), LINKS.reduce(2 * LINKS.piece, 64)
        self.assertAlmostEqual(halves / whole, 2)

    def test_bounds(self):
        for name in ("784-128-10", "784-1024-1024-10", "4096-8192-8192-8192-1000"):
            network = Network(name)
            self.assertEqual(step(network, DEVICE, LINKS, 1, 32).reduction, 0)
            for ranks in (2, 64, 4096):
                beside, after = (
                    step(network, DEVICE, LINKS, ranks, 32, overlaps) for overlaps in (True, False)
                )
                self.assertLessEqual(beside.exposed, beside.reduction)
                self.assertGreaterEqual(beside.seconds, beside.compute)
                self.assertLess(
                    beside.seconds,
                    after.seconds * (1 + 1e-12) + DEVICE.launch * len(network.buckets),
                )
                self.assertAlmostEqual(after.seconds, after.compute + after.reduction)
                self.assertLess(local_steps(beside, 8).seconds, beside.seconds)

    def test_hidden(self):
        """With a slow device, only the last bucket's reduction is exposed."""
        network = Network("4096-8192-8192-8192-1000")
        slow = replace(DEVICE, flops=1e9)
        last = sum(map(network.numbers, network.buckets[-1]))
        expected = LINKS.reduce(last, 8) + 2 * FLOAT * last * LINKS.staging
        self.assertAlmostEqual(step(network, slow, LINKS, 8, 32).exposed, expected)


if __name__ == "__main__":
    unittest.main()
