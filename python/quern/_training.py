"""Callbacks from the library to Python during training: epochs, Ctrl-C and exceptions."""

import contextlib
import math
import signal
import threading
from typing import NamedTuple, Optional

from ._declarations import EpochFunction, StopFunction


class Metrics(NamedTuple):
    """A network's metrics over samples. `loss` is their mean; metrics of other tasks are NaN."""

    samples: int
    loss: float
    samples_per_second: float
    accuracy: float  # of classes: the share of samples with the right class
    exact_match: float  # of labels: the share of samples with all labels right
    label_accuracy: float  # the share of labels that are right
    f1: float  # 2 TP / (2 TP + FP + FN) over all labels
    mean_squared_error: float  # of a regression, in the units of the data
    mean_absolute_error: float
    r_squared: float  # the mean over the targets


class Epoch(NamedTuple):
    """An epoch of training. `loss` is the mean over its samples, each before its step;
    `validation` is None without a validation set. If training was stopped within the epoch, `step`
    of its `steps` are done, loss is NaN, and there is no validation."""

    epoch: int  # 1, 2, …
    epochs: int
    loss: float
    samples_per_second: float
    validation: Optional[Metrics]
    step: int
    steps: int
    best_epoch: int  # with `patience`: the one with the lowest validation loss so far


def metrics_of(raw):
    return Metrics(*(getattr(raw, name) for name in Metrics._fields))


def epoch_of(raw):
    validation = metrics_of(raw.test) if raw.tested else None
    loss = raw.train_loss if raw.step == raw.steps else math.nan
    return Epoch(
        raw.epoch,
        raw.epochs,
        loss,
        raw.train_samples_per_second,
        validation,
        raw.step,
        raw.steps,
        raw.best_epoch,
    )


class Watch:
    """The two callbacks of a training. Afterwards `history` has its epochs, and `exception` the
    exception to raise, or None."""

    def __init__(self, on_epoch):
        self.history = []
        self.exception = None
        self._on_epoch = on_epoch
        self.epoch_function = EpochFunction(self._epoch)
        self.stop_function = StopFunction(self._stop)

    # An exception cannot leave a callback. It ends training, and is raised after the library has
    # returned.
    def _epoch(self, raw, _user):
        try:
            self.history.append(epoch_of(raw[0]))
            return self._on_epoch is None or self._on_epoch(self.history[-1]) is not False
        except BaseException as exception:  # pylint: disable=broad-except
            self.exception = self.exception or exception
            return False

    def _stop(self, _user):
        return self.exception is not None

    def _interrupt(self, _number, _frame):
        self.exception = self.exception or KeyboardInterrupt()

    @contextlib.contextmanager
    def interrupts(self):
        """Makes Ctrl-C set `exception`, which _stop checks. A KeyboardInterrupt would be raised at
        the first instruction of a callback, where nothing can catch it, and training would
        continue."""
        ours = (
            threading.current_thread() is threading.main_thread()
            and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        )
        if ours:
            signal.signal(signal.SIGINT, self._interrupt)
        try:
            yield
        finally:
            if ours:
                signal.signal(signal.SIGINT, signal.default_int_handler)
