"""What happens between Python and the library while it trains: epochs told, Ctrl-C and exceptions
heeded."""

import contextlib
import math
import signal
import threading
from typing import NamedTuple, Optional

from ._declarations import EpochFunction, StopFunction


class Metrics(NamedTuple):
    """What a network makes of samples. `loss` is their mean; what does not belong to what is
    predicted of them is NaN."""

    samples: int
    loss: float
    samples_per_second: float
    accuracy: float  # of classes: the share of samples whose largest output is their class
    exact_match: float  # of labels: the share of samples that have all of theirs right
    label_accuracy: float  # the share of labels that are right
    f1: float  # 2 TP / (2 TP + FP + FN) over all labels
    mean_squared_error: float  # of a regression, in the units of the data
    mean_absolute_error: float
    r_squared: float  # the mean over the targets


class Epoch(NamedTuple):
    """An epoch of training. `loss` is the mean over its samples, each as its step saw it;
    `validation` is None without a validation set. Where training was stopped inside the epoch,
    `step` of its `steps` are done, loss is NaN, and there is no validation."""

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
    """The two callbacks of a training. After it `history` has its epochs, and `exception` what is
    to be raised, or None."""

    def __init__(self, on_epoch):
        self.history = []
        self.exception = None
        self._on_epoch = on_epoch
        self.epoch_function = EpochFunction(self._epoch)
        self.stop_function = StopFunction(self._stop)

    # An exception cannot leave a callback: it ends training here and is raised when the library has
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
        """Ctrl-C sets `exception`, which _stop finds, in place of a KeyboardInterrupt: that would
        be raised at the first instruction of a callback, where nothing can catch it and training
        would go on."""
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
