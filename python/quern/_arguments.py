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


def path(value):
    return os.fsencode(os.fspath(value))


def optional_path(value):
    return None if value is None else path(value)
