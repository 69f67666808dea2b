"""Data sets: what the library trains on, from arrays and from files."""

import numpy

from . import _arrays
from ._declarations import TASKS, lib
from ._errors import check
from ._handle import make


def _has_classes(y, outputs, loss):
    """Whether y is a class for each sample: always, but for losses that read targets, where a matrix is targets, and so are the
    numbers for a single output."""
    if not lib.quern_loss_is_regression(loss) and lib.quern_loss_name(loss) != b"binary":
        return True
    return numpy.ndim(y) == 1 and outputs > 1 and numpy.asarray(y).dtype.kind in "iub"


def from_arrays(network, x, y, names=("x", "y")):
    """A data set for the network, of copies. x (samples, inputs); y (samples,), classes, or (samples, outputs), targets."""
    inputs, outputs, loss = (ask(network) for ask in
                             (lib.quern_network_inputs, lib.quern_network_outputs, lib.quern_network_loss))
    values = _arrays.samples(names[0], x, inputs)
    rows, columns = values.shape
    if _has_classes(y, outputs, loss):
        labels = _arrays.classes(names[1], y, rows)
        return make(lib.quern_dataset_free, lib.quern_dataset_from_floats, _arrays.pointer(values), _arrays.pointer(labels),
                    rows, columns)
    targets = _arrays.targets(names[1], y, rows, outputs)
    task = TASKS["regression" if lib.quern_loss_is_regression(loss) else "labels"]
    return make(lib.quern_dataset_free, lib.quern_dataset_from_targets, _arrays.pointer(values), _arrays.pointer(targets), task,
                rows, columns, outputs)


def unanswered(network, x):
    """The same without y, to be predicted."""
    values = _arrays.samples("x", x, lib.quern_network_inputs(network))
    return make(lib.quern_dataset_free, lib.quern_dataset_from_targets, _arrays.pointer(values), None, TASKS["none"],
                *values.shape, 0)


def is_standardized(network):
    schema = lib.quern_network_schema(network)
    return schema is not None and lib.quern_schema_is_standardized(schema)


def prepared(network, data):
    """The data set, standardised by the numbers that the network was trained with, if it was."""
    if is_standardized(network):
        check(lib.quern_dataset_apply(data, lib.quern_network_schema(network)))
    return data


def standardize(train, test):
    """Standardises both data sets by the numbers of the first; the second may be None."""
    check(lib.quern_dataset_fit(train, True))
    if test is not None:
        check(lib.quern_dataset_apply(test, lib.quern_dataset_schema(train)))


def split(data, fraction, seed):
    """The two parts of a data set: the rest, and `fraction` of it held out."""
    return make(lib.quern_dataset_free, lib.quern_dataset_split, data, fraction, seed, count=2)


def _arrays_of(data):
    rows, columns, task = lib.quern_dataset_rows(data), lib.quern_dataset_columns(data), lib.quern_dataset_task(data)
    x = numpy.empty((rows, columns), numpy.float32)
    for row in range(rows):
        lib.quern_dataset_values(data, row, _arrays.pointer(x[row]))
    if task == TASKS["none"]:
        return x, None
    if task == TASKS["classes"]:
        return x, numpy.array([lib.quern_dataset_label(data, row) for row in range(rows)], numpy.int32)
    y = numpy.empty((rows, lib.quern_dataset_outputs(data)), numpy.float32)
    for row in range(rows):
        lib.quern_dataset_targets(data, row, _arrays.pointer(y[row]))
    return x, y


def read(where):
    """Reads what quern_dataset_open knows, such as "digits", a folder of IDX files, a table of classes or a .npz file, into arrays.

    Returns (x, y), (x_test, y_test): x float32 (samples, columns), pixels scaled to 0 … 1; y int32 (samples,), a class for
    each, or float32 (samples, outputs) where the file has labels or numbers to predict, or None where it has neither. The second
    is None where there is no test set.
    """
    train, test = make(lib.quern_dataset_free, lib.quern_dataset_open, str(where).encode(), None, count=2)
    return _arrays_of(train), _arrays_of(test) if test is not None else None
