#!/usr/bin/env python3
"""Runs the benchmarks, compares them with the goals and writes the table of docs/performance.md.

    cmake --preset bench && cmake --build --preset bench
    python3 bench/run.py --write                # about five minutes; the machine should be idle
    python3 bench/run.py --quick --cpu-time     # a look while others use the machine
    python3 bench/run.py --small                # to see that it works: each benchmark once

Exit code 0: all goals that this machine can measure are met; 1: some are missed (the table is
written); 2: nothing could be measured.
"""

import pathlib
import statistics
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import goals
import machine
import measure
import pages

MAIN_FORMATS = [
    "posit<8,1>",
    "posit<8,0>",
    "posit<6,1>",
    "posit<16,1>",
    "fp8_e4m3",
    "fp8_e5m2",
    "bf16",
    "int8",
    "mxfp8",
    "mxfp4",
    "mxint8",
]
# Large arrays and two threads only of posit<8,1>; everything else in cache on one thread.
PROGRAMS = {
    "quantize": r"^(clock|memcpy|quantize/.*/threads:1/262144|quantize/posit<8,1>/)",
    "codes": r"^((encode|decode)/.*/threads:1/262144)",
}


def format_table(m):
    """G elements/s of the usual formats, one thread, in cache."""
    targets = m.context["targets"].split()
    columns = [(op, target) for op in ("quantize", "encode", "decode") for target in targets]
    yield "| format | " + " | ".join(f"{op} {target}" for op, target in columns) + " |"
    yield "|---|" + "---:|" * len(columns)
    for name in MAIN_FORMATS:
        rates = [m.rate(f"{op}/{name}", target) for op, target in columns]
        cells = ["-" if r is None else f"{r / 1e9:.3f}" if r < 1e8 else f"{r / 1e9:.2f}" for r in rates]
        yield f"| {name} | " + " | ".join(cells) + " |"


def slowest(m, operation, count=8):
    best = m.context["targets"].split()[0]
    worst = goals.slowdowns(m, best, operation)[:count]
    return (
        f"Slowest to {operation} ({best}, time of {goals.REFERENCE} times): "
        + ", ".join(f"{name} {ratio:.2f}" for ratio, name in worst)
        + "."
    )


def table(m, rows, options):
    clock = "CPU time of one thread (a shared machine: preliminary)" if options.cpu_time else "wall clock"
    spread = f"{statistics.median(m.spread):.1%}, worst {max(m.spread):.1%}" if m.spread else "unknown"
    return "\n".join(
        [
            *machine.lines(m.context, m.rate("clock", "additions", size=1000000)),
            f"- {options.repetitions} repetitions of at least {options.min_time} s in random order, median; {clock}; "
            f"coefficient of variation: median {spread}",
            "- G/s: 10^9 elements per second; data normal(0, 1), per-tensor scale 1; 256 K elements are 1 MiB in, "
            "1 MiB out",
            "",
            "| what | measured |",
            "|---|---|",
            *(row.row() for row in rows),
            "",
            "Rates in G/s, one thread, 256 K elements:",
            "",
            *format_table(m),
            "",
            *(slowest(m, operation) for operation in ("quantize", "encode", "decode")),
        ]
    )


def main():
    parser = pages.parser(__doc__, "performance.md")
    parser.add_argument("--repetitions", type=int, default=9)
    parser.add_argument("--min-time", type=float, default=0.05, help="seconds of each repetition")
    parser.add_argument("--quick", action="store_true", help="3 repetitions of 0.02 s")
    parser.add_argument("--small", action="store_true", help="1 repetition of 0.0001 s")
    parser.add_argument("--cpu-time", action="store_true", help="rates by CPU time, for a machine that others use too")
    options = parser.parse_args()
    if options.quick or options.small:
        options.repetitions, options.min_time = (1, 0.0001) if options.small else (3, 0.02)

    m = measure.measure(options.build, PROGRAMS, options.repetitions, options.min_time, options.cpu_time)
    rows = goals.goals(m)
    for row in rows:
        print(row.told(), file=sys.stderr)
    pages.finish(options, {"table": [table(m, rows, options)]})
    return 1 if any(row.met is False for row in rows) else 0


if __name__ == "__main__":
    sys.exit(main())
