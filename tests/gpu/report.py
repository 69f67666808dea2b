"""Tables of the figures: text for a terminal, Markdown for a page."""

from itertools import groupby

HEADS = (
    "kernel",
    "row",
    "tile",
    "target",
    "registers",
    "spills",
    "scratch",
    "local",
    "resident",
    "loop",
    "share",
    "loads",
    "stores",
)
RESIDENT = {"nvidia": "{} group", "amd": "{} wave", "intel": "SIMD{}"}


def widths(counts):
    """ "128x4 32x12": four accesses of 128 bits, twelve of 32."""
    return " ".join(f"{bits}x{counts[bits]}" for bits in sorted(counts, reverse=True)) or "-"


def resident(one):
    text = RESIDENT[one.vendor].format(one.resident)
    return text + "s" if one.resident != 1 and one.vendor != "intel" else text


def share(one):
    return "-" if one.share is None else f"{one.share:.1f}"


def cells(one):
    return (
        one.kernel,
        one.row,
        one.tile or "-",
        one.target,
        one.registers,
        one.spills,
        one.scratch,
        one.local,
        resident(one),
        one.slots or "-",
        share(one),
        widths(one.loads),
        widths(one.stores),
    )


def text(figures):
    rows = [HEADS, *(tuple(map(str, cells(one))) for one in figures)]
    sizes = [max(len(row[i]) for row in rows) for i in range(len(HEADS))]
    return "\n".join(
        "  ".join(word.ljust(size) for word, size in zip(row, sizes)).rstrip() for row in rows
    )


def summary(figures):
    """The worst of the kernels that are not matrix products, as a row."""
    return (
        f"{len(figures)} other kernels",
        "-",
        figures[0].target,
        f"up to {max(one.registers for one in figures)}",
        sum(one.spills for one in figures),
        f"{sum(one.scratch > 0 for one in figures)} kernels",
        "-",
        "-",
    )


def markdown(figures):
    """The matrix products of the vendors' own rows, and a summary of the other kernels."""
    rows = []
    for _, group in groupby(figures, key=lambda one: one.target):
        own = [one for one in group if one.row == one.vendor]
        for one in own:
            if one.tile:
                rows.append(
                    (
                        f"`{one.kernel.removeprefix('dense_group_')}`",
                        one.tile,
                        one.target,
                        one.registers,
                        one.spills,
                        one.scratch,
                        resident(one),
                        share(one),
                    )
                )
        if others := [one for one in own if not one.tile]:
            rows.append(summary(others))
    heads = ("product", "tile", "target", "registers", "spills", "scratch", "resident", "share")
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    return "\n".join(lines + ["| " + " | ".join(map(str, row)) + " |" for row in rows])
