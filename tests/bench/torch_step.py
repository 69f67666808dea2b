"""PyTorch's training step, driven line by line through a pipe by quern_bench (torch.c).

    open FILE BATCH BATCHES UNITS...   reads samples, labels and initial parameters; units start
                                       with the inputs
    set THREADS FOREACH                threads, and whether SGD handles all tensors in one call
    run TIMES                          runs steps and answers with their seconds
    learn STEPS FILE                   restarts, runs steps, writes the parameters
    version                            answers with PyTorch's version

Each line is answered by "ok" and the result.
"""

import sys
import time

import torch

RATE = 0.01


class Steps:
    def __init__(self, path, batch, batches, *units):
        values = torch.from_file(path, dtype=torch.float32, size=self.count(batch, batches, units))
        samples = batch * batches
        self.batch, self.batches, self.units = batch, batches, units
        place = 0

        def take(*shape):
            nonlocal place
            count = 1
            for length in shape:
                count *= length
            part = values[place : place + count].reshape(shape).clone()
            place += count
            return part

        self.x = take(samples, units[0])
        self.labels = take(samples).view(torch.int32).to(torch.int64)
        self.start = [(take(i, o), take(o)) for i, o in zip(units, units[1:])]
        self.loss = torch.nn.CrossEntropyLoss()
        self.reset(False)

    @staticmethod
    def count(batch, batches, units):
        return batch * batches * (units[0] + 1) + sum(i * o + o for i, o in zip(units, units[1:]))

    def reset(self, foreach):
        modules = []
        for weights, bias in self.start:
            layer = torch.nn.Linear(*weights.shape)
            with torch.no_grad():
                layer.weight.copy_(weights.t())
                layer.bias.copy_(bias)
            modules += [layer, torch.nn.ReLU()]
        self.model = torch.nn.Sequential(*modules[:-1])
        self.optimizer = torch.optim.SGD(self.model.parameters(), lr=RATE, foreach=foreach)
        self.batches_x = self.x.split(self.batch)
        self.batches_labels = self.labels.split(self.batch)
        self.foreach, self.next = foreach, 0

    def step(self):
        self.optimizer.zero_grad(set_to_none=True)
        self.loss(self.model(self.batches_x[self.next]), self.batches_labels[self.next]).backward()
        self.optimizer.step()
        self.next = (self.next + 1) % self.batches

    def run(self, times):
        start = time.perf_counter()
        for _ in range(times):
            self.step()
        return time.perf_counter() - start

    def learn(self, steps, path):
        self.reset(self.foreach)
        for _ in range(steps):
            self.step()
        with open(path, "wb") as file, torch.no_grad():
            for module in self.model:
                if isinstance(module, torch.nn.Linear):
                    file.write(module.weight.t().contiguous().numpy().tobytes())
                    file.write(module.bias.numpy().tobytes())


def blas():
    """The file of the BLAS library that is mapped into this process."""
    with open("/proc/self/maps", encoding="utf-8") as maps:
        paths = {line.split()[-1] for line in maps if "blas" in line or "mkl" in line}
    return " ".join(sorted(path for path in paths if path.startswith("/"))) or "its own"


def main():
    steps = None
    for line in sys.stdin:
        word, *rest = line.split()
        answer = ""
        if word == "open":
            steps = Steps(rest[0], *map(int, rest[1:]))
        elif word == "set":
            torch.set_num_threads(int(rest[0]))
            steps.reset(rest[1] == "1")
        elif word == "run":
            answer = repr(steps.run(int(rest[0])))
        elif word == "learn":
            steps.learn(int(rest[0]), rest[1])
        elif word == "version":
            answer = f"PyTorch {torch.__version__}, BLAS {blas()}"
        else:
            sys.exit(f"torch_step.py: unknown word {word}")
        print("ok", answer, flush=True)


main()
