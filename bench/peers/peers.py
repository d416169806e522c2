#!/usr/bin/env python3
"""Times quantize-dequantize of PositTune and of other libraries in one run, one thread, in alternation.

    cmake --preset bench && cmake --build --preset bench --target posittune_bench_quantize
    python3 bench/peers/peers.py                     # the machine should be idle
    python3 bench/peers/peers.py --quick --cpu-time  # a look while others use the machine

Each round times ours, then the peer; a ratio is the median of the rounds' ratios. Ours is Google Benchmark's
quantize/posit<8,1> with the best kernels of this processor. Writes BUILD/peers/peers.json and peers.md.
The packages go to BUILD/peers (see tests/peers/environment.py); a peer that cannot be had is named and left out.
Exit code 1: a goal is missed. The goals are those for AVX-512; elsewhere the ratios are only shown.
"""

import json
import re
import statistics
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "tests/peers"), str(ROOT / "bench")]
import environment  # noqa: E402
import machine  # noqa: E402
import pages  # noqa: E402

SIZES = [256 * 1024, 4 * 1024 * 1024]
TARGETS = ["avx512", "avx2", "scalar"]


@dataclass
class Peer:
    name: str  # in peer_worker.py
    title: str
    group: str  # environment
    package: str  # that can be missing
    ours: str = "posit<8,1>"
    goal: int = 0  # at least so many times ours on arrays in cache; 0: none


PEERS = [
    Peer("softposit", "softposit posit8, a Python loop", "light", "softposit", ours="posit<8,0>"),
    Peer("flexposit", "flexposit posit_quantize(8, 1)", "torch", "flexposit"),
    Peer("universal_dtypes", "universal-dtypes posit8e1", "light", "universal-dtypes"),
    Peer("qtorch_plus", "qtorch_plus posit_quantize(8, 1) as shipped", "torch", "qtorch_plus", goal=200),
    Peer("qtorch_plus_o3", "the same source with -O3", "torch", "qtorch_plus", goal=30),
    Peer("torch_bucketize", "torch bucketize and table, posit<8,1>", "torch", "torch"),
    Peer("torch_fake_quantize", "torch fake_quantize, int8", "torch", "torch"),
    Peer("numpy_copy", "numpy copy", "light", "numpy"),
]


@dataclass
class Row:
    peer: str
    size: int
    peer_size: int
    ours: str  # benchmark
    peer_ns: float  # per float, medians over the rounds
    ours_ns: float
    ratio: float  # median of the rounds' ratios
    low: float
    high: float
    goal: int
    met: bool | None  # None: no goal here


def size_of(benchmark):
    return int(benchmark.split("/threads:1/")[1].split("/")[0])


class Ours:
    def __init__(self, program, options):
        self.program, self.options = program, options
        listed = subprocess.run([program, "--benchmark_list_tests"], capture_output=True, text=True, check=True)
        self.names = listed.stdout.split("\n")
        self.context = {}

    def benchmark(self, form, size):
        """The one with the best kernels and this size, or else the next larger size."""
        pattern = re.compile(re.escape(f"quantize/{form}/") + r"(\w+)/threads:1/(\d+)\b")
        found = [(TARGETS.index(m[1]), int(m[2]), name) for name in self.names if (m := pattern.match(name))]
        found = sorted(entry for entry in found if entry[1] >= size)
        if not found:
            sys.exit(f"error: {self.program.name} has no benchmark of quantize/{form} with {size} floats or more")
        return found[0][2]

    def ns(self, name):
        with tempfile.NamedTemporaryFile(suffix=".json") as out:
            subprocess.run(
                [
                    self.program,
                    f"--benchmark_filter=^{re.escape(name)}$",
                    f"--benchmark_out={out.name}",
                    f"--benchmark_min_time={self.options.seconds}",
                    "--benchmark_out_format=json",
                ],
                check=True,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
            result = json.loads(Path(out.name).read_text())
        self.context = self.context or {
            key: value for key, value in result["context"].items() if key not in ("executable", "host_name")
        }
        row = result["benchmarks"][0]
        unit = {"ns": 1, "us": 1e3, "ms": 1e6, "s": 1e9}[row["time_unit"]]
        return row["cpu_time" if self.options.cpu_time else "real_time"] * unit / size_of(name)


class Worker:
    """The process of a peer; None where the peer cannot run, with a line that says why."""

    def __init__(self, peer, home):
        script = Path(__file__).with_name("peer_worker.py")
        self.process = subprocess.Popen(
            [home.python, script, peer.name],
            env=home.variables(),
            text=True,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        self.error = self.read().get("error")

    def read(self):
        line = self.process.stdout.readline()
        return json.loads(line) if line else {"error": f"its process ended, exit code {self.process.wait()}"}

    def ask(self, **question):
        self.process.stdin.write(json.dumps(question) + "\n")
        self.process.stdin.flush()
        answer = self.read()
        if "error" in answer:
            sys.exit(f"error: {answer['error']}")
        return answer

    def close(self):
        self.process.stdin.close()
        self.process.wait()


def alternate(peer, worker, ours, size, options):
    name = ours.benchmark(peer.ours, size)
    pairs = []
    for _ in range(options.rounds):
        own = ours.ns(name)
        answer = worker.ask(size=size, seconds=options.seconds, cpu=options.cpu_time)
        pairs.append((own, answer["ns"]))
    ratios = [theirs / own for own, theirs in pairs]
    ratio = statistics.median(ratios)
    judged = peer.goal and size == SIZES[0] and "/avx512/" in name
    return Row(
        peer.title,
        size,
        answer["size"],
        name,
        statistics.median(p[1] for p in pairs),
        statistics.median(p[0] for p in pairs),
        ratio,
        min(ratios),
        max(ratios),
        peer.goal,
        ratio >= peer.goal if judged else None,
    )


def homes(options):
    found, skipped = {}, {}
    for group in ("light", "torch"):
        try:
            found[group] = environment.prepare(group, options.build)
        except environment.Unavailable as reason:
            skipped[group] = str(reason)
    return found, skipped


def run(options, ours):
    found, skipped = homes(options)
    rows, absent = [], []
    for peer in PEERS:
        home = found.get(peer.group)
        reason = skipped[peer.group] if home is None else home.missing.get(peer.package)
        worker = None
        if reason is None:
            worker = Worker(peer, home)
            reason = worker.error
        if reason is not None:
            print(f"skip {peer.title}: {reason}", file=sys.stderr, flush=True)
            absent.append({"peer": peer.title, "reason": reason})
            continue
        for size in SIZES if peer.name != "softposit" else SIZES[:1]:
            rows.append(alternate(peer, worker, ours, size, options))
            print(text_row(rows[-1]), file=sys.stderr, flush=True)
        worker.close()
    return rows, absent


def text_row(row):
    return f"{row.peer:46} {row.size:8}  {row.peer_ns:9.3f} ns  ours {row.ours_ns:6.3f} ns  ratio {row.ratio:8.2f}"


def markdown(rows, absent, context, options):
    clock = "CPU time" if options.cpu_time else "wall clock"
    yield from machine.lines(context, None)
    yield (
        f"- One thread, {clock}; {options.rounds} rounds, ours and the peer in turn, at least {options.seconds} s "
        "each; ratio: median of the rounds (lowest to highest)"
    )
    yield from (
        "",
        "| quantize-dequantize | floats | ns per float | ours, ns | peer / ours |",
        "|---|---:|---:|---:|---:|",
    )
    for row in rows:
        size = f"{row.size}" + (f" ({row.peer_size} timed)" if row.peer_size != row.size else "")
        own = f"{row.ours_ns:.3f}" + (f" ({size_of(row.ours)} floats)" if size_of(row.ours) != row.size else "")
        yield (
            f"| {row.peer} | {size} | {row.peer_ns:.3f} | {own} | {row.ratio:.1f} ({row.low:.1f} to {row.high:.1f}) |"
        )
    yield from ("", "Ours: " + ", ".join(f"`{name}`" for name in dict.fromkeys(row.ours for row in rows)) + ".")
    yield from (f"Not here: {entry['peer']}: {entry['reason']}." for entry in absent)


def main():
    parser = pages.parser(__doc__, "performance.md")
    parser.add_argument("--rounds", type=int, default=9)
    parser.add_argument("--seconds", type=float, default=0.2, help="of each measurement, at least one call")
    parser.add_argument("--quick", action="store_true", help="3 rounds of 0.05 s")
    parser.add_argument("--cpu-time", action="store_true", help="for a machine that others use too")
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.seconds = 3, 0.05
    program = options.build / "posittune_bench_quantize"
    if not program.is_file():
        sys.exit(
            f"error: no {program.name} in {options.build}\n"
            "  try: cmake --preset bench && cmake --build --preset bench --target posittune_bench_quantize"
        )
    ours = Ours(program, options)
    rows, absent = run(options, ours)
    if not rows:
        sys.exit("error: no peer could be measured")
    lines = list(markdown(rows, absent, ours.context, options))
    folder = options.build / "peers"
    (folder / "peers.md").write_text("\n".join(lines) + "\n")
    (folder / "peers.json").write_text(
        json.dumps(
            {
                "context": ours.context,
                "clock": "cpu" if options.cpu_time else "wall",
                "rounds": options.rounds,
                "rows": [asdict(row) for row in rows],
                "absent": absent,
            },
            indent=1,
        )
        + "\n"
    )
    pages.finish(options, {"peers": lines})
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
