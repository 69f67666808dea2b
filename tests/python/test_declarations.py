"""python/quern/_declarations.py agrees with the headers in structs, initial values, enumerations
and functions. A C program that is generated from the declarations prints the compiler's layout of
the headers; functions are compared with tests/abi/quern.abi."""

import ctypes
import json
import os
import pathlib
import re
import subprocess
import tempfile
import unittest

import quern
from quern import _declarations, _errors
from quern._version import VERSION

SOURCE = pathlib.Path(os.environ["SOURCE"])

STRUCTS = {
    "quern_" + re.sub(r"(?<!^)([A-Z])", r"_\1", name).lower(): value
    for name, value in vars(_declarations).items()
    if isinstance(value, type)
    and issubclass(value, ctypes.Structure)
    and value is not ctypes.Structure
}

PROGRAM = r"""
#include <quern/quern.h>
#include <stddef.h>
#include <stdio.h>
#define FIELD(type, name) \
  printf("[\"%s\", \"%s\", %zu, %zu],\n", \
         #type, #name, offsetof(type, name), sizeof(((type *)0)->name));
#define BYTES(of, name) printf("[\"%s\", \"", #name); \
  for (size_t i = 0; i < sizeof of.name; i++) \
    printf("%02x", ((const unsigned char *)&of.name)[i]); \
  printf("\"],\n");
#define STATUS(name, text) printf("\"QUERN_%s\",\n", #name);
#define TEXT(name, text) printf("\"%s\",\n", text);
int main(void) {
  const quern_train_options initial = quern_train_options_default();
  const quern_dataset_options reading = quern_dataset_options_default();
  printf("{\"sizes\": {\n"); @SIZES@
  printf("\"\": 0}, \"fields\": [\n"); @FIELDS@
  printf("null], \"initial\": [\n"); @INITIAL@
  printf("null], \"reading\": [\n"); @READING@
  printf("null], \"initializers\": [%d, %d, %d, %d, %d], ",
         QUERN_INITIALIZER_DEFAULT, QUERN_INITIALIZER_HE, QUERN_INITIALIZER_XAVIER,
         QUERN_INITIALIZER_UNIFORM,
         QUERN_INITIALIZER_LECUN);
  printf("\"headers\": [%d, %d, %d], ",
         QUERN_HEADER_AUTO, QUERN_HEADER_NONE, QUERN_HEADER_ONE);
  printf("\"labels\": [%d, %d], ", QUERN_LABEL_LAST, QUERN_LABEL_FIRST);
  printf("\"missing\": [%d, %d, %d], ",
         QUERN_MISSING_REFUSE, QUERN_MISSING_MEAN, QUERN_MISSING_ZERO);
  printf("\"texts\": [%d, %d], ", QUERN_TEXT_REFUSE, QUERN_TEXT_ONE_HOT);
  printf("\"plan_modes\": [%d, %d, %d], ",
         QUERN_PLAN_INFERENCE, QUERN_PLAN_TRAINING, QUERN_PLAN_GRADIENTS);
  printf("\"tasks\": [%d, %d, %d, %d], \"statuses\": [\n",
         QUERN_TASK_NONE, QUERN_TASK_CLASSES, QUERN_TASK_LABELS, QUERN_TASK_REGRESSION);
  QUERN_STATUSES(STATUS)
  printf("null], \"activations\": [\n"); QUERN_ACTIVATIONS(TEXT)
  printf("null], \"losses\": [\n"); QUERN_LOSSES(TEXT)
  printf("null], \"version\": \"%s\"}\n", QUERN_VERSION);
  return 0;
}
"""


def fields_of(struct):
    return [field[0] for field in struct._fields_]


def leaves(struct, prefix=""):
    """Every member of a struct, with nested structs by their path: (path, offset, size)."""
    for field, kind in struct._fields_:
        place = getattr(struct, field)
        if issubclass(kind, ctypes.Structure):
            for path, offset, size in leaves(kind, f"{prefix}{field}."):
                yield path, place.offset + offset, size
        else:
            yield prefix + field, place.offset, place.size


def ask_compiler():
    sizes = [f'printf("\\"%s\\": %zu,\\n", "{name}", sizeof({name}));' for name in STRUCTS]
    fields = [
        f"FIELD({name}, {field})" for name, struct in STRUCTS.items() for field in fields_of(struct)
    ]
    initial = [f"BYTES(initial, {path})" for path, _, _ in leaves(_declarations.TrainOptions)]
    program = (
        PROGRAM.replace("@SIZES@", "\n".join(sizes))
        .replace("@FIELDS@", "\n".join(fields))
        .replace("@INITIAL@", "\n".join(initial))
        .replace(
            "@READING@",
            "\n".join(
                f"BYTES(reading, {path})" for path, _, _ in leaves(_declarations.DatasetOptions)
            ),
        )
    )
    with tempfile.TemporaryDirectory() as folder:
        source, binary = pathlib.Path(folder, "layouts.c"), pathlib.Path(folder, "layouts")
        source.write_text(program, encoding="utf-8")
        subprocess.run(
            [
                os.environ["CC"],
                "-std=c11",
                f"-I{SOURCE / 'include'}",
                str(source),
                os.environ["QUERN_LIBRARY"],
                f"-Wl,-rpath,{pathlib.Path(os.environ['QUERN_LIBRARY']).parent}",
                "-o",
                str(binary),
            ],
            check=True,
        )
        return json.loads(subprocess.run([str(binary)], check=True, capture_output=True).stdout)


class Layouts(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.c = ask_compiler()

    def test_sizes(self):
        self.assertGreater(len(STRUCTS), 5)
        for name, struct in STRUCTS.items():
            self.assertEqual(ctypes.sizeof(struct), self.c["sizes"][name], name)

    def test_fields(self):
        ours = [
            [name, field, getattr(struct, field).offset, getattr(struct, field).size]
            for name, struct in STRUCTS.items()
            for field in fields_of(struct)
        ]
        self.assertEqual(ours, self.c["fields"][:-1])

    def test_initial_values(self):
        for struct, initial in (
            (_declarations.TrainOptions, "initial"),
            (_declarations.DatasetOptions, "reading"),
        ):
            raw = bytes(struct.initial())
            for (path, offset, size), (_, expected) in zip(leaves(struct), self.c[initial][:-1]):
                self.assertEqual(raw[offset : offset + size].hex(), expected, path)

    def test_names(self):
        self.assertEqual(quern.activations(), self.c["activations"][:-1])
        self.assertEqual(quern.losses(), self.c["losses"][:-1])
        for ours, names, values in (
            (
                _declarations.INITIALIZERS,
                ["default", "he", "xavier", "uniform", "lecun"],
                "initializers",
            ),
            (_declarations.TASKS, ["none", "classes", "labels", "regression"], "tasks"),
            (_declarations.HEADERS, ["auto", "none", "one"], "headers"),
            (_declarations.LABELS, ["last", "first"], "labels"),
            (_declarations.MISSING, ["refuse", "mean", "zero"], "missing"),
            (_declarations.TEXTS, ["refuse", "one-hot"], "texts"),
            (_declarations.PLAN_MODES, ["inference", "training", "gradients"], "plan_modes"),
        ):
            self.assertEqual(list(ours), names)
            self.assertEqual(list(ours.values()), self.c[values])

    def test_statuses(self):
        statuses = self.c["statuses"][:-1]
        self.assertEqual(statuses[0], "QUERN_OK")
        self.assertLessEqual(set(_errors._BASES), set(statuses))
        for value, name in enumerate(statuses):
            self.assertEqual(_declarations.lib.quern_status_name(value).decode(), name)

    def test_version(self):
        self.assertEqual(VERSION, self.c["version"])
        self.assertEqual(quern.__version__, VERSION)


SCALARS = {
    "size_t": ctypes.c_size_t,
    "_Bool": ctypes.c_bool,
    "double": ctypes.c_double,
    "float": ctypes.c_float,
    "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "uint64_t": ctypes.c_uint64,
    "void": None,
}
POINTED = {name: SCALARS[name] for name in ("float", "int32_t", "uint32_t", "size_t")}


def expected_types(declared):
    """The ctypes with which a C type may be declared."""
    words = declared.replace("const ", "").strip()
    base, stars = words.rstrip("* "), words.count("*")
    if stars == 0:
        return [SCALARS[base] if base in SCALARS else STRUCTS.get(base, ctypes.c_int)]
    if stars == 2 or base == "void":
        return [ctypes.POINTER(ctypes.c_void_p), ctypes.c_void_p]
    if base == "char":
        return [ctypes.c_char_p]
    if base in POINTED:
        return [ctypes.POINTER(POINTED[base])]
    if base in STRUCTS:
        return [ctypes.POINTER(STRUCTS[base])]
    # An enumeration, or an opaque type.
    return [ctypes.c_void_p, ctypes.POINTER(ctypes.c_int)]


class Functions(unittest.TestCase):
    def test_functions(self):
        declared = (SOURCE / "tests/abi/quern.abi").read_text(encoding="utf-8")
        for name, (result, *arguments) in _declarations._FUNCTIONS.items():
            found = re.search(rf"^QUERN_API (.*?){name}\((.*)\);?$", declared, re.MULTILINE)
            self.assertIsNotNone(found, f"{name} is not in tests/abi/quern.abi")
            self.assertIn(result, expected_types(found[1]), f"{name}: what it returns")
            parameters = (
                []
                if found[2] == "void"
                else [re.sub(r"\w+$", "", p.strip()) for p in found[2].split(",")]
            )
            self.assertEqual(len(arguments), len(parameters), f"{name}: how many arguments")
            for ours, theirs in zip(arguments, parameters):
                self.assertIn(ours, expected_types(theirs), f"{name}({found[2]})")


if __name__ == "__main__":
    unittest.main()
