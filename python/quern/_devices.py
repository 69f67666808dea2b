"""Devices, and a context on each for each thread that uses it."""

import ctypes
import threading
from typing import NamedTuple

from ._declarations import DeviceInfo, lib
from ._handle import make


class Device(NamedTuple):
    """What training can run on. `index` is its place in devices(), which is also a name for it (as a string)."""

    index: int
    kind: str  # "gpu", "cpu", "emulator", "reference"
    name: str
    platform: str
    version: str
    driver: str
    compute_units: int
    memory: int  # bytes; 0 where unknown


def _text(value):
    return value.decode(errors="replace")


def _device(index, info):
    return Device(index, _text(lib.quern_device_kind_name(info.kind)), _text(info.name), _text(info.platform),
                  _text(info.version), _text(info.driver), info.compute_units, info.memory)


def devices():
    """All devices, as a list of Device; the reference, which is plain C and slow, is always there, last."""
    found = make(lib.quern_device_list_free, lib.quern_device_list_create)
    info = DeviceInfo()
    described = []
    for index in range(lib.quern_device_list_count(found)):
        lib.quern_device_describe(lib.quern_device_list_at(found, index), ctypes.byref(info))
        described.append(_device(index, info))
    return described


# A context is one thread's at a time, and making one costs; so each thread keeps those that it has used.
_contexts = threading.local()


def context(name):
    """This thread's context on a device: None for the best, or a name as quern_device_list_find takes it."""
    kept = vars(_contexts)
    key = "" if name is None else str(name)
    if key in kept and lib.quern_context_is_lost(kept[key]):
        del kept[key]
    if key not in kept:
        kept[key] = make(lib.quern_context_free, lib.quern_context_create, key.encode() or None)
    return kept[key]


def describe(name):
    """The Device of context(name); its index is -1, since it is not from a list."""
    info = DeviceInfo()
    lib.quern_context_describe(context(name), ctypes.byref(info))
    return _device(-1, info)
