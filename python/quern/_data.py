"""Data sets: what the library trains on, from arrays and from files."""

import numpy

from . import _arrays
from ._declarations import lib
from ._handle import make


def from_arrays(x, y, columns, names=("x", "y")):
    """A data set of x (samples, columns) and y (samples,), which are copied; y None stands for samples without classes."""
    values = _arrays.samples(names[0], x, columns)
    labels = numpy.zeros(len(values), numpy.int32) if y is None else _arrays.labels(names[1], y, len(values))
    return make(lib.quern_dataset_free, lib.quern_dataset_from_floats, _arrays.pointer(values), _arrays.pointer(labels),
                *values.shape)


def split(data, fraction, seed):
    """The two parts of a data set: the rest, and `fraction` of it held out."""
    return make(lib.quern_dataset_free, lib.quern_dataset_split, data, fraction, seed, count=2)


def _arrays_of(data):
    rows, columns = lib.quern_dataset_rows(data), lib.quern_dataset_columns(data)
    x, y = numpy.empty((rows, columns), numpy.float32), numpy.empty(rows, numpy.int32)
    for row in range(rows):
        lib.quern_dataset_values(data, row, _arrays.pointer(x[row]))
        y[row] = lib.quern_dataset_label(data, row)
    return x, y


def read(where):
    """Reads what quern_dataset_open knows, such as "digits", a folder of IDX files or a CSV file, into arrays.

    Returns (x, y), (x_test, y_test): x float32 (samples, columns), pixels scaled to 0 … 1; y int32 (samples,), a class for
    each. The second is None where there is no test set.
    """
    train, test = make(lib.quern_dataset_free, lib.quern_dataset_open, str(where).encode(), None, count=2)
    return _arrays_of(train), _arrays_of(test) if test is not None else None
