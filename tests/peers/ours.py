"""PositTune through its executable: code tables, codes and rounded values of float arrays.

What is asked can be kept: each call with a sample of its input and of the result. Once all peers have agreed with the
results, these are the peers' values too, and stored_test.py compares with them without a peer.
"""

import csv
import io
import json
import subprocess
from pathlib import Path

import numpy as np

SAMPLE = 256  # numbers kept of an array
BLOCK = 32  # MX formats: whole blocks are kept


def sample(form, array):
    """Which elements of a flat array are kept."""
    if form.lower().startswith("mx"):
        return np.arange(min(array.size, 4 * SAMPLE) // BLOCK * BLOCK)
    return np.unique(np.linspace(0, array.size - 1, SAMPLE).astype(np.int64))


class PositTune:
    def __init__(self, executable, scratch):
        self.kept = {"calls": []}
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
        values = np.array([float(row["value"]) for row in rows])
        self.keep({"call": "table", "form": form}, np.zeros(0, np.float32), values)
        return values

    def quantize(self, form, floats, codes=False, scale=None):
        """Rounded values (float32), or codes (unsigned), of a float32 array."""
        source, result = self.scratch / "in.npy", self.scratch / "out.npy"
        result.unlink(missing_ok=True)
        np.save(source, np.ascontiguousarray(floats, dtype=np.float32))
        options = ["--codes"] * codes + (["--scale", scale] if scale is not None else [])
        self.run("quantize", source, "-f", form, "-o", result, *options)
        found = np.load(result)
        if found.shape == np.shape(floats) and (found.ndim == 1 or not form.lower().startswith("mx")):
            at = sample(form, found)
            self.keep(
                {
                    "call": "quantize",
                    "form": form,
                    "codes": bool(codes),
                    "scale": None if scale is None else float(scale),
                },
                np.ascontiguousarray(floats, dtype=np.float32).ravel()[at],
                found.ravel()[at],
            )
        return found

    def keep(self, call, given, result):
        number = len(self.kept["calls"])
        self.kept["calls"].append(call)
        self.kept[f"given{number}"], self.kept[f"result{number}"] = given, result

    def store(self, path):
        np.savez_compressed(path, **{**self.kept, "calls": np.array(json.dumps(self.kept["calls"]))})

    def exponents(self):
        """The biased shared exponents (uint8) that the last codes of an MX format came with."""
        return np.load(self.scratch / "out.exponents.npy")
