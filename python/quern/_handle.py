"""Objects of the library, freed with their last reference, or at the end of the process."""

import ctypes
import weakref

from ._errors import check


class Handle:
    """Owns one object of the library, and can be passed to its functions."""

    def __init__(self, pointer, free):
        self._as_parameter_ = pointer
        weakref.finalize(self, free, pointer)


def make(free, function, *arguments, count=1):
    """Calls function(*arguments, &made…), and returns Handles of the results; with several results,
    None for NULL."""
    made = [ctypes.c_void_p() for _ in range(count)]
    check(function(*arguments, *map(ctypes.byref, made)))
    handles = [Handle(pointer, free) if pointer.value else None for pointer in made]
    return handles[0] if count == 1 else handles
