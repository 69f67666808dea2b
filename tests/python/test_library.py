"""How libquern is found, and the errors if it is not; devices; a fork. Each import runs in a
process of its own."""

import ctypes
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile
import unittest

import quern

LIBRARY = pathlib.Path(os.environ["QUERN_LIBRARY"]).resolve()
PACKAGE = pathlib.Path(quern.__file__).parent


def run(code, package=PACKAGE.parent, **variables):
    """The output of Python that runs `code` with these environment variables; None removes one."""
    environment = {**os.environ, "PYTHONPATH": str(package), **variables}
    environment = {name: value for name, value in environment.items() if value is not None}
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=False
    )
    return done.stdout + done.stderr


class Finding(unittest.TestCase):
    def test_none(self):
        said = run("import quern", QUERN_LIBRARY=None, LD_LIBRARY_PATH=None)
        self.assertRegex(
            said,
            r"ImportError: quern: libquern was not found; build it with -DBUILD_SHARED_LIBS=ON and "
            r"install it, or set QUERN_LIBRARY to the "
            r"path of "
            r"libquern\.so\.\d+ \(.*cannot open",
        )

    def test_named(self):
        said = run("import quern", QUERN_LIBRARY="/nonexistent/libquern.so")
        self.assertRegex(
            said,
            "ImportError: quern: QUERN_LIBRARY names a library that cannot be opened "
            ".*/nonexistent",
        )
        said = run("import quern", QUERN_LIBRARY="libc.so.6")
        self.assertIn(
            "ImportError: quern: libc.so.6 is not libquern: it has no quern_version", said
        )

    def test_the_systems(self):
        said = run(
            "import quern; print(len(quern.losses()) > 0)",
            QUERN_LIBRARY=None,
            LD_LIBRARY_PATH=str(LIBRARY.parent),
        )
        self.assertEqual(said, "True\n")

    def test_beside_the_package(self):
        with tempfile.TemporaryDirectory() as folder:
            copied = pathlib.Path(folder, "quern")
            shutil.copytree(PACKAGE, copied, ignore=shutil.ignore_patterns("__pycache__"))
            shutil.copy(LIBRARY, copied / quern._library._SONAME)
            said = run(
                "import quern; print(quern._declarations.lib._name)",
                folder,
                QUERN_LIBRARY=None,
                LD_LIBRARY_PATH=None,
            )
            self.assertEqual(said, f"{copied / quern._library._SONAME}\n")

    def test_another_version(self):
        with tempfile.TemporaryDirectory() as folder:
            copied = pathlib.Path(folder, "quern")
            shutil.copytree(PACKAGE, copied, ignore=shutil.ignore_patterns("__pycache__"))
            (copied / "_version.py").write_text('VERSION = "0.77.0"\n', encoding="utf-8")
            said = run("import quern", folder)
            self.assertRegex(
                said,
                rf"ImportError: quern: .* is version {quern.__version__} of libquern, "
                r"and this package is for 0\.77\.0",
            )


class Devices(unittest.TestCase):
    def test_list(self):
        found = quern.devices()
        self.assertEqual([device.index for device in found], list(range(len(found))))
        self.assertEqual((found[-1].kind, found[-1].name), ("reference", "reference"))
        first = quern.Network(2, [2], device="0").device
        self.assertEqual(
            (first.kind, first.name, first.platform),
            (found[0].kind, found[0].name, found[0].platform),
        )

    def test_without_opencl(self):
        said = run(
            "import quern; print([d.kind for d in quern.devices()], quern.Network(2, "
            "[2]).device.kind)",
            QUERN_OPENCL_LIBRARY="/nonexistent",
        )
        self.assertEqual(said, "['reference'] reference\n")

    def test_fork(self):
        said = run("""
import os, quern
network = quern.Network(2, [2], device=None)
network.predict([[1, 2]])
if network.device.kind != "reference":
    child = os.fork()
    if child == 0:
        try:
            network.predict([[1, 2]])
            print("no error", flush=True)
        except quern.Error as error:
            print(error.status, flush=True)
        os._exit(0)
    os.waitpid(child, 0)
else:
    print("QUERN_ERROR_FORKED")
""")
        self.assertEqual(said, "QUERN_ERROR_FORKED\n")

    def test_errors(self):
        with self.assertRaises(quern.Error) as raised:
            quern._errors.check(
                quern._declarations.lib.quern_context_create(
                    b"no such device", ctypes.byref(ctypes.c_void_p())
                )
            )
        self.assertEqual(raised.exception.status, "QUERN_ERROR_NO_DEVICE")
        self.assertIn("no such device", str(raised.exception))


if __name__ == "__main__":
    unittest.main()
