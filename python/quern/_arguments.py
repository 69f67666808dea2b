"""Checks of plain arguments. ctypes itself would take integers modulo 2^64, end texts at a zero
character, and convert numbers that a float cannot hold to infinity or 0. Every number and text from
a caller passes through here."""

import math
import numbers
import os

import numpy

from . import _nearest

_FLOAT32 = numpy.finfo(numpy.float32)


def whole(name, value, least, most):
    """An integer within a range: an int, or one of NumPy's."""
    if isinstance(value, bool) or not isinstance(value, (int, numpy.integer)):
        raise TypeError(f"{name}: {value!r}, expected a whole number")
    value = int(value)
    if value < least:
        raise ValueError(f"{name}: {value}, expected a whole number from {least} on")
    if value > most:
        raise ValueError(f"{name}: {value}, expected at most {most}")
    return value


def size(name, value):
    """An integer that is not negative."""
    return whole(name, value, 0, 2**64 - 1)


def positive(name, value):
    """An integer above 0."""
    return whole(name, value, 1, 2**64 - 1)


def real(name, value):
    """A number, as a float. The library checks its value."""
    if isinstance(value, (bool, numpy.bool_)) or not isinstance(value, numbers.Real):
        raise TypeError(f"{name}: {value!r}, expected a number")
    try:
        return float(value)
    except OverflowError:
        raise ValueError(f"{name}: {value}, expected a number that a float holds") from None


def single(name, value):
    """The same for a float of 32 bits, which must not turn the number into infinity or 0."""
    number = real(name, value)
    if math.isfinite(number) and number != 0.0 and not _FLOAT32.tiny <= abs(number) <= _FLOAT32.max:
        raise ValueError(
            f"{name}: {number:g}, expected 0, or "
            f"{_FLOAT32.tiny:.2g} to {_FLOAT32.max:.2g}, as float32 holds"
        )
    return number


def text(name, value):
    """A text, encoded. C would end it at a zero character, so it may have none."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: {value!r}, expected a text")
    return _without_zero(name, value, value.encode())


def character(name, value):
    """A text of one byte."""
    encoded = text(name, value)
    if len(encoded) != 1:
        raise ValueError(f"{name}: {value!r}, expected one character, such as ';' or '\\t'")
    return encoded


def _without_zero(name, value, encoded):
    if b"\0" in encoded:
        raise ValueError(f"{name}: {value!r} has a zero character (\\0)")
    return encoded


def shares(value, count):
    """A share for each of `count` devices, not all of them 0."""
    if isinstance(value, (str, bytes)) or not numpy.iterable(value):
        raise TypeError(f"shares: {value!r}, expected a list of whole numbers")
    parts = [size("shares", part) for part in value]
    if len(parts) != count:
        raise ValueError(
            f"shares: {len(parts)} number{'s' if len(parts) != 1 else ''} for {count} "
            f"device{'s' if count != 1 else ''}"
        )
    if not 0 < sum(parts) < 2**32:
        raise ValueError(f"shares: they add up to {sum(parts)}, expected 1 to {2**32 - 1}")
    return parts


def choice(name, value, choices):
    """The value of one of the names."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: {value!r}, expected one of {', '.join(choices)}")
    if value not in choices:
        raise ValueError(_nearest.none_of(name, value, list(choices)))
    return choices[value]


def columns(name, value):
    """Columns by name, or by number from 1 on, one or a list, as the library's text. None stays
    None."""
    if value is None:
        return None
    items = [value] if isinstance(value, (str, int, numpy.integer)) else list(value)
    for item in items:
        if isinstance(item, bool) or not isinstance(item, (str, int, numpy.integer)):
            raise TypeError(f"{name}: {item!r}, expected a column's name or number")
        if "," in str(item) or str(item) == "":
            raise ValueError(f"{name}: {item!r}, expected a name without a comma; use its number")
    return text(name, ",".join(map(str, items)))


def path(name, value):
    """The name of a file: a str, bytes or an os.PathLike."""
    return _without_zero(name, value, os.fsencode(value))


def optional_path(name, value):
    return None if value is None else path(name, value)
