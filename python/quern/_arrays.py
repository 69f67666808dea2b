"""Checks NumPy arrays and converts them for the library. An array that cannot be converted without
loss is an error."""

import ctypes

import numpy

_LARGEST_CLASS = 2**31 - 2


def _array(name, values):
    if isinstance(values, numpy.ma.MaskedArray):
        raise TypeError(f"{name} is a masked array; fill its missing values first")
    return numpy.asarray(values)


def _refuse(name, array, lost, what):
    if lost.any():
        place = tuple(int(i) for i in numpy.argwhere(lost)[0])
        raise ValueError(f"{name}{list(place)} is {array[place]}, which is {what}")


def floats(name, values, exact_zero=False):
    """A C-contiguous array of float32 with these values. Values too small for float32 become 0, or
    are an error with `exact_zero`."""
    array = _array(name, values)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name} has dtype {array.dtype}, expected floats or integers")
    with numpy.errstate(over="ignore"):
        converted = numpy.ascontiguousarray(array, dtype=numpy.float32)
    if array.dtype.kind == "f":
        lost = numpy.isinf(converted) & numpy.isfinite(array)
        _refuse(name, array, lost, "more than float32 holds")
    if exact_zero and array.dtype.kind == "f":
        lost = (numpy.abs(converted) < numpy.finfo(numpy.float32).tiny) & (array != 0)
        _refuse(name, array, lost, "less than float32 holds")
    return converted.reshape(array.shape)


def samples(name, values, columns):
    """float32 (samples, columns). More dimensions, such as (samples, height, width), are flattened
    row by row."""
    array = floats(name, values)
    if array.ndim < 2:
        raise ValueError(f"{name} has shape {array.shape}, expected (samples, {columns})")
    if len(array) == 0:
        raise ValueError(f"{name} has shape {array.shape}, expected at least one sample")
    flat = array.reshape(len(array), -1)
    if flat.shape[1] != columns:
        raise ValueError(f"{name} has shape {array.shape}, expected (samples, {columns})")
    return flat


def targets(name, values, count, outputs):
    """float32 (count, outputs); with one output also (count,)."""
    array = floats(name, values)
    if array.shape != (count, outputs) and not (outputs == 1 and array.shape == (count,)):
        raise ValueError(f"{name} has shape {array.shape}, expected ({count}, {outputs})")
    return array.reshape(count, outputs)


def classes(name, values, count):
    """int32 (count,): a class for each sample."""
    array = _array(name, values)
    hint = (
        "; for one-hot rows pass y.argmax(axis=1)" if array.ndim == 2 and array.shape[1] > 1 else ""
    )
    if array.shape != (count,):
        raise ValueError(
            f"{name} has shape {array.shape}, expected ({count},): a class for each sample{hint}"
        )
    if array.dtype.kind not in "iub":
        raise TypeError(f"{name} has dtype {array.dtype}, expected integers: classes from 0 on")
    wrong = (array < 0) | (array > _LARGEST_CLASS)
    if wrong.any():
        place = int(numpy.argmax(wrong))
        raise ValueError(
            f"{name}[{place}] is {array[place]}, "
            f"expected a class from 0 on, at most {_LARGEST_CLASS}"
        )
    return numpy.ascontiguousarray(array, dtype=numpy.int32)


def pointer(array):
    """A pointer to an array's numbers; the array must outlive the call."""
    kind = ctypes.c_int32 if array.dtype == numpy.int32 else ctypes.c_float
    return array.ctypes.data_as(ctypes.POINTER(kind))
