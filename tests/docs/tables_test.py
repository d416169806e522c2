#!/usr/bin/env python3
"""bench/compare.py makes the tables of docs/compare.md: in small, on a copy of the page.

usage: tables_test.py POSITTUNE SOURCE
"""
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile
import unittest

PROGRAM, ROOT = (pathlib.Path(word) for word in sys.argv[1:3])


class CompareTables(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.page = pathlib.Path(folder.name) / "page.md"
        shutil.copy(ROOT / "docs" / "compare.md", self.page)

    def run_script(self, *arguments):
        words = [sys.executable, ROOT / "bench/compare.py", "--build", PROGRAM.parent, "--page", self.page, "--small", *arguments]
        return subprocess.run(words, capture_output=True, text=True)

    def test_tables_are_those_of_their_commands(self):
        before = self.page.read_text()
        done = self.run_script("--only", "zoo:gpt2", "zoo:albert")
        self.assertEqual(done.returncode, 0, done.stderr)
        after = self.page.read_text()
        for name, metric in ("gpt2", "perplexity"), ("albert", "accuracy"):
            command = re.search(rf"^`posittune compare zoo:{name}.*`$", before, re.M).group()
            old, new = (page.split(command, 1)[1].split("\n\n")[1].splitlines() for page in (before, after))
            self.assertEqual(new[:2], old[:2])
            self.assertIn(f" {metric} ", new[0])
            settings = [tuple(cell.strip() for cell in row.split("|")[1:4]) for row in new[2:]]
            rules = ("rms_pow2", "mse_pow2")
            self.assertEqual(settings, [*(("fp32", what, "none") for what in ("w", "wa")), *(("int8", what, rule) for what in ("w", "wa") for rule in rules)])
            self.assertEqual([row.count("|") for row in new], [8] * len(new))
        # All else is as it was.
        text = re.compile(r"^\|.*\n", re.M)
        self.assertEqual(text.sub("", after), text.sub("", before))

    def test_no_table_is_an_error(self):
        done = self.run_script("--only", "zoo:nothing")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no table was made", done.stderr)


if __name__ == "__main__":
    unittest.main(argv=sys.argv[:1])
