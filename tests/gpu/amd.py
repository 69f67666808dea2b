"""AMD: clang with ROCm's device libraries makes assembly. Libraries that do not know a chip are
linked as for the newest that they know; only functions of the reciprocal and the like use it."""

import re

from figures import Figures
from flow import Code, Instruction

TARGETS = ("gfx90a", "gfx942", "gfx1030", "gfx1100", "gfx1201")
NEEDS = ("clang", "device_libraries")
# The names in the assembly's metadata.
FIGURES = {
    "vgpr_count": "registers",
    "private_segment_fixed_size": "scratch",
    "group_segment_fixed_size": "local",
}


def known_targets(tools):
    text = tools.run(
        [tools.clang, "--target=amdgcn-amd-amdhsa", "-nogpulib", "--print-supported-cpus"]
    )
    return [target for target in TARGETS if re.search(rf"\b{target}\b", text)]


def library_folder(tools, target, folder):
    """A folder of links to the libraries, in which the target has a file of its version."""
    links = folder / "libraries"
    links.mkdir(exist_ok=True)
    versions = {}
    for path in tools.device_libraries.glob("*.bc"):
        link = links / path.name
        if not link.exists():
            link.symlink_to(path)
        if match := re.fullmatch(r"oclc_isa_version_(\w+)", path.stem):
            versions[match[1]] = path
    newest = versions[max(versions, key=lambda name: int(name, 16))]
    link = links / f"oclc_isa_version_{target[3:]}.bc"
    if not link.exists():
        link.symlink_to(newest)
    return links


def build(tools, program, target, folder):
    """The figures of all kernels of a program. Files are made in `folder`."""
    found = []
    assembly = folder / f"{program.name}.{target}.s"
    tools.compile(
        program,
        assembly,
        [
            "-target",
            "amdgcn-amd-amdhsa",
            f"-mcpu={target}",
            f"--rocm-device-lib-path={library_folder(tools, target, folder)}",
        ],
    )
    text = assembly.read_text()
    codes, waves = read_listing(text)
    for kernel, numbers in read_metadata(text).items():
        one = Figures("amd", target, program.row, program.family, program.tile, kernel, **numbers)
        one.resident = waves.get(kernel, 0)
        one.add_code(codes.get(kernel, Code()))
        found.append(one)
    return found


def read_metadata(text):
    """Registers, spills, scratch and local memory of each kernel, from the end of the assembly."""
    _, _, metadata = text.partition("amdhsa.kernels:")
    found = {}
    for kernel in re.split(r"^  - ", metadata, flags=re.MULTILINE)[1:]:
        fields = dict(re.findall(r"^ +\.(\w+): +(\S+)$", kernel, flags=re.MULTILINE))
        if "symbol" not in fields:
            continue
        numbers = {name: int(fields.get(field, 0)) for field, name in FIGURES.items()}
        numbers["spills"] = sum(int(fields.get(f"{kind}gpr_spill_count", 0)) for kind in "vs")
        found[fields["symbol"].removesuffix(".kd")] = numbers
    return found


def read_listing(text):
    """The Code of each function, and the waves per SIMD that the compiler reckons."""
    codes, waves, code, name = {}, {}, None, None
    for line in text.splitlines():
        if match := re.match(r"([A-Za-z_]\w*):", line):
            name, code = match[1], codes.setdefault(match[1], Code())
        elif match := re.match(r"; Occupancy: (\d+)", line):
            waves[name] = int(match[1])
        elif code is None:
            continue
        elif match := re.match(r"(\.LBB\w+):", line):
            code.labels[match[1]] = len(code.instructions)
        elif match := re.match(r"\t([a-z]\w+)([^;]*)", line):
            code.instructions.append(read_instruction(match[1], match[2]))
    return codes, waves


def read_instruction(name, operands):
    multiplies = re.search(r"\bv_(pk_|dual_)?(fma|fmac|mac|mad|fmaak|fmamk)_f32", name + operands)
    multiplies = multiplies or name.startswith(("v_mfma", "v_wmma"))
    is_branch = name.startswith(("s_branch", "s_cbranch"))
    targets = tuple(re.findall(r"\.LBB\w+", operands)) if is_branch else ()
    falls = name not in ("s_branch", "s_endpgm", "s_setpc_b64")
    return Instruction(bool(multiplies), targets, falls, access_of(name))


def access_of(name):
    match = re.match(r"(global|flat|buffer|scratch)_(load|store)_(?:d16_)?(?:hi_)?(\w+)", name)
    if not match:
        return None
    spelled = match[3]
    if number := re.search(r"dwordx(\d)", spelled):
        bits = 32 * int(number[1])
    elif number := re.match(r"[bui](\d+)", spelled):
        bits = int(number[1])
    else:
        bits = 8 if "byte" in spelled else 16 if "short" in spelled else 32
    space = "global" if match[1] in ("global", "flat") else "scratch"
    return space, match[2], bits
