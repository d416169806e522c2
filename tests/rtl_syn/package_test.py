"""posittune rtl: the folder passes its own test bench, and synthesises.

usage: package_test.py ROOT POSITTUNE [unittest arguments]
"""

import os
import pathlib
import subprocess
import sys
import tempfile
import unittest

ROOT, POSITTUNE = (pathlib.Path(p).resolve() for p in sys.argv[1:3])


class PackageTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.path = pathlib.Path(folder.name)

    def rtl(self, *arguments, code=0):
        done = subprocess.run(
            [POSITTUNE, "rtl", *map(str, arguments), "-o", self.path / "unit"],
            capture_output=True,
            text=True,
            env={**os.environ, "POSITTUNE_RTL": str(ROOT / "rtl")},
        )
        self.assertEqual(done.returncode, code, done.stderr)
        return done.stderr

    def bench(self):
        """The last line of the bench's output."""
        folder = self.path / "unit"
        build = [
            "verilator",
            "--binary",
            "--timing",
            "-Wno-fatal",
            "-Wno-lint",
            "-O0",
            "-f",
            "filelist.f",
            "tb.sv",
            "--top-module",
            "tb",
        ]
        subprocess.run(build, cwd=folder, check=True, capture_output=True)
        return subprocess.run([folder / "obj_dir" / "Vtb"], cwd=folder, capture_output=True, text=True)

    def test_passes_and_synthesises(self):
        self.rtl("--format", "posit<8,1>", "--pipeline", 2)
        self.assertIn("PASS", self.bench().stdout)
        done = subprocess.run(["yosys", "-q", "synth.ys"], cwd=self.path / "unit", capture_output=True, text=True)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("module posit_mac", (self.path / "unit" / "netlist.v").read_text())

    def test_mixed_widths(self):
        self.rtl("--format", "posit<5,1>", "--activation", "posit<8,1>", "--vectors", 300)
        self.assertIn("PASS", self.bench().stdout)

    def test_a_broken_unit_fails(self):
        self.rtl("--format", "bf16", "--vectors", 300)
        path = self.path / "unit" / "src" / "float_add.sv"
        text = path.read_text()
        broken = text.replace("assign subtract = sign_i ^ acc_i[31];", "assign subtract = 1'b0;")
        self.assertNotEqual(text, broken)
        path.write_text(broken)
        done = self.bench()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("FAIL", done.stdout + done.stderr)

    def test_errors(self):
        self.assertIn("posit<4,0>", self.rtl("--format", "posit<3,0>", code=4))
        self.assertIn("no wider", self.rtl("--format", "posit<8,1>", "--activation", "posit<6,1>", code=4))
        self.assertIn("0 to 3", self.rtl("--format", "int8", "--pipeline", 4, code=2))
        self.assertFalse((self.path / "unit").exists())
        self.rtl("--format", "int8")
        self.assertIn("there already", self.rtl("--format", "int8", code=2))


if __name__ == "__main__":
    unittest.main(argv=[sys.argv[0], *sys.argv[3:]])
