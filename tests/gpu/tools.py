"""The compilers of this machine, and how they are run."""

import os
import pathlib
import re
import shutil
import subprocess

# Releases of clang, the one for bars.tsv first.
CLANGS = ("clang-19", "clang-20", "clang-21", "clang-18", "clang-17", "clang-16", "clang")
DEVICE_LIBRARIES = (
    "/usr/lib/*/amdgcn/bitcode",
    "/opt/rocm*/amdgcn/bitcode",
    "/usr/lib/llvm-*/lib/clang/*/amdgcn/bitcode",
)


class Refused(Exception):
    """A compiler failed. The text is its command and its first lines of output."""


class Tools:
    """Paths of the tools; None for one that is missing. `installed` is the folder into which
    `scripts/gpu-compile --install` unpacks."""

    def __init__(self, installed):
        cuda = [f"{installed}/cuda/nvidia/*/bin", "/usr/local/cuda/bin", "/usr/local/cuda-*/bin"]
        self.clang = first(map(shutil.which, CLANGS))
        self.libclc = glob_first(
            ["/usr/lib/clc/nvptx64--nvidiacl.bc", "/usr/share/clc/nvptx64--nvidiacl.bc"]
        )
        self.ptxas = shutil.which("ptxas") or glob_first(f"{folder}/ptxas" for folder in cuda)
        self.nvdisasm = shutil.which("nvdisasm") or glob_first(
            f"{folder}/nvdisasm" for folder in cuda
        )
        self.device_libraries = glob_first(DEVICE_LIBRARIES)
        self.ocloc = shutil.which("ocloc") or glob_first([f"{installed}/intel/usr/bin/ocloc"])
        self.ocloc_libraries = glob_first([f"{installed}/intel/usr/lib/*-linux-gnu"])

    def missing(self, names):
        return [name for name in names if getattr(self, name) is None]

    def run(self, command, env=None, may_fail=False):
        """The output of a command, with its messages. Raises Refused if it fails."""
        command = [str(word) for word in command]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", env=env)
        output = done.stdout + done.stderr
        if done.returncode != 0 and not may_fail:
            lines = [line for line in output.splitlines() if "error" in line] or output.splitlines()
            raise Refused(f"{pathlib.Path(command[0]).name}: {' '.join(lines[:2])}")
        return output

    def compile(self, program, output, options):
        """Compiles a program to assembly with clang."""
        always = ["-O3", "-w", "-Xclang", "-finclude-default-header", "-S", "-o", output]
        self.run(
            [self.clang, "-x", "cl", program.path, *program.options.split(), *options, *always]
        )

    def releases(self):
        """A line that names the compilers of which figures depend."""
        found = []
        for path, pattern in (
            (self.clang, r"clang version ([\d.]+)"),
            (self.ptxas, r"release ([\d.]+)"),
        ):
            if path and (match := re.search(pattern, self.run([path, "--version"]))):
                found.append(f"{re.sub(r'-[0-9]+$', '', os.path.basename(path))} {match[1]}")
        if self.ocloc:
            found.append("ocloc")
        return ", ".join(found)


def first(values):
    return next((value for value in values if value), None)


def glob_first(patterns):
    """The first existing path that matches, the last release of a pattern first."""
    for pattern in patterns:
        if found := sorted(pathlib.Path("/").glob(str(pathlib.Path(pattern).resolve())[1:])):
            return found[-1]
    return None
