"""Converts modules of PyTorch to networks."""

import warnings

import torch
from torch import nn

from .. import _names
from .._layers import Dense
from ..network import Network

_PARTS = "Linear, BatchNorm1d or LayerNorm, an activation, Dropout"
_MOMENTUM = 0.1  # of quern's batch normalization


def _flat(module):
    """Returns the modules of a Sequential in order, including those of nested ones."""
    if isinstance(module, nn.Sequential):
        return [inner for child in module for inner in _flat(child)]
    return [] if isinstance(module, nn.Identity) else [module]


def _refused(place, module, expected):
    return ValueError(f"from_torch: module {place}: {module}, expected {expected}")


def _activation(place, module):
    """Returns the name of an activation, with its parameter."""
    if isinstance(module, nn.LeakyReLU):
        return f"leaky-relu:{module.negative_slope!r}"
    if isinstance(module, nn.ELU):
        return f"elu:{module.alpha!r}"
    if isinstance(module, nn.GELU):
        return "gelu-tanh" if module.approximate == "tanh" else "gelu"
    plain = {name.replace("-", ""): name for name in _names.activations()}
    name = plain.get(type(module).__name__.lower())
    if name is None:
        raise _refused(place, module, f"{_PARTS}, with one of {', '.join(_names.activations())}")
    if _settings(module) != _settings(type(module)()):
        raise _refused(place, module, f"{type(module).__name__} with its usual parameters")
    return name


def _settings(module):
    """Returns the settings of a module that affect its outputs."""
    return {
        key: value
        for key, value in vars(module).items()
        if not key.startswith("_") and key not in ("inplace", "training")
    }


class _Reader:
    """Groups modules into layers."""

    def __init__(self, module):
        self._left = list(enumerate(_flat(module)))
        self._left.reverse()
        if self._next_is(nn.Flatten):
            self._take()
        self.ending = None  # a Softmax, LogSoftmax or Sigmoid after the last layer

    def _next_is(self, *kinds):
        return bool(self._left) and isinstance(self._left[-1][1], kinds)

    def _take(self):
        return self._left.pop()

    def layers(self):
        """Returns (Linear, normalization or None, activation, dropout) for each layer."""
        if not self._left:
            raise ValueError("from_torch: no Linear in it")
        found = []
        while self._left:
            found.append(self._layer())
        return found

    def _layer(self):
        place, linear = self._take()
        if type(linear) is not nn.Linear:
            raise _refused(place, linear, "a Linear")
        norm, activation, dropout = None, "identity", 0.0
        if self._next_is(nn.BatchNorm1d, nn.LayerNorm):
            norm = _checked_norm(*self._take(), linear.out_features)
        if len(self._left) == 1 and self._next_is(nn.Softmax, nn.LogSoftmax, nn.Sigmoid):
            self.ending = _checked_ending(*self._take())
        elif self._left and not self._next_is(nn.Linear, nn.Dropout):
            activation = _activation(*self._take())
        if self._next_is(nn.Dropout):
            dropout = self._take()[1].p
        return linear, norm, activation, dropout


def _checked_ending(place, ending):
    if getattr(ending, "dim", None) not in (None, 1, -1):
        raise _refused(place, ending, "dim=1")
    return ending


def _checked_norm(place, norm, units):
    if isinstance(norm, nn.LayerNorm):
        if tuple(norm.normalized_shape) != (units,):
            raise _refused(place, norm, f"a LayerNorm over the {units} units")
    elif not norm.track_running_stats:
        raise _refused(place, norm, "a BatchNorm1d with track_running_stats=True")
    elif norm.momentum != _MOMENTUM:
        warnings.warn(
            f"from_torch: module {place}: momentum={norm.momentum}; quern's training moves running "
            f"statistics by {_MOMENTUM}",
            stacklevel=6,
        )
    return norm


def _values(tensor):
    return None if tensor is None else tensor.detach().to("cpu", torch.float32).numpy()


def _freezes(*parameters):
    return all(parameter is None or not parameter.requires_grad for parameter in parameters)


def _dense(linear, norm, activation, dropout):
    frozen = [linear.bias]
    if norm is not None:
        kind = "batch" if isinstance(norm, nn.BatchNorm1d) else "layer"
        normalize = f"{kind}:{norm.eps!r}"
        frozen = [norm.weight, norm.bias]  # batch normalization cancels the bias
        if kind == "layer":
            frozen.append(linear.bias)
    else:
        normalize = "none"
    return Dense(
        linear.out_features,
        activation,
        _freezes(linear.weight),
        _freezes(*frozen),
        normalize,
        float(dropout),
    )


def _loss(ending, loss, layers):
    """Returns the loss, and the layers, with a final Sigmoid as activation if the loss has none."""
    needed = {nn.Softmax: "categorical", nn.LogSoftmax: "categorical", nn.Sigmoid: "binary"}
    if ending is None:
        return loss or "squared", layers
    own = needed[type(ending)]
    if loss is None or loss == own or (own == "categorical" and loss == "elementwise"):
        return loss or own, layers
    if own == "binary":
        return loss, [*layers[:-1], layers[-1]._replace(activation="sigmoid")]
    raise ValueError(f"from_torch: {ending} at the end is of the loss {own}, not of {loss}")


def from_torch(module, *, loss=None, device=None):
    """Returns a Network for a Sequential whose layers are Linear, BatchNorm1d or LayerNorm, an
    activation and Dropout, in this order. Copies the parameters.

    loss    one of quern.losses(). Without it "categorical" for a Softmax or LogSoftmax at the end,
            "binary" for a Sigmoid, otherwise "squared". `predict` then equals the module in eval
            mode, but gives probabilities for a LogSoftmax. A loss with its own softmax or sigmoid
            appends it
    device  see Network

    Parameters that require no gradient are frozen.
    """
    if not isinstance(module, (nn.Sequential, nn.Linear)):
        raise TypeError(
            f"from_torch: {type(module).__name__}, expected a torch.nn.Sequential of {_PARTS}; the "
            "code of another module's forward is not read"
        )
    reader = _Reader(module)
    found = reader.layers()
    loss, layers = _loss(reader.ending, loss, [_dense(*parts) for parts in found])
    network = Network(found[0][0].in_features, layers, loss, device=device)
    for index, (linear, norm, _, _) in enumerate(found):
        network.set_layer(index, _values(linear.weight).T, _values(linear.bias))
        if norm is not None:
            mean, variance = getattr(norm, "running_mean", None), getattr(norm, "running_var", None)
            network.set_normalization(
                index, *map(_values, (norm.weight, norm.bias, mean, variance))
            )
    return network
