"""Converts layers between Python and the library."""

from typing import NamedTuple

import numpy

from . import _arguments, _names
from ._declarations import Layer, lib


class Dense(NamedTuple):
    """A dense layer, H = f(N(X W + b)), with `units` outputs and the normalization N. `activation`
    is one of activations(), with an optional parameter: "leaky-relu:0.2"."""

    units: int
    activation: str = "relu"
    freeze_weights: bool = False  # training does not change W
    freeze_bias: bool = False  # training does not change b
    normalize: str = "none"  # one of normalizations()
    dropout: float = 0.0  # of a hidden layer: the probability of dropping an output


def to_raw(layer, is_last):
    """The library's layer for a Dense or a number of units."""
    if isinstance(layer, (int, numpy.integer)) and not isinstance(layer, bool):
        layer = Dense(int(layer), "identity" if is_last else "relu")
    if not isinstance(layer, Dense):
        raise TypeError(f"layers: {layer!r}, expected a number of units or a quern.Dense")
    units = _arguments.whole("layers: units", layer.units, 1, 2**31 - 1)
    dropout = _arguments.single("layers: dropout", layer.dropout)
    return Layer(
        units,
        _names.activation_of(layer.activation),
        bool(layer.freeze_weights),
        bool(layer.freeze_bias),
        dropout,
        _names.normalization_of(layer.normalize),
    )


def of_network(handle):
    """The layers of a network as a list of Dense."""
    raw = [
        lib.quern_network_layer(handle, index)
        for index in range(lib.quern_network_layer_count(handle))
    ]
    return [
        Dense(
            layer.units,
            _names.activation_text(layer.activation),
            layer.freeze_weights,
            layer.freeze_bias,
            _names.normalization_text(layer.normalization),
            float(str(numpy.float32(layer.dropout))),
        )
        for layer in raw
    ]
