"""An installed wheel does what it says, without the project beside it: arrays, a session on a zoo model, the program, the
hardware units. Prints a line for each. Run by scripts/try-wheel.
"""

import importlib.util
import os
import pathlib
import subprocess
import sys
import tempfile
import time

# Without a compiler, too: nothing here may need one.
start = time.perf_counter()
import numpy as np  # noqa: E402

numpy_there = time.perf_counter()
import posittune as pt  # noqa: E402

SLOWEST_IMPORT = 0.3  # seconds, beside NumPy's, which has its own

taken = time.perf_counter() - numpy_there
print(f"import: {taken:.3f} s beside NumPy's {numpy_there - start:.3f} s")
assert "torch" not in sys.modules
place = pathlib.Path(pt.__file__).resolve().parent
assert "site-packages" in place.parts, place
best = min(
    float(
        subprocess.run(
            [
                sys.executable,
                "-c",
                "import time, numpy; t = time.perf_counter(); import posittune; print(time.perf_counter() - t)",
            ],
            capture_output=True,
            text=True,
            check=True,
        ).stdout
    )
    for _ in range(5)
)
assert best <= SLOWEST_IMPORT, best

values = pt.quantize(np.float32([0.1, -3, 20]), "posit<8,1>")
np.testing.assert_array_equal(values, np.float32([0.1015625, -3, 20]))
codes = pt.encode(np.float32([[1, -2, 0.75], [3, 4, 5]]), "posit<6,1>", "absmax", axis=0)
np.testing.assert_array_equal(pt.unpack(codes.pack(), 6, 6).reshape(2, 3), codes.codes)
print(f"arrays: {len(pt.formats())} formats")

folder = pathlib.Path(tempfile.mkdtemp())
os.chdir(folder)
session = pt.Session("zoo:albert", limit=8, progress=False)
table = session.compare(["int8", "posit<8,1>"], what="w", scales="mse_pow2", resamples=50)
assert len(table.rows) == 2 and all(0 < row.metrics["kl"].value < 0.01 for row in table.rows)
found = session.search(["posit<4,*>", "int6"], bits=5, resamples=50)
assert len(found.recipe().weights) > 10
print("session: compare and search on zoo:albert, KL", ", ".join(f"{r.metrics['kl'].value:.2g}" for r in table.rows))

program = pathlib.Path(sys.executable).with_name("posittune")
assert (pathlib.Path(sys.prefix) / "share/man/man1/posittune.1").is_file()


def run(*words: str) -> str:
    done = subprocess.run([program, *words], capture_output=True, text=True)
    assert done.returncode == 0, (words, done.returncode, done.stderr)
    return done.stdout


assert pt.__version__ in run("--version")
theirs = run("compare", "zoo:yolo", "--limit", "4", "--formats", "int8", "--what", "w", "--resamples", "50")
assert "int8" in theirs
run("rtl", "--format", "posit<8,1>", "-o", "unit")
assert list(folder.glob("unit/**/*.sv")), "no SystemVerilog"
print(f"program: {run('--version').strip()}, compare, rtl")

for name in ("hub", "fetch"):
    assert importlib.util.find_spec(f"posittune.{name}")
done = subprocess.run([sys.executable, "-m", "posittune.fetch", "--help"], capture_output=True, text=True)
assert done.returncode == 0, done.stderr
print(f"ok: CPython {sys.version.split()[0]}, {place.parent.name}")
