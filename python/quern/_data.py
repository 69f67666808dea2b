"""Data sets, from arrays and from files."""

import ctypes

import numpy

from . import _arguments, _arrays
from ._declarations import HEADERS, LABELS, MISSING, TASKS, TEXTS, DatasetOptions, lib
from ._errors import check
from ._handle import make
from ._nearest import names_arguments


def _has_classes(y, outputs, loss):
    """Whether y is a class for each sample. For losses of targets it is not if it is a matrix, or
    if there is a single output."""
    if not lib.quern_loss_is_regression(loss) and lib.quern_loss_name(loss) != b"binary":
        return True
    return numpy.ndim(y) == 1 and outputs > 1 and numpy.asarray(y).dtype.kind in "iub"


def from_arrays(network, x, y, names=("x", "y")):
    """A data set for the network, with copies of x (samples, inputs) and y: classes (samples,), or
    targets (samples, outputs)."""
    inputs, outputs, loss = (
        ask(network)
        for ask in (lib.quern_network_inputs, lib.quern_network_outputs, lib.quern_network_loss)
    )
    values = _arrays.samples(names[0], x, inputs)
    rows, columns = values.shape
    if _has_classes(y, outputs, loss):
        labels = _arrays.classes(names[1], y, rows)
        return make(
            lib.quern_dataset_free,
            lib.quern_dataset_from_floats,
            _arrays.pointer(values),
            _arrays.pointer(labels),
            rows,
            columns,
        )
    targets = _arrays.targets(names[1], y, rows, outputs)
    task = TASKS["regression" if lib.quern_loss_is_regression(loss) else "labels"]
    return make(
        lib.quern_dataset_free,
        lib.quern_dataset_from_targets,
        _arrays.pointer(values),
        _arrays.pointer(targets),
        task,
        rows,
        columns,
        outputs,
    )


def unanswered(network, x):
    """The same without y, for prediction."""
    values = _arrays.samples("x", x, lib.quern_network_inputs(network))
    return make(
        lib.quern_dataset_free,
        lib.quern_dataset_from_targets,
        _arrays.pointer(values),
        None,
        TASKS["none"],
        *values.shape,
        0,
    )


def is_standardized(network):
    schema = lib.quern_network_schema(network)
    return schema is not None and lib.quern_schema_is_standardized(schema)


def prepared(network, data):
    """The data set, standardized as the network's training data were, if they were."""
    if is_standardized(network):
        check(lib.quern_dataset_apply(data, lib.quern_network_schema(network)))
    return data


def standardize(train, test):
    """Standardizes both data sets with the first's means and deviations; the second may be None."""
    check(lib.quern_dataset_fit(train, True))
    if test is not None:
        check(lib.quern_dataset_apply(test, lib.quern_dataset_schema(train)))


def split(data, fraction, seed):
    """Splits a data set into the rest, and `fraction` of it, held out."""
    return make(
        lib.quern_dataset_free,
        lib.quern_dataset_split,
        data,
        _arguments.real("validation", fraction),
        seed,
        count=2,
    )


def _arrays_of(data):
    rows, columns, task = (
        lib.quern_dataset_rows(data),
        lib.quern_dataset_columns(data),
        lib.quern_dataset_task(data),
    )
    x = numpy.empty((rows, columns), numpy.float32)
    for row in range(rows):
        lib.quern_dataset_values(data, row, _arrays.pointer(x[row]))
    if task == TASKS["none"]:
        return x, None
    if task == TASKS["classes"]:
        return x, numpy.array(
            [lib.quern_dataset_label(data, row) for row in range(rows)], numpy.int32
        )
    y = numpy.empty((rows, lib.quern_dataset_outputs(data)), numpy.float32)
    for row in range(rows):
        lib.quern_dataset_targets(data, row, _arrays.pointer(y[row]))
    return x, y


def _options(header, label, target, inputs, task, delimiter, missing, one_hot):
    options = DatasetOptions.initial()
    options.header = _arguments.choice("header", header, HEADERS)
    options.label = _arguments.choice("label", label, LABELS)
    options.target = _arguments.columns("target", target)
    options.inputs = _arguments.columns("inputs", inputs)
    if task is not None:
        options.task = _arguments.choice(
            "task", task, {name: value for name, value in TASKS.items() if name != "none"}
        )
    if delimiter is not None:
        options.delimiter = _arguments.character("delimiter", delimiter)
    options.missing = _arguments.choice("missing", missing, MISSING)
    options.text = TEXTS["one-hot" if one_hot else "refuse"]
    return options


@names_arguments
def read(
    where,
    *,
    header="auto",
    label="last",
    target=None,
    inputs=None,
    task=None,
    delimiter=None,
    missing="refuse",
    one_hot=False,
):
    """Reads data into arrays: "digits", a folder of IDX files, a table, a .npz file, or anything
    else that quern_dataset_open reads.

    Options for tables, which are CSV and TSV files, also gzip-compressed:
      header      whether the first line names the columns: "auto" (if none of its fields is a
                  number), "one", "none"
      target      the target: a column by name, or by number from 1 on, or a list of columns; []
                  for none. Default: the last column, or with label="first" the first. For .npz
                  and safetensors files, the name of an array
      inputs      the inputs, in the same form. Default: all other columns
      task        "classes", "labels" (columns of 0 and 1) or "regression". Default for tables:
                  classes
      delimiter   a character. Default: the first of comma, tab and semicolon in the first line
      missing     the replacement of a missing value (empty, NA, ? or nan): "refuse" (an error),
                  "mean" (of its column in the training data), "zero"
      one_hot     whether text columns become one 0/1 input per distinct text

    Returns (x, y), (x_test, y_test). x is float32 (samples, columns), with pixels scaled to
    0 … 1. y is int32 (samples,) for classes, where texts are numbered in the order of their bytes
    and other numbers than 0, 1, 2 … in their order; float32 (samples, outputs) for labels and
    regressions; or None without targets. The second pair is None without a test set.
    """
    options = _options(header, label, target, inputs, task, delimiter, missing, one_hot)
    train, test = make(
        lib.quern_dataset_free,
        lib.quern_dataset_open,
        _arguments.path("where", where),
        ctypes.byref(options),
        count=2,
    )
    if missing == "mean":
        check(lib.quern_dataset_fit(train, False))
        if test is not None:
            check(lib.quern_dataset_apply(test, lib.quern_dataset_schema(train)))
    return _arrays_of(train), _arrays_of(test) if test is not None else None
