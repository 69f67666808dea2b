"""Bars for the figures, from bars.tsv: the first line that matches a kernel gives its bars."""

import re

COLUMNS = ("registers", "spills", "scratch", "resident", "share")
AT_LEAST = ("resident", "share")


def read(path):
    """Pairs of the patterns (target, row, kernel) and the bars by column."""
    bars = []
    for number, line in enumerate(path.read_text().splitlines(), 1):
        words = line.partition("#")[0].split()
        if not words:
            continue
        if len(words) != 3 + len(COLUMNS):
            raise SystemExit(f"{path}:{number}: {len(words)} columns, expected {3 + len(COLUMNS)}")
        limits = {name: float(word) for name, word in zip(COLUMNS, words[3:]) if word != "-"}
        bars.append((words[:3], limits))
    return bars


def of_kernel(bars, one):
    for (target, row, kernel), limits in bars:
        pairs = ((target, one.target), (row, one.row), (kernel, one.kernel))
        if all(re.fullmatch(pattern, text) for pattern, text in pairs):
            return limits
    return {}


def faults(bars, figures):
    """A line for each figure that misses its bar."""
    for one in figures:
        for name, bar in of_kernel(bars, one).items():
            value = getattr(one, name)
            value = 0 if value is None else value
            missed = value < bar if name in AT_LEAST else value > bar
            if missed:
                sense = "at least" if name in AT_LEAST else "at most"
                kernel = f"{one.target}: {one.kernel} of row {one.row}"
                yield f"{kernel}: {name} {value:g}, expected {sense} {bar:g}"
