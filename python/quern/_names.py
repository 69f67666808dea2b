"""Activations, losses, optimizers and schedules by the library's names, with parameters."""

import ctypes
import itertools

from . import _arguments, _nearest
from ._declarations import Activation, Normalization, lib


def _all(name_of):
    names = []
    for value in itertools.count():
        name = name_of(value)
        if name is None:
            return names
        names.append(name.decode())


def activations():
    """The names of all activations, such as "relu"; "leaky-relu:0.2" includes the slope. The
    formulas are in quern/activation.h."""
    return _all(lib.quern_activation_name)


def normalizations():
    """The names of all normalizations: "none", "batch" and "layer"; "batch:0.001" includes the
    epsilon. The formulas are in quern/normalization.h and quern/ops.h."""
    return _all(lib.quern_normalization_name)


def losses():
    """The names of all losses, such as "categorical"; "huber:1.5" includes the delta. The
    formulas are in quern/ops.h."""
    return _all(lib.quern_loss_name)


def optimizers():
    """The names of all optimizers, such as "adam"; the formulas are in quern/optimizer.h."""
    return _all(lib.quern_optimizer_name)


def schedules():
    """The names of all schedules of the learning rate, such as "cosine"; the formulas are in
    quern/optimizer.h."""
    return _all(lib.quern_schedule_name)


def _find(what, find, names, text, *values):
    if not isinstance(text, str):
        raise TypeError(f"{what}: {text!r}, expected a name: {', '.join(names())}")
    if not find(_arguments.text(what, text), *map(ctypes.byref, values)):
        raise ValueError(_nearest.none_of(what, text, names()))


def activation_of(text):
    """The Activation of "relu", "leaky-relu:0.2" …"""
    value = Activation()
    _find("activation", lib.quern_activation_parse, activations, text, value)
    return value


def normalization_of(text):
    """The Normalization of "batch", "layer:0.001" …"""
    value = Normalization()
    _find("normalize", lib.quern_normalization_parse, normalizations, text, value)
    return value


def loss_of(text):
    """The kind of "categorical", "huber:1.5" …, and Huber's delta."""
    kind, delta = ctypes.c_int(), ctypes.c_float()
    _find("loss", lib.quern_loss_parse, losses, text, kind, delta)
    return kind.value, delta.value


def optimizer_of(name):
    """The Optimizer of that name, with the defaults of its kind."""
    kind = ctypes.c_int()
    _find("optimizer", lib.quern_optimizer_find, optimizers, name, kind)
    return lib.quern_optimizer_of(kind, lib.quern_optimizer_usual_rate(kind))


def set_optimizer(options, name, learning_rate, momentum, weight_decay):
    """The optimizer of TrainOptions, with the defaults of its kind where a value is None."""
    if name is not None:
        options.optimizer = optimizer_of(name)
    for field, value in (
        ("learning_rate", learning_rate),
        ("momentum", momentum),
        ("weight_decay", weight_decay),
    ):
        if value is not None:
            setattr(options.optimizer, field, _arguments.single(field, value))


def set_schedule(options, name, warmup):
    """The same of its schedule."""
    if name is not None:
        kind = ctypes.c_int()
        _find("schedule", lib.quern_schedule_find, schedules, name, kind)
        options.schedule = lib.quern_schedule_of(kind)
    if warmup is not None:
        options.schedule.warmup = _arguments.size("warmup", warmup)


def _formatted(function, *arguments):
    size = function(*arguments, None, 0) + 1
    text = ctypes.create_string_buffer(size)
    function(*arguments, text, size)
    return text.value.decode()


def activation_text(activation):
    return _formatted(lib.quern_activation_format, activation)


def normalization_text(normalization):
    return _formatted(lib.quern_normalization_format, normalization)


def loss_text(kind, delta):
    return _formatted(lib.quern_loss_format, kind, delta)
