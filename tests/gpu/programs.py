"""The programs that a build of quern writes, and their compilation for many targets at once."""

import itertools
import os
import pathlib
import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import amd
import intel
import nvidia
from tools import Refused

VENDORS = {"nvidia": nvidia, "amd": amd, "intel": intel}


@dataclass(frozen=True)
class Program:
    row: str
    family: str
    path: pathlib.Path
    tile: str
    items: int  # of a work-group
    options: str

    @property
    def name(self):
        return self.path.stem


def write(writer, folder):
    """All programs, written by `write_programs`."""
    subprocess.run([writer, folder], check=True)
    lines = (folder / "programs.tsv").read_text().splitlines()
    found = []
    for line in lines:
        row, family, file, tile, items, options = line.split("\t")
        found.append(Program(row, family, folder / file, tile, int(items), options))
    return found


def of_vendor(programs, vendor, all_rows):
    """The vendor's row and the row of any GPU, or all rows; programs with the same text once."""
    wanted = [one for one in programs if all_rows or one.row in (vendor, "any")]
    wanted.sort(key=lambda one: one.row != vendor)
    texts = {}
    for one in wanted:
        texts.setdefault((one.path.read_text(), one.options), one)
    return list(texts.values())


def compile_all(tools, programs, targets, folder, all_rows):
    """The figures of every kernel, and a line for each program that a compiler refuses. `targets`
    has a vendor's targets."""
    jobs = [
        (vendor, program) for vendor in targets for program in of_vendor(programs, vendor, all_rows)
    ]
    output = folder / "compiled"
    shutil.rmtree(output, ignore_errors=True)
    problems = []

    def run(job):
        vendor, program = job
        own = output / vendor / program.name
        own.mkdir(parents=True)
        found = []
        for target in targets[vendor]:
            try:
                found += VENDORS[vendor].build(tools, program, target, own)
            except Refused as problem:
                problems.append(f"{program.name} for {target}: {problem}")
        return found

    with ThreadPoolExecutor(os.cpu_count()) as pool:
        figures = [one for found in pool.map(run, jobs) for one in found]
    order = {target: i for i, target in enumerate(itertools.chain(*targets.values()))}
    return sorted(figures, key=lambda one: order[one.target]), problems
