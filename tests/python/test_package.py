"""The package that pip builds has every module and the library's version, and no compiled part; the
code on its pages runs."""

import importlib.util
import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest
import zipfile

import quern

SOURCE = pathlib.Path(os.environ["SOURCE"])
TOOLS = all(importlib.util.find_spec(name) for name in ("pip", "setuptools", "wheel"))


class Package(unittest.TestCase):
    @unittest.skipUnless(TOOLS, "pip, setuptools or wheel is missing: no wheel is made")
    def test_wheel(self):
        with tempfile.TemporaryDirectory() as folder:
            tree = pathlib.Path(folder, "python")
            shutil.copytree(SOURCE / "python", tree, ignore=shutil.ignore_patterns("__pycache__"))
            subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "pip",
                    "wheel",
                    "--quiet",
                    "--disable-pip-version-check",
                    "--no-deps",
                    "--no-index",
                    "--no-build-isolation",
                    "--wheel-dir",
                    folder,
                    str(tree),
                ],
                check=True,
                stdout=sys.stderr,
            )
            wheel = pathlib.Path(folder, f"quern-{quern.__version__}-py3-none-any.whl")
            names = zipfile.ZipFile(wheel).namelist()
        sources = SOURCE / "python"
        expected = {str(path.relative_to(sources)) for path in sources.glob("quern/**/*.py")}
        self.assertEqual({name for name in names if name.startswith("quern/")}, expected)

    def test_pages(self):
        """The examples of README.md and of help(quern) run, one after the other."""
        page = (SOURCE / "python/README.md").read_text(encoding="utf-8")
        pieces = [
            piece
            for piece in re.findall(r"```python\n(.*?)```", page, re.DOTALL)
            if all(
                map(importlib.util.find_spec, re.findall(r"^(?:from|import) (\w+)", piece, re.M))
            )
        ]
        self.assertGreater(len(pieces), 0)
        pieces.append(
            "\n".join(
                line.strip() for line in quern.__doc__.splitlines() if line.startswith("    ")
            )
        )
        before = os.getcwd()
        with tempfile.TemporaryDirectory() as folder:
            os.chdir(folder)
            try:
                for piece in pieces:
                    exec(compile(piece, "README.md", "exec"), {})  # pylint: disable=exec-used
            finally:
                os.chdir(before)

    def test_all_is_documented(self):
        for name in quern.__all__:
            self.assertTrue(getattr(quern, name).__doc__, name)
            self.assertIn(name, (SOURCE / "python/README.md").read_text(encoding="utf-8"))


if __name__ == "__main__":
    unittest.main()
