#!/usr/bin/env python3
"""Tests the readers of compilers' output on stored/, which is what they made of stored/toy.cl, and
the search for a kernel's main loop."""

import pathlib
import tempfile
import unittest

import amd
import bars
import intel
import nvidia
import report
from figures import Figures
from flow import Code, Instruction, main_loop

STORED = pathlib.Path(__file__).parent / "stored"


def stored(name):
    return (STORED / name).read_text()


def code(text):
    """Code of words: m a multiply-add, l a narrow load, L a wide one, s scratch, any other letter
    something else; `:x` the label x, `>x` a branch to it that may fall through, `!x` one that does
    not, `.` the end."""
    accesses = {
        "l": ("global", "load", 32),
        "L": ("global", "load", 128),
        "s": ("scratch", "load", 32),
    }
    made = Code()
    for word in text.split():
        if word[0] == ":":
            made.labels[word[1:]] = len(made.instructions)
        elif word[0] in ">!":
            made.instructions.append(Instruction(targets=(word[1:],), falls=word[0] == ">"))
        else:
            access = accesses.get(word)
            made.instructions.append(Instruction(word == "m", falls=word != ".", access=access))
    return made


class Flow(unittest.TestCase):
    def test_no_loop(self):
        self.assertIsNone(main_loop(Code()))
        self.assertIsNone(main_loop(code("m m .")))
        self.assertIsNone(main_loop(code(":a x >a .")))

    def test_loop_with_most_multiplies(self):
        self.assertEqual(main_loop(code(":a m x >a :b m m x >b .")), (4, 2))

    def test_shortest_of_equal_loops(self):
        self.assertEqual(main_loop(code(":a m x x >a :b m x >b .")), (3, 1))
        self.assertEqual(main_loop(code(":o x :a m x >a x >o .")), (3, 1))

    def test_aligned_path_only(self):
        self.assertEqual(main_loop(code(":a x >n L !e :n l l l :e m m >a .")), (7, 2))
        self.assertEqual(main_loop(code(":a x >n L !e :n x x >p l :p s :e m m >a .")), (7, 2))

    def test_whole_loop_without_an_aligned_path(self):
        self.assertEqual(main_loop(code(":a l m >a .")), (3, 1))

    def test_a_jump_backward_is_not_always_a_loop(self):
        self.assertIsNone(main_loop(code("!b :a m . :b x >a .")))


class Readers(unittest.TestCase):
    def check(self, found, loop, loads, stores):
        self.assertEqual(main_loop(found), loop)
        self.assertEqual(report.widths(found.widths("load")), loads)
        self.assertEqual(report.widths(found.widths("store")), stores)

    def test_nvidia(self):
        numbers = {"scratch": 0, "spills": 0, "registers": 20, "local": 0}
        self.assertEqual(nvidia.read_log(stored("nvidia.log")), {"toy": numbers})
        self.check(nvidia.read_listing(stored("nvidia.sass"))["toy"], (13, 4), "32x4", "32x4")

    def test_nvidia_spills(self):
        log = stored("nvidia.log").replace(
            "0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads",
            "24 bytes stack frame, 8 bytes spill stores, 12 bytes spill loads",
        )
        found = nvidia.read_log(log.replace("0 barriers", "1 barriers, 18432 bytes smem"))["toy"]
        self.assertEqual(found, {"scratch": 24, "spills": 20, "registers": 20, "local": 18432})

    def test_nvidia_groups(self):
        def groups(target, items, registers, local):
            one = Figures("nvidia", target, "", "", "", "", registers=registers, local=local)
            return nvidia.groups(target, items, one)

        self.assertEqual(groups("sm_90", 256, 128, 16896), 2)
        self.assertEqual(groups("sm_90", 256, 129, 16896), 1)
        self.assertEqual(groups("sm_90", 256, 32, 0), 8)
        self.assertEqual(groups("sm_86", 256, 40, 20480), 4)
        self.assertEqual(groups("sm_75", 64, 32, 0), 16)

    def test_amd(self):
        text = stored("amd.s")
        numbers = {"registers": 12, "scratch": 0, "local": 0, "spills": 0}
        self.assertEqual(amd.read_metadata(text), {"toy": numbers})
        codes, waves = amd.read_listing(text)
        self.assertEqual(waves, {"toy": 16})
        self.check(codes["toy"], (20, 4), "128x1", "128x1")

    def test_amd_spills(self):
        text = stored("amd.s").replace("vgpr_spill_count: 0", "vgpr_spill_count: 3")
        text = text.replace("private_segment_fixed_size: 0", "private_segment_fixed_size: 80")
        found = amd.read_metadata(text)["toy"]
        self.assertEqual((found["spills"], found["scratch"]), (3, 80))

    def test_amd_multiplies_and_widths(self):
        def read(line):
            one = amd.read_instruction(*line.split(" ", 1))
            return one.multiplies, one.access

        self.assertEqual(
            read("v_dual_add_f32 v1, v2, v3 :: v_dual_fmac_f32 v4, v5, v6"), (True, None)
        )
        self.assertEqual(read("v_pk_fma_f32 v[0:1], v[2:3], v[4:5]"), (True, None))
        self.assertEqual(read("v_mad_u64_u32 v[0:1], null, s6, s4"), (False, None))
        self.assertEqual(
            read("global_load_b128 v[1:4], v[5:6], off"), (False, ("global", "load", 128))
        )
        self.assertEqual(read("global_load_ubyte v1, v[5:6], off"), (False, ("global", "load", 8)))
        self.assertEqual(
            read("buffer_store_dword v1, off, s[0:3], 0"), (False, ("scratch", "store", 32))
        )

    def test_intel(self):
        numbers = {"registers": 128, "resident": 32, "local": 0, "spills": 0, "scratch": 0}
        self.assertEqual(intel.read_info(stored("intel.ze_info")), {"toy": numbers})
        self.check(intel.read_listing(stored("intel.asm"), 32), (59, 8), "128x2", "128x2")

    def test_intel_buffers(self):
        text = (
            "\n      - type: scratch\n        usage: spill_fill_space\n        size: 128"
            "\n      - type: global\n        usage: private_space\n        size: 64\n"
        )
        self.assertEqual(intel.read_buffers(text), {"spills": 128, "scratch": 192})


class Bars(unittest.TestCase):
    def faults(self, text, **numbers):
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder) / "bars.tsv"
            path.write_text(text)
            one = Figures("nvidia", "sm_90", "nvidia", "large", "128x128", "toy", **numbers)
            return list(bars.faults(bars.read(path), [one]))

    def test_faults(self):
        text = "# all\nsm_.* .* toy 128 0 0 2 86\n.* .* .* 0 - - - -  # not reached\n"
        good = {"registers": 128, "resident": 2, "slots": 100, "multiplies": 86}
        self.assertEqual(self.faults(text, **good), [])
        for name, value in {"registers": 129, "spills": 1, "scratch": 8, "resident": 1}.items():
            found = self.faults(text, **{**good, name: value})
            self.assertEqual(len(found), 1, name)
            self.assertIn(f"sm_90: toy of row nvidia: {name} {value}, expected at", found[0])
        self.assertIn(
            "share 85, expected at least 86", self.faults(text, **{**good, "multiplies": 85})[0]
        )
        self.assertIn("share 0, expected at least 86", self.faults(text, **{**good, "slots": 0})[0])

    def test_a_wrong_line_is_named(self):
        with self.assertRaisesRegex(SystemExit, "bars.tsv:1: 2 columns, expected 8"):
            self.faults("sm_90 toy\n")

    def test_the_bars_can_be_read(self):
        self.assertTrue(bars.read(pathlib.Path(__file__).parent / "bars.tsv"))


if __name__ == "__main__":
    unittest.main()
