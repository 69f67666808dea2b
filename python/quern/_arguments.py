"""Plain arguments, checked: ctypes itself would take whole numbers modulo 2^64."""

import os

import numpy


def size(name, value):
    """A whole number that is not negative."""
    if isinstance(value, bool) or not isinstance(value, (int, numpy.integer)):
        raise TypeError(f"{name}: {value!r}, expected a whole number")
    if not 0 <= value < 2**64:
        raise ValueError(f"{name}: {value}, expected a whole number from 0 on")
    return int(value)


def positive(name, value):
    """A whole number above 0."""
    if size(name, value) == 0:
        raise ValueError(f"{name}: 0, expected a whole number from 1 on")
    return int(value)


def shares(value, count):
    """A part for each of `count` devices, not all of them 0."""
    if isinstance(value, (str, bytes)) or not numpy.iterable(value):
        raise TypeError(f"shares: {value!r}, expected a list of whole numbers")
    parts = [size("shares", part) for part in value]
    if len(parts) != count:
        raise ValueError(f"shares: {len(parts)} number{'s' if len(parts) != 1 else ''} for {count} device{'s' if count != 1 else ''}")
    if not 0 < sum(parts) < 2**32:
        raise ValueError(f"shares: they add up to {sum(parts)}, expected 1 to {2**32 - 1}")
    return parts


def choice(name, value, choices):
    """What stands for one of the names."""
    if not isinstance(value, str):
        raise TypeError(f"{name}: {value!r}, expected one of {', '.join(choices)}")
    if value not in choices:
        raise ValueError(f"{name}: {value!r} is none; there are {', '.join(choices)}")
    return choices[value]


def columns(name, value):
    """Columns by name, or by number from 1 on: one of them, or a list; as the library reads them. None stays None."""
    if value is None:
        return None
    items = [value] if isinstance(value, (str, int, numpy.integer)) else list(value)
    for item in items:
        if isinstance(item, bool) or not isinstance(item, (str, int, numpy.integer)):
            raise TypeError(f"{name}: {item!r}, expected a column's name or number")
        if "," in str(item) or str(item) == "":
            raise ValueError(f"{name}: {item!r}, expected a name without a comma; its number will do")
    return ",".join(map(str, items)).encode()


def path(value):
    return os.fsencode(os.fspath(value))


def optional_path(value):
    return None if value is None else path(value)
