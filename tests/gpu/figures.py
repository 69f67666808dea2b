"""The figures of one kernel, compiled for one target."""

from collections import Counter
from dataclasses import dataclass, field

from flow import main_loop


@dataclass
class Figures:
    vendor: str
    target: str
    row: str  # of the tuning table
    program: str
    tile: str  # of the matrix products; else empty
    kernel: str
    registers: int = 0
    spills: int = 0  # bytes (NVIDIA, Intel) or registers (AMD)
    scratch: int = 0  # bytes of a work-item's private memory, spills included
    local: int = 0  # bytes of a work-group's local memory
    resident: int = (
        0  # NVIDIA: work-groups per multiprocessor; AMD: waves per SIMD; Intel: SIMD width
    )
    slots: int = 0  # instructions in the main loop
    multiplies: int = 0  # of them, multiply-adds
    loads: Counter = field(default_factory=Counter)  # of global memory, by bits
    stores: Counter = field(default_factory=Counter)

    @property
    def share(self):
        """Percent of multiply-adds in the main loop; None without such a loop."""
        return 100 * self.multiplies / self.slots if self.slots else None

    def add_code(self, code):
        self.slots, self.multiplies = main_loop(code) or (0, 0)
        self.loads, self.stores = code.widths("load"), code.widths("store")

    def as_json(self):
        return {**vars(self), "share": self.share}
