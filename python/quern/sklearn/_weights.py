"""Conversions between coefficients and intercepts and networks."""

import numpy

from .. import _layers, _names
from .._declarations import Layer, lib
from .._handle import make
from ..network import Network

_ACTIVATIONS = {"identity": "identity", "logistic": "sigmoid", "tanh": "tanh", "relu": "relu"}


def initial(random, units, activation):
    """scikit-learn's initial values (Glorot and Bengio 2010), drawn in its order, so that a seed
    gives the same ones."""
    coefs, intercepts = [], []
    factor = 2.0 if activation == "logistic" else 6.0
    for fan_in, fan_out in zip(units, units[1:]):
        bound = numpy.sqrt(factor / (fan_in + fan_out))
        coefs.append(random.uniform(-bound, bound, (fan_in, fan_out)).astype(numpy.float32))
        intercepts.append(random.uniform(-bound, bound, fan_out).astype(numpy.float32))
    return coefs, intercepts


def network_of(coefs, intercepts, activation, loss, device):
    """A Network with these parameters."""
    units = [coef.shape[1] for coef in coefs]
    hidden = [_layers.Dense(size, _ACTIVATIONS[activation]) for size in units[:-1]]
    layers = [*hidden, units[-1]]
    raw = (Layer * len(layers))(
        *(_layers.to_raw(layer, index == len(layers) - 1) for index, layer in enumerate(layers))
    )
    handle = make(
        lib.quern_network_free,
        lib.quern_network_create,
        coefs[0].shape[0],
        raw,
        len(raw),
        _names.loss_of(loss)[0],
    )
    network = Network._of(handle, device)
    for index, (coef, intercept) in enumerate(zip(coefs, intercepts)):
        network.set_layer(index, coef, intercept)
    return network


def of_network(network):
    """The coefficients and the intercepts of a network, as two lists."""
    count = lib.quern_network_layer_count(network._handle)
    coefs, intercepts = zip(*(network.layer(index) for index in range(count)))
    return list(coefs), list(intercepts)
