"""Reads and writes the parameters of a network by layer."""

import numpy

from . import _arguments, _arrays
from ._declarations import lib
from ._errors import check


class Parameters:
    """The methods of a Network for its parameters."""

    def _shape_of(self, index):
        units = [self.inputs] + [layer.units for layer in self.layers]
        count = len(units) - 1
        index = _arguments.whole("index", index, -(2**63), 2**63 - 1)
        if not -count <= index < count:
            raise IndexError(f"layer {index} of a network of {count}")
        return index % count, (units[index % count], units[index % count + 1])

    def layer(self, index):
        """Copies of a layer's weights, float32 (in, out), and bias, float32 (out,)."""
        index, shape = self._shape_of(index)
        weights, bias = numpy.empty(shape, numpy.float32), numpy.empty(shape[1], numpy.float32)
        check(
            lib.quern_network_get_layer(
                self._handle, index, _arrays.pointer(weights), _arrays.pointer(bias)
            )
        )
        return weights, bias

    def set_layer(self, index, weights=None, bias=None):
        """Sets a layer's weights (in, out), its bias (out,), or both."""
        index, shape = self._shape_of(index)
        given = {"weights": weights, "bias": bias}
        self._set(lib.quern_network_set_layer, index, given, [shape, shape[1:]])

    def _normalization_count(self, index):
        kind = self.layers[index].normalize.partition(":")[0]
        return {"none": 0, "layer": 2, "batch": 4}[kind]

    def normalization(self, index):
        """Copies of the parameters of a layer's normalization, each float32 (out,): gamma, beta,
        running mean and running variance. None for those that the layer does not have."""
        index, (_, units) = self._shape_of(index)
        count = self._normalization_count(index)
        found = [numpy.empty(units, numpy.float32) if i < count else None for i in range(4)]
        check(
            lib.quern_network_get_normalization(
                self._handle, index, *(a if a is None else _arrays.pointer(a) for a in found)
            )
        )
        return tuple(found)

    def set_normalization(self, index, gamma=None, beta=None, mean=None, variance=None):
        """Sets the given parameters of a layer's normalization, each (out,)."""
        index, (_, units) = self._shape_of(index)
        given = {"gamma": gamma, "beta": beta, "mean": mean, "variance": variance}
        self._set(lib.quern_network_set_normalization, index, given, 4 * [(units,)])

    def _set(self, function, index, given, shapes):
        arrays = []
        for (name, values), expected in zip(given.items(), shapes):
            array = None if values is None else _arrays.floats(name, values)
            if array is not None and array.shape != expected:
                raise ValueError(f"{name} has shape {array.shape}, expected {expected}")
            arrays.append(array)
        check(
            function(self._handle, index, *(a if a is None else _arrays.pointer(a) for a in arrays))
        )
