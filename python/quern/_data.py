"""Data sets: what the library trains on, from arrays and from files."""

import ctypes

import numpy

from . import _arguments, _arrays
from ._declarations import HEADERS, LABELS, MISSING, TASKS, TEXTS, DatasetOptions, lib
from ._errors import check
from ._handle import make
from ._nearest import names_arguments


def _has_classes(y, outputs, loss):
    """Whether y is a class for each sample: always, but for losses that read targets, where a
    matrix is targets, and so are the numbers for a single output."""
    if not lib.quern_loss_is_regression(loss) and lib.quern_loss_name(loss) != b"binary":
        return True
    return numpy.ndim(y) == 1 and outputs > 1 and numpy.asarray(y).dtype.kind in "iub"


def from_arrays(network, x, y, names=("x", "y")):
    """A data set for the network, of copies. x (samples, inputs); y (samples,), classes, or
    (samples, outputs), targets."""
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
    """The same without y, to be predicted."""
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
    """The data set, standardized by the numbers that the network was trained with, if it was."""
    if is_standardized(network):
        check(lib.quern_dataset_apply(data, lib.quern_network_schema(network)))
    return data


def standardize(train, test):
    """Standardizes both data sets by the numbers of the first; the second may be None."""
    check(lib.quern_dataset_fit(train, True))
    if test is not None:
        check(lib.quern_dataset_apply(test, lib.quern_dataset_schema(train)))


def split(data, fraction, seed):
    """The two parts of a data set: the rest, and `fraction` of it held out."""
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
    """Reads what quern_dataset_open knows, such as "digits", a folder of IDX files, a table or a
    .npz file, into arrays.

    Of tables, which are CSV and TSV files, gzip'd or not:
      header      whether the first line names the columns: "auto" (where none of its fields is a
                  number), "one", "none"
      target      what is to be predicted: a column by name, or by number from 1 on, or a list of
                  such; [] for nothing. Without it the last column, or with label="first" the
                  first. Of .npz and safetensors files the name of an array
      inputs      what it is predicted from, named alike; without it every other column
      task        "classes", "labels" (columns of 0 and 1) or "regression"; without it tables
                  have classes
      delimiter   a character; without it the first of comma, tab and semicolon that is in the
                  first line
      missing     what a missing value (empty, NA, ? or nan) becomes: "refuse" (an error), "mean"
                  (of its column over the training data), "zero"
      one_hot     whether columns of texts are read too, as a 0 or 1 for each text that there is

    Returns (x, y), (x_test, y_test): x float32 (samples, columns), pixels scaled to 0 … 1; y
    int32 (samples,), a class for each, where texts are numbered in the order of their bytes, and
    labels that are not 0, 1, 2 … in their order; or float32 (samples, outputs) where there are
    labels or numbers to predict; or None where there is neither. The second is None where there
    is no test set.
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
