"""quern: multilayer perceptrons on any OpenCL device, with NumPy arrays.

    import quern
    (x, y), (x_test, y_test) = quern.read("digits")
    network = quern.Network(64, [128, 10])
    network.fit(x, y, epochs=20, validation=(x_test, y_test))
    network.predict(x_test).argmax(axis=1)

If a call of the library fails, it raises quern.Error with the library's message.
"""

from ._data import read
from ._devices import Device, devices
from ._errors import Error
from ._layers import Dense
from ._names import activations, losses, normalizations, optimizers, schedules
from ._training import Epoch, Metrics
from ._version import VERSION as __version__  # noqa: F401
from .network import Network, load

__all__ = [
    "Dense",
    "Device",
    "Epoch",
    "Error",
    "Metrics",
    "Network",
    "activations",
    "devices",
    "load",
    "losses",
    "normalizations",
    "optimizers",
    "read",
    "schedules",
]
