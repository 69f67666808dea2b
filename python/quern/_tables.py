"""Reads tables of pandas, Polars and Arrow by column names, and maps texts to class numbers."""

import numpy

from . import _data
from ._declarations import lib

_CURE = "make numbers of it, such as by pandas.get_dummies or sklearn's OneHotEncoder"


def names_of(values):
    """Returns the column names of a table; None if `values` is not a table."""
    if hasattr(values, "column_names") and hasattr(values, "column"):  # Arrow
        return list(values.column_names)
    if hasattr(values, "columns") and hasattr(values, "dtypes"):  # pandas, Polars
        return list(values.columns)
    return None


def _column(values, name):
    return values.column(name) if hasattr(values, "column_names") else values[name]


def _is_missing(value):
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def _numbers(what, name, column):
    """Converts a column to numbers. Missing values become NaN, which the library refuses with its
    row and column."""
    array = numpy.asarray(column)
    if array.ndim != 1:
        raise ValueError(f"{what}: several columns are called {name!r}")
    if array.dtype.kind == "O":
        filled = [numpy.nan if _is_missing(value) else value for value in array]
        if all(isinstance(value, (int, float, numpy.number)) for value in filled):
            array = numpy.array(filled, numpy.float64)
    if array.dtype.kind not in "fiub":
        raise TypeError(
            f"{what}: column {name!r} has {array.tolist()[0]!r}, expected numbers; {_CURE}"
            if array.size
            else f"{what}: column {name!r} has no values"
        )
    return array


def matrix(what, values, names):
    """Returns the named columns of a table as an array (rows, columns)."""
    there = names_of(values)
    for name in names:
        if name not in there:
            raise ValueError(
                f"{what} has no column {name!r}, with which the network was trained; it has "
                f"{', '.join(map(str, there))}"
            )
    return numpy.stack([_numbers(what, name, _column(values, name)) for name in names], axis=1)


def samples(what, x, columns):
    """Returns x as an array. A table is read by `columns`, or completely if that is None."""
    names = names_of(x)
    return x if not names else matrix(what, x, columns or names)


def columns_of(x):
    """Returns the column names of a table if they are distinct texts, else None."""
    names = names_of(x)
    named = names and all(isinstance(name, str) for name in names)
    return names if named and len(set(names)) == len(names) else None


def _texts(values):
    """Returns texts or categories as an array; None if there are other values."""
    array = numpy.asarray(values)
    if array.dtype.kind == "U":
        return array
    if array.dtype.kind in "OT" and array.size and all(isinstance(v, str) for v in array.flat):
        return array.astype(str)
    return None


def _targets(what, y):
    """Returns y; of a table, its columns as an array, or its only column."""
    names = names_of(y)
    if not names:
        return y
    return matrix(what, y, names) if len(names) > 1 else _column(y, names[0])


def _classes_of(what, texts, outputs):
    classes = numpy.unique(texts)
    if len(classes) > outputs:
        raise ValueError(
            f"{what} has {len(classes)} classes, and the network {outputs} "
            f"output{'s' if outputs != 1 else ''}"
        )
    return classes


def _numbers_of(what, texts, classes):
    """Returns the index of each text in `classes`."""
    order = numpy.argsort(classes)
    found = numpy.searchsorted(classes, texts, sorter=order)
    places = order[numpy.minimum(found, len(classes) - 1)]
    unknown = classes[places] != texts
    if unknown.any():
        place = int(numpy.argmax(unknown))
        raise ValueError(
            f"{what}[{place}] is {str(texts[place])!r}, which is none of the classes "
            f"{', '.join(classes)}"
        )
    return places.astype(numpy.int32)


def classes_in(handle):
    """Returns the class labels stored with a network, None if there are none."""
    schema, names = lib.quern_network_schema(handle), []
    for index in range(lib.quern_network_outputs(handle) if schema is not None else 0):
        name = lib.quern_schema_class_name(schema, index)
        if name is None:
            break
        names.append(name.decode(errors="replace"))
    return numpy.array(names) if names else None


class Tables:
    """The names that a Network keeps from its training data:

    columns  the names of the inputs; None if it was trained on an array
    classes  the labels of the classes, in the order of the outputs; None if y had numbers
    """

    columns = None
    classes = None

    def _dataset(self, x, y, what=("x", "y"), learns=False):
        """Creates a data set from x and y, arrays or tables. If `learns`, keeps their names."""
        columns = self.columns or (columns_of(x) if learns else None)
        y, classes = _targets(what[1], y), self.classes
        texts = _texts(y) if self._has_classes() else None
        if texts is not None and texts.ndim == 1:
            if classes is None and not learns:
                raise TypeError(f"{what[1]} has texts, and the network was trained on numbers")
            if classes is None:
                classes = _classes_of(what[1], texts, self.outputs)
            y = _numbers_of(what[1], texts, classes)
        data = _data.from_arrays(self._handle, samples(what[0], x, columns), y, what)
        if learns:
            self.columns, self.classes = columns, classes
        return data

    def _has_classes(self):
        loss = lib.quern_network_loss(self._handle)
        return not lib.quern_loss_is_regression(loss) and lib.quern_loss_name(loss) != b"binary"
