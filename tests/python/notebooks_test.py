#!/usr/bin/env python3
"""Runs the notebooks of examples/ from a fresh copy, and checks what is stored in them.

    notebooks_test.py BUILD_FOLDER PACKAGE_FOLDER [NAME...] [--store]

PACKAGE_FOLDER holds the package posittune, built for this interpreter. The environment, BUILD_FOLDER/python/notebooks, has what
pyproject.toml names; it is made once. Exit code 77 when it cannot be had. --store writes the outputs of the run into examples/.
"""

import argparse
import os
import re
import sys
import tempfile
import unittest
from pathlib import Path

import tomllib

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[1]
NAMES = ("gpt2", "yolo", "albert")
RUNNER = "nbclient==0.11.0"
LARGEST = 400_000  # bytes of a notebook
LONGEST_CELL = 900  # seconds; machines of CI are slow
PATH = re.compile(r"(?<![\w.:/<~-])/(?:[\w.-]+/)+[\w.-]*|[A-Z]:\\\\")


def requirements():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    return [*project["dependencies"], *project["optional-dependencies"]["notebook"], RUNNER]


def execute(notebook, folder):
    """The notebook with its outputs, run in a folder of its own."""
    import nbclient

    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    nbclient.NotebookClient(
        notebook,
        timeout=LONGEST_CELL,
        record_timing=False,
        resources={"metadata": {"path": str(folder)}},
        extra_arguments=["--IPKernelApp.log_level=40"],  # its port is of this machine alone: no warning
    ).execute()
    notebook.metadata.language_info = {"name": "python"}  # the kernel's own has the version that ran
    return notebook


def outputs(notebook):
    return [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]


def texts(notebook):
    """All that a reader sees but plots."""
    for output in outputs(notebook):
        yield output.get("text", "")
        yield from (str(text) for kind, text in output.get("data", {}).items() if kind.startswith("text/"))


def kinds(notebook):
    """What each cell shows: its number, and the kinds of its outputs."""
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    return [
        (i, [sorted(output.get("data", [output.get("name", "")])) for output in cell.outputs])
        for i, cell in enumerate(cells)
    ]


class Notebook(unittest.TestCase):
    """One of examples/, both as stored and as run now."""

    def __init__(self, name, store):
        super().__init__("test")
        self.path, self.store = ROOT / f"examples/{name}.ipynb", store

    def id(self):
        return self.path.name

    def check(self, notebook):
        for cell in notebook.cells:
            self.assertTrue(cell.cell_type != "code" or cell.execution_count, f"not run: {cell.source[:60]}")
        for output in outputs(notebook):
            self.assertNotEqual(output.output_type, "error")
            self.assertNotEqual(output.get("name"), "stderr", output.get("text"))
        for text in texts(notebook):
            self.assertIsNone(PATH.search(text), text)
        self.assertGreaterEqual(sum("image/png" in output.get("data", {}) for output in outputs(notebook)), 5)

    def test(self):
        import nbformat

        with tempfile.TemporaryDirectory() as folder:
            fresh = execute(nbformat.read(self.path, 4), folder)
        if self.store:  # a wrong one too, to look at
            nbformat.write(fresh, self.path)
        self.check(fresh)
        stored = nbformat.read(self.path, 4)
        self.check(stored)
        self.assertEqual(kinds(stored), kinds(fresh), "stored outputs are of other cells; --store renews them")
        self.assertLess(self.path.stat().st_size, LARGEST)


class Progress(unittest.TestCase):
    """Bars in a notebook are widgets, and nothing is shown where they are off."""

    def shown(self, progress):
        from nbformat import v4

        session = f'pt.Session("zoo:albert", limit=8, progress={progress})'
        source = f'import posittune as pt\n{session}.compare(["int8"], what="w", scales="absmax");'
        with tempfile.TemporaryDirectory() as folder:
            return outputs(execute(v4.new_notebook(cells=[v4.new_code_cell(source)]), folder))

    def test_bars(self):
        found = self.shown(True)
        self.assertTrue(any("application/vnd.jupyter.widget-view+json" in output.get("data", {}) for output in found))

    def test_quiet(self):
        self.assertEqual(self.shown(False), [])


def inside(names, store):
    tests = [Notebook(name, store) for name in names or NAMES]
    tests += unittest.defaultTestLoader.loadTestsFromTestCase(Progress)
    result = unittest.TextTestRunner(verbosity=2).run(unittest.TestSuite(tests))
    sys.exit(not result.wasSuccessful())


def outside(build, package, arguments):
    sys.path.insert(0, str(HERE))
    import python_test

    try:
        python = python_test.prepare(build, "notebooks", requirements())
    except python_test.environment.Unavailable as reason:
        print(f"skip package_notebooks: {reason}")
        sys.exit(77)
    home = python.parent.parent / "home"  # settings and caches of Jupyter and matplotlib
    folders = ("JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "JUPYTER_RUNTIME_DIR", "IPYTHONDIR", "MPLCONFIGDIR")
    variables = {
        **os.environ,
        **{name: str(home / name.lower()) for name in folders},
        "PYTHONPATH": str(Path(package).resolve()),
        "POSITTUNE_ZOO": str(ROOT / "zoo"),
    }
    os.execve(python, [str(python), str(HERE / "notebooks_test.py"), "--inside", *arguments], variables)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    parser.add_argument("--store", action="store_true")
    parser.add_argument("rest", nargs="*", metavar="BUILD_FOLDER PACKAGE_FOLDER [NAME...]")
    given = parser.parse_args()
    if given.inside:
        inside(given.rest, given.store)
    elif len(given.rest) < 2:
        parser.error("BUILD_FOLDER and PACKAGE_FOLDER are missing")
    else:
        build, package, *names = given.rest
        outside(build, package, [*names, *(["--store"] if given.store else [])])


if __name__ == "__main__":
    main()
