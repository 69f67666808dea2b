"""Converts networks to modules of PyTorch."""

import numpy
import torch
from torch import nn

from .. import _data

_MODULES = {
    "leaky-relu": lambda slope: nn.LeakyReLU(0.01 if slope is None else slope),
    "elu": lambda slope: nn.ELU(1.0 if slope is None else slope),
    "gelu": lambda _: nn.GELU(),
    "gelu-tanh": lambda _: nn.GELU(approximate="tanh"),
}


def _module_of(activation):
    """Returns a list with the activation's module, empty for the identity."""
    name, _, slope = activation.partition(":")
    if name == "identity":
        return []
    if name in _MODULES:
        return [_MODULES[name](float(slope) if slope else None)]
    plain = {kind.lower(): kind for kind in dir(nn)}
    return [getattr(nn, plain[name.replace("-", "")])()]


def _norm_of(network, index, layer):
    kind, _, epsilon = layer.normalize.partition(":")
    if kind == "none":
        return []
    make = nn.BatchNorm1d if kind == "batch" else nn.LayerNorm
    norm = make(layer.units, eps=float(epsilon) if epsilon else 1e-5)
    gamma, beta, mean, variance = network.normalization(index)
    _fill(norm.weight, gamma)
    _fill(norm.bias, beta)
    if kind == "batch":
        _fill(norm.running_mean, mean)
        _fill(norm.running_var, variance)
    if layer.freeze_bias:
        norm.requires_grad_(False)
    return [norm]


def _fill(parameter, values):
    with torch.no_grad():
        parameter.copy_(torch.from_numpy(numpy.ascontiguousarray(values)))


def to_torch(network, *, logits=False):
    """Returns a torch.nn.Sequential with copies of a Network's parameters, in eval mode, that
    computes the same as `predict`. `logits` omits the final Softmax or Sigmoid, as
    torch.nn.CrossEntropyLoss and BCEWithLogitsLoss expect."""
    if _data.is_standardized(network._handle):
        raise ValueError(
            "to_torch: the network standardizes its columns, which a Sequential does not; save it "
            "as .onnx, which has that in its weights"
        )
    modules, inputs = [], network.inputs
    for index, layer in enumerate(network.layers):
        linear = nn.Linear(inputs, layer.units)
        weights, bias = network.layer(index)
        _fill(linear.weight, weights.T)
        _fill(linear.bias, bias)
        linear.weight.requires_grad_(not layer.freeze_weights)
        linear.bias.requires_grad_(not layer.freeze_bias)
        modules += [linear, *_norm_of(network, index, layer), *_module_of(layer.activation)]
        modules += [nn.Dropout(layer.dropout)] if layer.dropout > 0 else []
        inputs = layer.units
    ending = {"categorical": nn.Softmax(1), "elementwise": nn.Softmax(1), "binary": nn.Sigmoid()}
    if network.loss in ending and not logits:
        modules.append(ending[network.loss])
    return nn.Sequential(*modules).eval()
