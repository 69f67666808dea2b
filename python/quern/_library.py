"""Finds and opens libquern: by QUERN_LIBRARY, beside this package, or in the system's folders."""

import ctypes
import os
import pathlib
import sys

from ._version import VERSION

_SONAME = "libquern.so." + VERSION.split(".", maxsplit=1)[0]


def _candidates():
    named = os.environ.get("QUERN_LIBRARY")
    if named:
        return [named]  # that one only
    beside = pathlib.Path(__file__).parent / _SONAME
    return ([str(beside)] if beside.exists() else []) + [_SONAME]


def _open():
    failures = []
    for name in _candidates():
        try:
            return ctypes.CDLL(name), name
        except OSError as error:
            failures.append(str(error))
    what = (
        "QUERN_LIBRARY names a library that cannot be opened"
        if os.environ.get("QUERN_LIBRARY")
        else "libquern was not found; build it with -DBUILD_SHARED_LIBS=ON and install it, or set "
        "QUERN_LIBRARY to the path of " + _SONAME
    )
    raise ImportError(f"quern: {what} ({'; '.join(failures)})")


def load():
    """The library. It must have the package's version, because structs may differ in others."""
    if sys.maxsize < 2**32:
        raise ImportError("quern: needs a 64-bit Python")
    library, name = _open()
    try:
        library.quern_version.restype = ctypes.c_char_p
        version = library.quern_version().decode()
    except AttributeError:
        raise ImportError(f"quern: {name} is not libquern: it has no quern_version") from None
    if version != VERSION:
        raise ImportError(
            f"quern: {name} is version {version} of libquern, and this package is for {VERSION}"
        )
    return library
