"""Devices, by a caller's names, and a context on each for each thread that uses it."""

import ctypes
import functools
import threading
from typing import NamedTuple

import numpy

from . import _arguments
from ._declarations import DeviceInfo, lib
from ._errors import check
from ._handle import make


class Device(NamedTuple):
    """A device. `index` is its place in devices(), and also names it; -1 if it is not from that
    list."""

    index: int
    kind: str  # "gpu", "cpu", "emulator", "reference"
    name: str
    platform: str
    version: str
    driver: str
    compute_units: int
    memory: int  # bytes; 0 if unknown


def _text(value):
    return value.decode(errors="replace")


def _device(index, info):
    return Device(
        index,
        _text(lib.quern_device_kind_name(info.kind)),
        _text(info.name),
        _text(info.platform),
        _text(info.version),
        _text(info.driver),
        info.compute_units,
        info.memory,
    )


def _listed(found):
    info = DeviceInfo()
    described = []
    for index in range(lib.quern_device_list_count(found)):
        lib.quern_device_describe(lib.quern_device_list_at(found, index), ctypes.byref(info))
        described.append(_device(index, info))
    return described


def _find_all():
    return make(lib.quern_device_list_free, lib.quern_device_list_create)


def devices():
    """All devices, as a list of Device. The last is the reference, which is plain C and slow."""
    return _listed(_find_all())


def _name(device):
    if isinstance(device, Device):
        if device.index < 0:
            raise ValueError(
                f"device: {device.name} without an index, expected one of quern.devices()"
            )
        return str(device.index)
    if isinstance(device, str) and device:
        _arguments.text("device", device)
        return device
    if isinstance(device, (int, numpy.integer)) and not isinstance(device, bool) and device >= 0:
        return str(device)
    raise TypeError(f"device: {device!r}, expected a name, an index, or a Device")


def names(device):
    """A caller's `device` as a tuple of names, () for the best. The devices are searched when they
    are used."""
    if device is None or isinstance(device, str) and device == "":
        return ()
    if isinstance(device, (str, bytes, Device)) or not numpy.iterable(device):
        return (_name(device),)
    several = tuple(map(_name, device))
    if not several:
        raise ValueError("device: an empty list, expected at least one device")
    return several


@functools.lru_cache
def _each(chosen):
    """The names of one device each: what names() made, with "all" and lists resolved."""
    text = ",".join(chosen)
    if "," not in text and text.lower() != "all":
        return (text,)
    found = _find_all()
    places = [lib.quern_device_list_at(found, i) for i in range(lib.quern_device_list_count(found))]
    several, count = (ctypes.c_void_p * len(places))(), ctypes.c_size_t()
    check(
        lib.quern_device_list_find_all(
            found, _arguments.text("device", text), several, ctypes.byref(count)
        )
    )
    return tuple(str(places.index(place)) for place in several[: count.value])


# A context is used by one thread at a time, and is expensive to create, so each thread keeps its
# own.
_contexts = threading.local()


def _context(name):
    kept = vars(_contexts)
    if name in kept and lib.quern_context_is_lost(kept[name]):
        del kept[name]
    if name not in kept:
        text = _arguments.text("device", name) or None
        kept[name] = make(lib.quern_context_free, lib.quern_context_create, text)
    return kept[name]


def contexts(chosen):
    """This thread's contexts on the devices that names() returned, in that order."""
    return [_context(name) for name in _each(chosen)]


def context(chosen):
    """The first of contexts()."""
    return _context(_each(chosen)[0])


def describe(one):
    """The Device of a context; its index is -1, because it is not from a list."""
    info = DeviceInfo()
    lib.quern_context_describe(one, ctypes.byref(info))
    return _device(-1, info)
