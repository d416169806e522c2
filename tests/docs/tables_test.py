#!/usr/bin/env python3
"""bench/compare.py makes the tables of docs/compare.md: in small, on a copy of the page.

usage: tables_test.py POSITTUNE SOURCE [TEST...]
"""

import re

import page_case
from page_case import ROW


class CompareTables(page_case.PageCase):
    page_name = "compare.md"

    def test_tables_are_those_of_their_commands(self):
        after = self.run_script("compare.py", "--small", "--only", "zoo:gpt2", "zoo:albert")
        for name, metric in ("gpt2", "perplexity"), ("albert", "accuracy"):
            command = re.search(rf"^`posittune compare zoo:{name}.*`$", self.before, re.M).group()
            old, new = (page.split(command, 1)[1].split("\n\n")[1].splitlines() for page in (self.before, after))
            self.assertEqual(new[:2], old[:2])
            self.assertIn(f" {metric} ", new[0])
            settings = [tuple(cell.strip() for cell in row.split("|")[1:4]) for row in new[2:]]
            rules = ("rms_pow2", "mse_pow2")
            self.assertEqual(
                settings,
                [
                    *(("fp32", what, "none") for what in ("w", "wa")),
                    *(("int8", what, rule) for what in ("w", "wa") for rule in rules),
                ],
            )
            self.assertEqual([row.count("|") for row in new], [8] * len(new))
        # All else is as it was.
        self.assertEqual(ROW.sub("", after), ROW.sub("", self.before))

    def test_no_table_is_an_error(self):
        self.run_script("compare.py", "--small", "--only", "zoo:nothing", codes=(1,))
        self.assertEqual(self.page.read_text(), self.before)


if __name__ == "__main__":
    page_case.main()
