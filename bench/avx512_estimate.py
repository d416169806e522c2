#!/usr/bin/env python3
"""Estimates the AVX-512 kernels' speed on a machine without AVX-512. Not a measurement.

Compiles kernels/avx512.cc, cuts out the inner loop of a kernel and lets llvm-mca simulate it on models of
processors that have the instructions. The same is done for AVX2 on a model of a processor like this
machine's; with --bench the measured figure stands beside it, which tells how far the estimates can be
trusted. llvm-mca knows the execution units, not the caches: a loop that is fast here may wait for memory.

Needs g++ and llvm-mca (Debian package llvm-16; another name with --mca).

    python3 bench/avx512_estimate.py --bench build/release [--write]
"""

import json
import pathlib
import re
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import pages

ROOT = pages.ROOT
KERNELS = ROOT / "src/posittune/kernels"
COMMON_FLAGS = ["-std=c++20", "-O3", "-DNDEBUG", "-ffp-contract=off", "-DPOSITTUNE_SIMD=1", "-w"]
TARGETS = {  # file, flags, elements per vector, processors to simulate
    "avx512": (
        ["-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx512cd", "-mbmi2"],
        16,
        ["znver4", "icelake-server"],
    ),
    "avx2": (["-mavx2", "-mbmi2"], 8, ["znver3"]),
}
# What to estimate: title, how the function's demangled name looks, the benchmark that measures it.
CASES = [
    ("quantize posit<8,1>", "round_run<{kPosit}, .*WriteFloat>", "quantize/posit<8,1>"),
    ("quantize fp8_e4m3", "round_run<{kFloat}, .*WriteFloat>", "quantize/fp8_e4m3"),
    ("quantize int8", "round_run<{kInt}, .*WriteFloat>", "quantize/int8"),
    ("encode posit<8,1>", "round_run<{kPosit}, .*WriteCode<unsigned char>", "encode/posit<8,1>"),
    ("decode posit<8,1>", "decode_run<{kPosit}, unsigned char>", "decode/posit<8,1>"),
]
HEAD = [
    f"| {'kernel':20} | target | model          | instructions | cycles / 16 | elements / cycle | G/s  | measured G/s |",
    f"|{'-' * 22}|--------|----------------|-------------:|------------:|-----------------:|-----:|-------------:|",
]


def run(command, **options):
    done = subprocess.run(command, capture_output=True, text=True, **options)
    if done.returncode != 0:
        print(f"error: {command[0]} failed\n{done.stderr}", file=sys.stderr)
        sys.exit(2)
    return done.stdout


def kinds():
    """Spellings of kernels::Kind in demangled names: kPosit -> (posittune::kernels::Kind)1."""
    text = (KERNELS / "plan.h").read_text()
    body = re.search(r"enum class Kind[^{]*\{(.*?)\};", text, re.S).group(1)
    names = re.findall(r"^\s*(k\w+)", body, re.M)
    return {name: re.escape(f"(posittune::kernels::Kind){i}") for i, name in enumerate(names)}


def functions(compiler, target, flags):
    """Demangled name -> assembly of each function of a target."""
    source = KERNELS / f"{target}.cc"
    text = run([compiler, *COMMON_FLAGS, *flags, f"-I{ROOT / 'src'}", "-S", "-o", "-", str(source)])
    found = re.findall(r"^(_Z\w+):\n(.*?)^\t\.size\t\1,", text, re.S | re.M)
    names = run(["c++filt"], input="\n".join(mangled for mangled, _ in found)).splitlines()
    return {name: body for name, (_, body) in zip(names, found)}


def inner_loop(body):
    """The instructions from a label to the jump back to it that store one vector."""
    lines = body.splitlines()
    for start, line in enumerate(lines):
        label = re.match(r"(\.L\d+):$", line)
        if not label:
            continue
        for end in range(start + 1, len(lines)):
            if re.match(r"\.L\d+:$", lines[end]):
                break
            if re.match(rf"\tj\w+\t{re.escape(label[1])}$", lines[end]):
                loop = [l for l in lines[start + 1 : end + 1] if not l.lstrip().startswith(".")]
                stores = [l for l in loop if re.match(r"\tv\w+\t.*%[xyz]mm\d+, \S*\(.*\)$", l)]
                if len(stores) == 1:
                    return [line, *loop]
    return None


def simulate(mca, cpu, loop):
    """Cycles of one pass of the loop, 1000 passes."""
    with tempfile.NamedTemporaryFile("w", suffix=".s") as file:
        file.write("\n".join(loop) + "\n")
        file.flush()
        out = run(
            [mca, f"-mcpu={cpu}", "-iterations=1000", "-instruction-info=false", "-resource-pressure=false", file.name]
        )
    return float(re.search(r"Total Cycles:\s+(\d+)", out).group(1)) / 1000


def measured(build):
    """Benchmark -> elements per cycle here, by CPU time; the clock is measured in the same run."""
    wanted = "|".join(sorted({re.escape(bench) for _, _, bench in CASES}))
    rates = {}
    for program in ("quantize", "codes"):
        command = [
            str(build / f"posittune_bench_{program}"),
            "--benchmark_format=json",
            f"--benchmark_filter=^(clock|({wanted})/avx2/threads:1/262144)",
            "--benchmark_repetitions=5",
            "--benchmark_enable_random_interleaving=true",
        ]
        for row in json.loads(run(command))["benchmarks"]:
            if row.get("aggregate_name") == "median":
                name = row["run_name"].split("/avx2")[0].split("/additions")[0]
                rates[name] = row["items_per_second"] * row["real_time"] / row["cpu_time"]
    clock = rates.pop("clock")
    return {name: rate / clock for name, rate in rates.items()}, clock


def main():
    parser = pages.parser(__doc__, "performance.md")
    parser.add_argument("--compiler", default="g++")
    parser.add_argument("--mca", default="llvm-mca-16")
    parser.add_argument("--clock", type=float, default=3.0, help="GHz assumed for AVX-512 (default 3.0)")
    parser.add_argument("--bench", type=pathlib.Path, help="build folder: measure AVX2 beside its estimate")
    parser.add_argument("--show", action="store_true", help="print the loops")
    options = parser.parse_args()

    here, clock_here = measured(options.bench) if options.bench else ({}, None)
    known = kinds()
    lines = [
        "ESTIMATES by llvm-mca from the compiled inner loops, data in L1; not measurements.",
        f"AVX-512 at an assumed {options.clock:g} GHz"
        + (f"; AVX2 at this machine's measured {clock_here / 1e9:.2f} GHz." if clock_here else "."),
        "",
        *HEAD,
    ]
    for target, (flags, lanes, cpus) in TARGETS.items():
        code = functions(options.compiler, target, flags)
        clock = options.clock if target == "avx512" or not clock_here else clock_here / 1e9
        for title, pattern, bench in CASES:
            match = re.compile(r"\b" + pattern.format(**known))
            loop = next((inner_loop(body) for name, body in code.items() if match.search(name)), None)
            if loop is None:
                lines.append(f"| {title:20} | {target:6} | no inner loop found: the compiler did something else")
                continue
            if options.show:
                print("\n".join(loop), file=sys.stderr)
            for cpu in cpus:
                per_cycle = lanes / simulate(options.mca, cpu, loop)
                seen = f"{here[bench] * clock:.2f}" if target == "avx2" and bench in here else ""
                lines.append(
                    f"| {title:20} | {target:6} | {cpu:14} | {len(loop) - 1:12} | {16 / per_cycle:11.1f} |"
                    f" {per_cycle:16.2f} | {per_cycle * clock:4.2f} | {seen:>12} |"
                )
    pages.finish(options, {"estimate": lines})


if __name__ == "__main__":
    main()
