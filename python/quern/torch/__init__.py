"""Converts PyTorch's modules to networks and networks to modules, with all parameters.

network = quern.torch.from_torch(torch.nn.Sequential(…), loss="categorical")
module = quern.torch.to_torch(network)
"""

try:
    import torch as _torch  # noqa: F401
except ImportError as error:
    raise ImportError(
        "quern.torch needs PyTorch: pip install torch, or Debian's python3-torch"
    ) from error

from ._from_torch import from_torch
from ._to_torch import to_torch

__all__ = ["from_torch", "to_torch"]
