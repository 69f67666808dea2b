"""Activations, losses, optimizers and schedules by the names that the library has for them."""

import ctypes
import itertools

from ._declarations import lib


def _all(name_of):
    names = []
    for value in itertools.count():
        name = name_of(value)
        if name is None:
            return names
        names.append(name.decode())


def activations():
    """The names of all activations, such as "relu"; the formulas are in quern/activation.h."""
    return _all(lib.quern_activation_name)


def losses():
    """The names of all losses, such as "categorical"; the formulas are in quern/ops.h."""
    return _all(lib.quern_loss_name)


def optimizers():
    """The names of all optimizers, such as "adam"; the formulas are in quern/optimizer.h."""
    return _all(lib.quern_optimizer_name)


def schedules():
    """The names of all schedules of the learning rate, such as "cosine"; the formulas are in quern/optimizer.h."""
    return _all(lib.quern_schedule_name)


def _find(what, find, names, name):
    value = ctypes.c_int()
    if not isinstance(name, str):
        raise TypeError(f"{what}: {name!r}, expected a name: {', '.join(names())}")
    if not find(name.encode(), ctypes.byref(value)):
        raise ValueError(f"{what}: {name!r} is none; there are {', '.join(names())}")
    return value.value


def activation_kind(name):
    return _find("activation", lib.quern_activation_find, activations, name)


def loss_kind(name):
    return _find("loss", lib.quern_loss_find, losses, name)


def optimizer_kind(name):
    return _find("optimizer", lib.quern_optimizer_find, optimizers, name)


def schedule_kind(name):
    return _find("schedule", lib.quern_schedule_find, schedules, name)
