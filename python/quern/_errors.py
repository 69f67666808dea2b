"""Statuses of the library as exceptions."""

from ._declarations import lib


class Error(Exception):
    """A call of the library failed. str() is the message of quern_last_error(); `status` is the
    name of the status, such as "QUERN_ERROR_SHAPE". If Python has a similar exception, the error is
    one of these too: a missing model file is a quern.Error and an OSError."""

    status = ""
    _value = None

    def __reduce__(self):
        # A class is made for each status, so it is not found by its name.
        return _restored, (self._value, self.args), vars(self) or None


# The second base class for each status; a test compares the names with those in status.h.
_BASES = {
    "QUERN_ERROR_ARGUMENT": ValueError,
    "QUERN_ERROR_SHAPE": ValueError,
    "QUERN_ERROR_OVERFLOW": OverflowError,
    "QUERN_ERROR_OUT_OF_MEMORY": MemoryError,
    "QUERN_ERROR_OUT_OF_DEVICE_MEMORY": MemoryError,
    "QUERN_ERROR_FILE": OSError,
    "QUERN_ERROR_FORMAT": ValueError,
    "QUERN_ERROR_DATA": ValueError,
    "QUERN_ERROR_UNSUPPORTED": NotImplementedError,
    "QUERN_ERROR_NOT_FINITE": FloatingPointError,
}
_classes = {}


def _class_of(status):
    name = lib.quern_status_name(status).decode()
    if name not in _classes:
        base = _BASES.get(name)
        _classes[name] = type(
            "Error",
            (Error, base) if base else (Error,),
            {
                "status": name,
                "_value": status,
                "__module__": "quern",
                "__doc__": lib.quern_status_text(status).decode(),
            },
        )
    return _classes[name]


def _restored(value, arguments):
    return (Error if value is None else _class_of(value))(*arguments)


def check(status):
    """Raises the error of a status other than QUERN_OK."""
    if status != 0:
        raise _class_of(status)((lib.quern_last_error() or b"").decode(errors="replace"))
