"""NVIDIA: clang with libclc makes PTX, ptxas machine code, nvdisasm its listing. NVIDIA's OpenCL
has another front end than clang, so its registers may differ by some percent."""

import re

from figures import Figures
from flow import Code, Instruction

# By compute capability: warps, work-groups and KiB of local memory of a multiprocessor. A
# multiprocessor has 65,536 registers.
UNITS = {
    75: (32, 16, 64),
    80: (64, 32, 164),
    86: (48, 16, 100),
    89: (48, 24, 100),
    90: (64, 32, 228),
    120: (48, 24, 100),
}
TARGETS = tuple(f"sm_{number}" for number in UNITS)
NEEDS = ("clang", "libclc", "ptxas", "nvdisasm")


def known_targets(tools):
    text = tools.run([tools.ptxas, "--help"])
    return [target for target in TARGETS if re.search(rf"\b{target}\b", text)]


def build(tools, program, target, folder):
    """The figures of all kernels of a program. Files are made in `folder`."""
    ptx = folder / f"{program.name}.ptx"
    if not ptx.exists():
        tools.compile(
            program,
            ptx,
            [
                "-target",
                "nvptx64-nvidia-nvcl",
                "-march=sm_75",
                "-Xclang",
                "-target-feature",
                "-Xclang",
                "+ptx75",
                "-Xclang",
                "-mlink-builtin-bitcode",
                "-Xclang",
                tools.libclc,
            ],
        )
    found = []
    binary = folder / f"{program.name}.{target}.cubin"
    log = tools.run([tools.ptxas, "-v", f"-arch={target}", ptx, "-o", binary])
    codes = read_listing(tools.run([tools.nvdisasm, "-c", binary]))
    for kernel, numbers in read_log(log).items():
        one = Figures(
            "nvidia", target, program.row, program.family, program.tile, kernel, **numbers
        )
        one.resident = groups(target, program.items, one)
        one.add_code(codes.get(kernel, Code()))
        found.append(one)
    return found


def read_log(log):
    """Registers, spills, scratch and local memory of each kernel in the log of `ptxas -v`."""
    found, kernel, entries = {}, None, set(re.findall(r"Compiling entry function '(\w+)'", log))
    for line in log.splitlines():
        if match := re.search(r"Function properties for (\w+)", line):
            kernel = match[1]
        elif match := re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+)", line):
            scratch, stored, loaded = map(int, match.groups())
            if kernel in entries:
                found[kernel] = {"scratch": scratch, "spills": stored + loaded}
        elif (match := re.search(r"Used (\d+) registers", line)) and kernel in found:
            local = re.search(r"(\d+) bytes smem", line)
            found[kernel] |= {"registers": int(match[1]), "local": int(local[1]) if local else 0}
    return found


def groups(target, items, one):
    """Work-groups that a multiprocessor holds at once. Registers are given to warps by 256; a
    work-group takes 1 KiB of local memory besides its own, from compute capability 8.0 on."""
    warps, most, kib = UNITS[int(target[3:])]
    of_group = -(-items // 32)
    registers = -(-max(one.registers, 1) * 32 // 256) * 256
    by_registers = 65536 // registers // of_group
    local = one.local + (0 if target == "sm_75" else 1024)
    by_local = kib * 1024 // local if local else most
    return min(most, warps // of_group, by_registers, by_local)


def read_listing(text):
    """The Code of each function in nvdisasm's listing."""
    codes, code = {}, None
    for line in text.splitlines():
        if match := re.match(r"\s*\.section\s+(\S+?),", line):
            name = match[1]
            code = codes.setdefault(name[6:], Code()) if name.startswith(".text.") else None
        elif code is None:
            continue
        elif match := re.match(r"(\.L\w+):", line.strip()):
            code.labels[match[1]] = len(code.instructions)
        elif match := re.match(r"\s*/\*[0-9a-f]{4,}\*/\s+([^;]+);", line):
            code.instructions.append(read_instruction(match[1].strip(), line))
    return codes


def read_instruction(text, line):
    guard = re.match(r"@!?U?P\w+\s+", text)
    name, _, operands = text[guard.end() if guard else 0 :].partition(" ")
    base = name.split(".")[0]
    targets = tuple(re.findall(r"\.L_x_\w+", line)) if base in ("BRA", "BRX", "JMP") else ()
    conditional = guard or re.match(r"\s*!?U?P\d", operands) or ".DIV" in name or ".CONV" in name
    falls = bool(conditional) or base not in ("BRA", "BRX", "JMP", "EXIT", "RET")
    return Instruction(base in ("FFMA", "FFMA2", "HMMA"), targets, falls, access_of(base, name))


def access_of(base, name):
    spaces = {
        "LDG": "global",
        "STG": "global",
        "LDL": "scratch",
        "STL": "scratch",
        "LD": "scratch",
        "ST": "scratch",
    }
    if base not in spaces:
        return None
    match = re.search(r"\.[US]?(128|64|16|8)\b", name)
    return spaces[base], "load" if base[0] == "L" else "store", int(match[1]) if match else 32
