"""What the library made, freed when the last reference goes, or at the end of the process."""

import ctypes
import weakref

from ._errors import check


class Handle:
    """Owns one object of the library. It goes to functions of the library as it is."""

    def __init__(self, pointer, free):
        self._as_parameter_ = pointer
        weakref.finalize(self, free, pointer)


def make(free, function, *arguments, count=1):
    """Calls function(*arguments, &made…), and owns what it made; of several, None for each that is
    NULL."""
    made = [ctypes.c_void_p() for _ in range(count)]
    check(function(*arguments, *map(ctypes.byref, made)))
    handles = [Handle(pointer, free) if pointer.value else None for pointer in made]
    return handles[0] if count == 1 else handles
