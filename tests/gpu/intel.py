"""Intel: ocloc makes and disassembles binaries. Shares count instructions of any SIMD width."""

import os
import re
import shutil

from figures import Figures
from flow import Code, Instruction

TARGETS = ("tgllp", "dg2", "pvc", "mtl", "lnl", "bmg")
NEEDS = ("ocloc",)


def environment(tools):
    """With the folder of an unpacked ocloc's libraries, and with binaries that describe themselves
    (zebin), as newer drivers make them."""
    libraries = f"{tools.ocloc_libraries}:{os.environ.get('LD_LIBRARY_PATH', '')}"
    return {**os.environ, "IGC_EnableZEBinary": "1", "LD_LIBRARY_PATH": libraries}


def known_targets(tools):
    text = tools.run([tools.ocloc, "compile", "--help"], environment(tools), may_fail=True)
    return [target for target in TARGETS if re.search(rf"\b{target}\b", text)]


def build(tools, program, target, folder):
    """The figures of all kernels of a program. Files are made in `folder`."""
    found = []
    dump = folder / f"{program.name}.{target}"
    shutil.rmtree(dump, ignore_errors=True)
    dump.mkdir()
    tools.run(
        [
            tools.ocloc,
            "compile",
            "-file",
            program.path,
            "-device",
            target,
            "-options",
            program.options,
            "-output_no_suffix",
            "-output",
            "program",
            "-out_dir",
            dump,
        ],
        env=environment(tools),
    )
    tools.run(
        [tools.ocloc, "disasm", "-file", dump / "program", "-device", target, "-dump", dump],
        env=environment(tools),
    )
    for kernel, numbers in read_info((dump / ".ze_info").read_text()).items():
        one = Figures("intel", target, program.row, program.family, program.tile, kernel, **numbers)
        listing = dump / f".text.{kernel}.asm"
        one.add_code(
            read_listing(listing.read_text(errors="replace"), 64 if target == "pvc" else 32)
        )
        found.append(one)
    return found


def read_info(text):
    """Registers, spills, scratch, local memory and SIMD width of each kernel in .ze_info."""
    found = {}
    for kernel in re.split(r"^  - name: +", text.partition("\nkernels:")[2], flags=re.MULTILINE)[
        1:
    ]:
        name = kernel.split()[0]
        if not re.search(r"simd_size:", kernel) or name == "Intel_Symbol_Table_Void_Program":
            continue
        fields = dict(
            re.findall(r"^ +(grf_count|simd_size|slm_size): +(\d+)$", kernel, re.MULTILINE)
        )
        found[name] = {
            "registers": int(fields.get("grf_count", 0)),
            "resident": int(fields["simd_size"]),
            "local": int(fields.get("slm_size", 0)),
            **read_buffers(kernel.partition("per_thread_memory_buffers:")[2]),
        }
    return found


def read_buffers(text):
    sizes = {"spill_fill_space": 0, "private_space": 0}
    for buffer in re.split(r"^ +- ", text, flags=re.MULTILINE)[1:]:
        fields = dict(re.findall(r"(type|usage|size): +(\S+)", buffer))
        if fields.get("usage") in sizes:
            sizes[fields["usage"]] += int(fields["size"])
    return {"spills": sizes["spill_fill_space"], "scratch": sum(sizes.values())}


def read_listing(text, register):
    """The Code of ocloc's listing, for registers of this many bytes."""
    code = Code()
    for line in text.splitlines():
        if match := re.match(r"(L\d+):", line.strip()):
            code.labels[match[1]] = len(code.instructions)
        elif match := re.match(r"(\([^)]*\))?\s*([a-z][\w.]*)\s+(?:\((\d+)\|)?", line):
            code.instructions.append(read_instruction(*match.groups(), line, register))
    return code


def read_instruction(guard, name, lanes, line, register):
    base = name.split(".")[0]
    branches = base in ("goto", "jmpi", "while", "brc", "brd", "break", "cont", "else", "if")
    targets = tuple(re.findall(r"\bL\d+\b", line)) if branches else ()
    always = base in ("goto", "jmpi", "brd", "brc") and (guard is None or guard == "(W)")
    falls = not always and "end of thread" not in line and base != "ret"
    multiplies = base in ("mad", "dpas") and ":f" in line
    return Instruction(multiplies, targets, falls, access_of(int(lanes or 1), line, register))


def access_of(lanes, line, register):
    """Of messages to memory: the listing's comment has their kind, or their size in registers."""
    if match := re.search(r"(load|store)\.(ugm|slm)\.d(\d+)(?:u32)?(?:x(\d+))?(t?)", line):
        if match[2] == "slm" or match[5] or "none" in line[match.end() : match.end() + 6]:
            return None
        space = "scratch" if ".ss[" in line else "global"
        return space, match[1], int(match[3]) * int(match[4] or 1)
    if "scratch block" in line:
        return "scratch", "load" if "read" in line else "store", 32
    match = re.search(
        r"wr:\w+\+(\d+), rd:(\d+); (?:a64 )?(untyped|dword|byte)[\w ]*(read|write)", line
    )
    if not match or re.search(r"0x[0-9A-F]{6}FE\b", line):
        return None
    moved = int(match[1] if match[4] == "write" else match[2])
    bits = moved * register * 8 // lanes if lanes >= 8 else 32
    return "global", "load" if match[4] == "read" else "store", bits
