"""A copy of a page of docs/, a script of bench/ that writes its tables in small, and what must be as it was."""

import importlib
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM, ROOT = (pathlib.Path(word).resolve() for word in sys.argv[1:3])
sys.path[:0] = [str(ROOT / folder) for folder in ("bench", "bench/peers", "rtl/tb", "tests/peers")]
sys.dont_write_bytecode = True
MARKED = re.compile(r"(?<=<!-- )(\w+):begin -->\n(.*?)<!-- \1:end(?= -->)", re.S)
ROW = re.compile(r"^\|.*\n", re.M)


def tables(text: str) -> list[list[list[str]]]:
    """Each table as rows of cells; the line under the header has none of its own."""
    found = re.findall(r"(?:^\|.*(?:\n|\Z))+", text, re.M)
    split = [
        [[cell.strip() for cell in line.strip("|").split("|")] for line in table.replace("\\|", "/").splitlines()]
        for table in found
    ]
    return [[rows[0], *rows[2:]] for rows in split]


def labels(table: list[list[str]], cells: int, model: str = "") -> list[tuple]:
    """The first cells of each row; of one model where the first cell names it."""
    return [tuple(row[bool(model) : cells]) for row in table[1:] if row[0] == (model or row[0])]


class PageCase(unittest.TestCase):
    page_name = ""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.page = self.folder / self.page_name
        shutil.copy(ROOT / "docs" / self.page_name, self.page)
        self.before = self.page.read_text()

    def run_script(self, name: str, *arguments, codes=(0,)) -> str:
        """The page as it is then."""
        words = [
            sys.executable,
            "-B",
            ROOT / "bench" / name,
            "--build",
            PROGRAM.parent,
            "--page",
            self.page,
            *arguments,
        ]
        done = subprocess.run(list(map(str, words)), capture_output=True, text=True)
        self.assertIn(done.returncode, codes, done.stderr)
        return self.page.read_text()

    def marked(self, text: str) -> dict[str, str]:
        return {name: inside for name, inside in MARKED.findall(text)}

    def same_outside(self, before: str, after: str, *written: str) -> None:
        """Outside the marks, and between those of other tables, nothing has changed."""
        self.assertEqual(MARKED.sub("", after), MARKED.sub("", before))
        old, new = self.marked(before), self.marked(after)
        self.assertEqual({name for name in old if old[name] != new[name]}, set(written))

    def pairs(self, after: str, name: str) -> list[tuple]:
        """(table before, table after) of a mark; headers are the same."""
        old, new = (tables(self.marked(text)[name]) for text in (self.before, after))
        self.assertEqual(len(old), len(new))
        return list(zip(old, new))

    def same_tables(self, after: str, name: str, cells: list[int], model: str = "") -> None:
        """`cells`: how many cells of a row of each table are its label."""
        for (old, new), count in zip(self.pairs(after, name), cells, strict=True):
            self.assertEqual(new[0], old[0])
            self.assertEqual(labels(new, count, model), labels(old, count, model))
            self.assertEqual({len(row) for row in new}, {len(new[0])})
            self.assertGreater(len(new), 1)


def main() -> None:
    unittest.main(module="__main__", argv=[sys.argv[0], *sys.argv[3:]])


def module(name: str):
    return importlib.import_module(name)
