"""PositTune through its executable: code tables, codes and rounded values of float arrays."""

import csv
import io
import subprocess
from pathlib import Path

import numpy as np


class PositTune:
    def __init__(self, executable, scratch):
        self.executable = str(executable)
        self.scratch = Path(scratch)
        self.scratch.mkdir(parents=True, exist_ok=True)

    def run(self, *arguments):
        done = subprocess.run([self.executable, *map(str, arguments)], capture_output=True, text=True)
        if done.returncode != 0:
            command = " ".join(map(str, arguments))
            raise RuntimeError(f"posittune {command} exited {done.returncode}: {done.stderr.strip()}")
        return done.stdout

    def table(self, form):
        """The value (float64) of each code of a format with at most 16 bits."""
        rows = list(csv.DictReader(io.StringIO(self.run("formats", form, "--codes", "csv"))))
        assert [int(row["code"]) for row in rows] == list(range(len(rows))), f"codes of {form} in order"
        return np.array([float(row["value"]) for row in rows])

    def quantize(self, form, floats, codes=False, scale=None):
        """Rounded values (float32), or codes (unsigned), of a float32 array."""
        source, result = self.scratch / "in.npy", self.scratch / "out.npy"
        result.unlink(missing_ok=True)
        np.save(source, np.ascontiguousarray(floats, dtype=np.float32))
        options = ["--codes"] * codes + (["--scale", scale] if scale is not None else [])
        self.run("quantize", source, "-f", form, "-o", result, *options)
        return np.load(result)

    def exponents(self):
        """The biased shared exponents (uint8) that the last codes of an MX format came with."""
        return np.load(self.scratch / "out.exponents.npy")
