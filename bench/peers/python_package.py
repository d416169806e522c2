#!/usr/bin/env python3
"""Times quantize-dequantize from Python, of our package and of others, in one run, one thread, in alternation; and what
importing the package takes.

    cmake --preset test && cmake --build --preset test --target posittune_python
    python3 bench/peers/python_package.py                     # the machine should be idle
    python3 bench/peers/python_package.py --quick --cpu-time  # a look while others use the machine

Each round times ours, then the peer, each in a process of its own that calls it as a user would; a ratio is the median of
the rounds' ratios. The packages go to BUILD/peers (see tests/peers/environment.py); a peer that cannot be had is named and
left out. --wheel names a wheel whose size is shown.
"""

import os
import statistics
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/peers"), str(ROOT / "bench"), str(ROOT / "bench/peers")]
import pages  # noqa: E402
from peers import Peer, Worker, homes  # noqa: E402

SIZES = [256 * 1024, 4 * 1024 * 1024]
PEERS = [
    Peer("numpy_copy", "NumPy copy into an array that is there", "light", "numpy", ours="posittune_out:posit<8,1>"),
    Peer("ml_dtypes", "ml_dtypes: to float8_e4m3fn and back", "light", "ml-dtypes", ours="posittune:fp8_e4m3"),
    Peer("universal_dtypes", "universal-dtypes: to posit8e1 and back", "light", "universal-dtypes"),
    Peer("flexposit", "flexposit posit_quantize(8, 1)", "torch", "flexposit"),
    Peer("qtorch_plus", "qtorch_plus posit_quantize(8, 1) as shipped", "torch", "qtorch_plus"),
    Peer("qtorch_plus_o3", "the same source with -O3", "torch", "qtorch_plus"),
    Peer("torch_fake_quantize", "torch fake_quantize, int8", "torch", "torch", ours="posittune:int8"),
    Peer("posittune_torch:posit<8,1>", "posittune.torch.quantize, a CPU tensor", "torch", "torch"),
]
IMPORTS = {
    "numpy": "import numpy",
    "numpy and posittune": "import numpy, posittune",
    "and rounding 2^24 floats": "import numpy, posittune\nx = numpy.ones(1 << 24, numpy.float32)\nposittune.quantize(x, 'int8', out=x)",
}
MEASURED = """
import resource, time
start = time.perf_counter()
{}
print(time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


@dataclass
class Row:
    title: str
    ours: str
    size: int
    peer_ns: float  # per float, medians over the rounds
    ours_ns: float
    ratios: list[float]


def ours_of(peer) -> str:
    return peer.ours if peer.ours.startswith("posittune") else f"posittune:{peer.ours}"


def alternate(peer, home, size: int, options) -> Row | str:
    """A row, or why there is none."""
    own = Worker(Peer(ours_of(peer), "", "", ""), home)
    theirs = Worker(peer, home)
    error = own.error or theirs.error
    pairs = []
    for _ in range(0 if error else options.rounds):
        pairs.append([w.ask(size=size, seconds=options.seconds, cpu=options.cpu_time)["ns"] for w in (own, theirs)])
    own.close()
    theirs.close()
    if error:
        return error
    return Row(
        peer.title,
        ours_of(peer),
        size,
        statistics.median(pair[1] for pair in pairs),
        statistics.median(pair[0] for pair in pairs),
        sorted(pair[1] / pair[0] for pair in pairs),
    )


def speed(options) -> tuple[list[Row], list[str]]:
    """Rows, and lines about peers that are not here."""
    found, skipped = homes(options)
    rows, absent = [], []
    for peer in PEERS:
        home = found.get(peer.group)
        reason = skipped[peer.group] if home is None else home.missing.get(peer.package)
        for size in SIZES:
            row = reason or alternate(peer, home, size, options)
            if isinstance(row, str):
                absent.append(f"Not here: {peer.title}: {row}.")
                break
            rows.append(row)
            print(line_of(row), file=sys.stderr, flush=True)
    if not rows:
        sys.exit("error: no peer could be measured")
    return rows, absent


def line_of(row: Row) -> str:
    low, middle, high = row.ratios[0], statistics.median(row.ratios), row.ratios[-1]
    ours = row.ours.partition(":")[2]
    ratio = f"{middle:.2f} ({low:.2f} to {high:.2f})"
    return f"| {row.title} | {row.size} | {row.peer_ns:.3f} | {ours} | {row.ours_ns:.3f} | {ratio} |"


def speed_table(rows: list[Row]) -> list[str]:
    return [
        "| from Python | floats | ns per float | ours | ours, ns | peer / ours |",
        "|---|---:|---:|---|---:|---:|",
        *map(line_of, rows),
    ]


def imports(options) -> list[str]:
    """Seconds (the median of processes) and the largest memory of a process."""
    lines = ["| a process that imports | s | MB |", "|---|---:|---:|"]
    for title, code in IMPORTS.items():
        seen = []
        for _ in range(options.rounds):
            line = [sys.executable, "-c", MEASURED.format(code)]
            done = subprocess.run(line, capture_output=True, text=True, check=True)
            seen.append([float(word) for word in done.stdout.split()])
        seconds, kilobytes = (statistics.median(values) for values in zip(*seen))
        lines.append(f"| {title} | {seconds:.3f} | {kilobytes / 1024:.0f} |")
    return lines


def main() -> int:
    parser = pages.parser(__doc__, "python.md")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.2, help="of each measurement, at least one call")
    parser.add_argument("--quick", action="store_true", help="3 rounds of 0.05 s")
    parser.add_argument("--cpu-time", action="store_true", help="for a machine that others use too")
    parser.add_argument("--wheel", type=Path, nargs="*", default=[], help="wheels whose sizes are shown")
    options = parser.parse_args()
    options.build = options.build.resolve()
    if options.quick:
        options.rounds, options.seconds = 3, 0.05
    package = options.build / "python"
    if not (package / "posittune").is_dir():
        sys.exit(f"error: no package in {package}\n  try: cmake --build --preset test --target posittune_python")
    os.environ["PYTHONPATH"] = str(package)
    clock = "CPU time" if options.cpu_time else "wall clock"
    rows, absent = speed(options)
    pages.finish(
        options,
        {
            "python": [
                *pages.environment(),
                f"- One thread, {clock}; {options.rounds} rounds, ours and the peer in turn, at least {options.seconds} s each; "
                "ratio: median of the rounds (lowest to highest)",
                "",
                *speed_table(rows),
                *(["", *absent] if absent else []),
                "",
                *imports(options),
                *(f"\nWheel `{wheel.name}`: {wheel.stat().st_size / 1e6:.1f} MB." for wheel in options.wheel),
            ]
        },
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
