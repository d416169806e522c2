#!/usr/bin/env python3
"""The scripts of bench/ that write tables between marks make those of the pages: in small, on copies.

usage: marked_tables_test.py POSITTUNE SOURCE [TEST...]
"""

import re
import subprocess
import sys
import unittest

import page_case
from page_case import PROGRAM, ROOT, labels, module, tables


class Results(page_case.PageCase):
    page_name = "results.md"

    def test_in_small(self):
        after = self.run_script(
            "search.py", "--small", "--write", "--only", "zoo ALBERT", "--runs-folder", self.folder / "runs"
        )
        self.same_outside(self.before, after, "results")
        self.same_tables(after, "results", [2] * 5, "zoo ALBERT")
        self.assertNotIn("not run", after)
        self.assertTrue((self.folder / "results-zoo-albert.svg").exists())
        # Rows of uniform formats alone, from the same runs: nothing changes but the line that says so.
        again = ("search.py", "--small", "--inputs", "--write", "--only", "zoo ALBERT", "--runs-folder")
        told = [self.run_script(*again, self.folder / "runs") for _ in range(2)]
        self.assertEqual(told[0], told[1])
        (line,) = [line for line in told[0].split("\n") if line.startswith("Rows of uniform formats")]
        self.assertIn("zoo ALBERT (", line)
        self.assertEqual(told[0].replace(line + "\n\n", ""), after)
        searched = self.run_script(*again[:3], "eight", "six", *again[3:], self.folder / "runs")
        (line,) = [line for line in searched.split("\n") if line.startswith("Searched rows")]
        self.assertEqual(searched.replace(line + "\n\n", ""), told[0])
        # Finished runs are used as they are, but not where they were made with other options.
        config = self.folder / "runs/zoo-albert/draw0/static/run.json"
        config.write_text(config.read_text().replace('"static"', '"output"'))
        self.run_script(
            "search.py", "--small", "--only", "zoo ALBERT", "--runs-folder", self.folder / "runs", codes=(1,)
        )


class Sensitivity(page_case.PageCase):
    page_name = "sensitivity.md"

    def test_in_small(self):
        after = self.run_script(
            "sensitivity.py",
            "--small",
            "--write",
            "--only",
            "zoo ALBERT",
            "inputs",
            "--runs-folder",
            self.folder / "runs",
        )
        self.same_outside(self.before, after, "checks", "inputs")
        counted = re.compile(r"\d+ formats")
        self.before, after = (counted.sub("N formats", text) for text in (self.before, after))
        self.same_tables(after, "checks", [3, 3, 1, 1], "zoo ALBERT")
        self.same_tables(after, "inputs", [1])
        self.assertTrue((self.folder / "sensitivity-zoo-albert.svg").exists())


class Search(page_case.PageCase):
    page_name = "search.md"

    def test_compensation(self):
        after = self.run_script("compensation.py", "--small", "--write", "--runs-folder", self.folder / "runs")
        self.same_outside(self.before, after, "embeddings", "convolutions")
        self.same_tables(after, "embeddings", [1])
        self.same_tables(after, "convolutions", [1])

    def test_speed(self):
        bench = (PROGRAM.parent / "posittune_bench_knapsack").exists()
        after = self.run_script("search_speed.py", "--small", "--write")
        self.same_outside(self.before, after, "searches", *(["solver"] if bench else []))
        ((old, new),) = self.pairs(after, "searches")
        self.assertEqual(new[0], old[0])
        self.assertEqual([row[0] for row in old[1:]], [row[0] for row in module("search_speed").SEARCHES])
        ((old, new),) = self.pairs(after, "solver")
        self.assertEqual(new[0], old[0])
        self.assertEqual(labels(new, 1), labels(old, 1)[: len(new) - 1])


class Models(page_case.PageCase):
    page_name = "performance.md"

    def test_in_small(self):
        after = self.run_script("models.py", "--small", "--write")
        self.same_outside(self.before, after, "models")
        for old, new in self.pairs(after, "models"):
            self.assertEqual(new[0], old[0])
            self.assertEqual({len(row) for row in new}, {len(new[0])})
        (old, new), *_ = self.pairs(after, "models")
        names = dict.fromkeys(row[0] for row in old[1:])
        self.assertEqual(list(names), [row[0] for row in module("models").MODELS])
        for name in names:  # formats, and what they are of
            self.assertEqual([row[1:3] for row in old if row[0] == name], [row[1:3] for row in new[1:]])
        self.assertTrue((self.folder / "growth.svg").exists())


class Kernels(page_case.PageCase):
    page_name = "performance.md"

    def test_in_small(self):
        after = self.run_script(
            "run.py", "--small", "--write", codes=(0, 1)
        )  # 1: a goal is missed, as so short a run may
        self.same_outside(self.before, after, "table")
        (old_goals, new_goals), (old, new) = self.pairs(after, "table")
        machine = re.compile(r"avx512|avx2|scalar")
        self.assertEqual(new_goals[0], old_goals[0])
        self.assertEqual(
            [machine.sub("", goal) for (goal,) in labels(new_goals, 1)],
            [machine.sub("", goal) for (goal,) in labels(old_goals, 1)],
        )
        self.assertEqual({machine.sub("", cell) for cell in new[0]}, {machine.sub("", cell) for cell in old[0]})
        self.assertEqual(labels(new, 1), labels(old, 1))


class WithoutTheirTools(unittest.TestCase):
    """Tables of scripts that need other libraries or the hardware's tools: what can be said without them."""

    def marked(self, page: str, name: str) -> list[list[str]]:
        case = page_case.PageCase()
        (table,) = tables(case.marked((ROOT / "docs" / page).read_text())[name])
        return table

    def test_peers(self):
        peers = module("peers")
        rows = [
            peers.Row(
                peer.title,
                size,
                size,
                f"quantize/{peer.ours}/avx2/threads:1/{size}/real_time",
                1,
                1,
                1,
                1,
                1,
                peer.goal,
                None,
            )
            for peer in peers.PEERS
            for size in peers.SIZES[: 1 if peer.name == "softposit" else 2]
        ]
        options = type("Options", (), {"cpu_time": False, "rounds": 1, "seconds": 1})
        (made,) = tables("\n".join(peers.markdown(rows, [], {}, options)) + "\n")
        self.assertEqual(made[0], self.marked("performance.md", "peers")[0])
        self.assertEqual(labels(made, 1), labels(self.marked("performance.md", "peers"), 1))

    def test_python_package(self):
        package = module("python_package")
        rows = [
            package.Row(peer.title, package.ours_of(peer), size, 1, 1, [1])
            for peer in package.PEERS
            for size in package.SIZES
        ]
        (made,) = tables("\n".join(package.speed_table(rows)) + "\n")
        page = page_case.MARKED.search((ROOT / "docs" / "python.md").read_text())[2]
        seen, imported = tables(page)
        self.assertEqual(made[0], seen[0])
        self.assertEqual(labels(made, 2), labels(seen, 2))
        self.assertEqual([row[0] for row in imported[1:]], list(package.IMPORTS))

    def test_qtorch(self):
        qtorch = module("qtorch_gpt2")
        rows = [
            {"peer": title, "seconds": 1, "ratio": 1, "low": 1, "high": 1, "goal": goal, "met": None}
            for title, goal in qtorch.PEERS.values()
        ]
        result = {
            "load_at_start": [0, 0, 0],
            "format": "",
            "rounds": 1,
            "runs": 1,
            "path": "",
            "openvino_fp32_seconds": 1,
            "ours_seconds": 1,
            "rows": rows,
        }
        (made,) = tables("\n".join(qtorch.markdown(result)) + "\n")
        self.assertEqual(made[0], self.marked("performance.md", "qtorch")[0])
        self.assertEqual(labels(made, 1), labels(self.marked("performance.md", "qtorch"), 1))

    def test_flexposit(self):
        (made,) = tables("\n".join(module("flexposit_probe").table(4.742, 3.898, 0.0686, 2098)) + "\n")
        self.assertEqual(made, self.marked("sensitivity.md", "flexposit"))

    def test_estimate(self):
        estimate = module("avx512_estimate")
        table = self.marked("performance.md", "estimate")
        self.assertEqual([[cell.strip() for cell in estimate.HEAD[0].strip("|").split("|")]], table[:1])
        expected = [
            (title, target, cpu)
            for target, (_, _, cpus) in estimate.TARGETS.items()
            for title, _, _ in estimate.CASES
            for cpu in cpus
        ]
        self.assertEqual(labels(table, 3), expected)

    def test_hardware(self):
        """As rtl/syn/page.py --write would write them, of the synthesis tables."""
        done = subprocess.run([sys.executable, "-B", ROOT / "rtl/syn/page.py"], capture_output=True, text=True)
        if "no cell library" in done.stderr:
            self.skipTest("the OSU018 cells are not here (docs/testing.md)")
        self.assertEqual(done.returncode, 0, done.stderr)
        marked = page_case.PageCase().marked((ROOT / "docs/hardware.md").read_text())
        self.assertEqual(
            tables(done.stdout),
            [table for name in ("ratios", "rounding", "multi", "units") for table in tables(marked[name])],
        )

    def test_seeded_bugs(self):
        text = (ROOT / "docs/hardware.md").read_text().split("## Seeded bugs")[1]
        bugs = [(f"`{bug.file}`", bug.what) for bug in module("mutate").BUGS]
        self.assertEqual(labels(tables(text)[0], 2), bugs)
        self.assertIn(f"All {len(bugs)}, in {len({file for file, _ in bugs})} files", text)


if __name__ == "__main__":
    page_case.main()
