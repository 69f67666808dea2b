#!/usr/bin/env python3
"""Compiles quern's kernels with the vendors' offline compilers: the program of scripts/gpu-compile,
whose --help describes it."""

import argparse
import json
import pathlib
import re
import sys

import bars
import programs
import report
from tools import Refused, Tools

HERE = pathlib.Path(__file__).parent
MARK, END = "<!-- scripts/gpu-compile -->\n", "<!-- end -->\n"


def parse():
    parser = argparse.ArgumentParser(add_help=False, prog="gpu-compile")
    parser.add_argument("--writer", type=pathlib.Path, required=True)
    parser.add_argument("--folder", type=pathlib.Path, required=True)
    parser.add_argument("--vendor", choices=list(programs.VENDORS))
    parser.add_argument("--target", default="")
    parser.add_argument("--kernel", type=re.compile, default=re.compile(""))
    parser.add_argument("--all-rows", action="store_true")
    parser.add_argument("--json", type=pathlib.Path)
    parser.add_argument("--write", type=pathlib.Path)
    parser.add_argument("--check", action="store_true")
    return parser.parse_args()


def choose_targets(tools, options):
    """The targets of each vendor whose tools are installed. Prints what is missing."""
    wanted, chosen = [name for name in options.target.split(",") if name], {}
    for vendor, module in programs.VENDORS.items():
        if options.vendor not in (None, vendor) or (
            wanted and not set(wanted) & set(module.TARGETS)
        ):
            continue
        if missing := tools.missing(module.NEEDS):
            print(f"{vendor}: no figures, {', '.join(missing)} missing: see gpu-compile --install")
            continue
        known = module.known_targets(tools)
        asked = [target for target in module.TARGETS if not wanted or target in wanted]
        if unknown := [target for target in asked if target not in known]:
            print(f"{vendor}: these tools do not know {', '.join(unknown)}")
        chosen[vendor] = [target for target in asked if target in known]
    known = {target for module in programs.VENDORS.values() for target in module.TARGETS}
    if unknown := sorted(set(wanted) - known):
        sys.exit(
            f"gpu-compile: unknown target {unknown[0]}, expected some of {', '.join(sorted(known))}"
        )
    return chosen


def write_page(page, table):
    text = page.read_text()
    before, mark, rest = text.partition(MARK)
    _, end, after = rest.partition(END)
    if not mark or not end:
        sys.exit(f"gpu-compile: {page} has no lines {MARK.strip()} and {END.strip()}")
    page.write_text(before + mark + table + "\n" + end + after)


def main():
    options = parse()
    tools = Tools(options.folder.resolve())
    options.folder.mkdir(parents=True, exist_ok=True)
    targets = choose_targets(tools, options)
    written = programs.write(options.writer, options.folder)
    figures, refused = programs.compile_all(
        tools, written, targets, options.folder, options.all_rows
    )
    figures = [one for one in figures if options.kernel.search(one.kernel)]
    if options.json:
        options.json.write_text(json.dumps([one.as_json() for one in figures], indent=1) + "\n")
    if options.write:
        write_page(options.write, report.markdown(figures))
    elif not options.check:
        print(report.text(figures))
    faults = list(bars.faults(bars.read(HERE / "bars.tsv"), figures)) if options.check else []
    for line in refused + faults:
        print(line)
    if figures and not options.write:
        print(f"{len(figures)} kernels compiled ({tools.releases()})")
    return 1 if refused or faults else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except Refused as problem:
        sys.exit(f"gpu-compile: {problem}")
