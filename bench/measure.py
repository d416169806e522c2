"""Runs Google Benchmark programs and reads their rates."""

import json
import os
import statistics
import subprocess
import sys
import tempfile
from dataclasses import dataclass, field


@dataclass
class Measurement:
    """One run of all programs. A benchmark is (operation, target, threads, elements)."""

    rates: dict = field(default_factory=dict)  # benchmark -> elements per second, median
    spread: list = field(default_factory=list)  # coefficient of variation of each benchmark
    context: dict = field(default_factory=dict)
    cpu_time: bool = False

    def rate(self, operation, target, threads=1, size=262144):
        """None when the machine or the options left it out."""
        return self.rates.get((operation, target, threads, size))


def fail(message):
    print(f"error: {message}", file=sys.stderr)
    sys.exit(2)


def parse_name(run_name):
    """quantize/posit<8,1>/avx2/threads:1/262144/real_time -> its parts"""
    operation, target, threads, size, _ = run_name.rsplit("/", 4)
    return operation, target, int(threads.removeprefix("threads:")), int(size)


def run_program(program, pattern, repetitions, min_time):
    with tempfile.NamedTemporaryFile(suffix=".json") as out:
        command = [
            str(program),
            f"--benchmark_filter={pattern}",
            f"--benchmark_repetitions={repetitions}",
            f"--benchmark_min_time={min_time}",
            "--benchmark_enable_random_interleaving=true",
            f"--benchmark_out={out.name}",
            "--benchmark_out_format=json",
        ]
        print(f"== {program.name} {pattern}", file=sys.stderr)
        done = subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        if done.returncode != 0:
            fail(f"{program.name} failed\n{done.stderr}")
        with open(out.name) as file:
            return json.load(file)


def measure(build, programs, repetitions, min_time, cpu_time):
    """programs: name -> pattern of benchmarks. With cpu_time the rates of one thread are by CPU time and
    those of more are left out: for machines that others use at the same time."""
    result = Measurement(cpu_time=cpu_time)
    for name, pattern in programs.items():
        path = build / f"posittune_bench_{name}"
        if not os.access(path, os.X_OK):
            fail(f"no {path.name} in the build folder\n  try: cmake --preset bench && cmake --build --preset bench")
        output = run_program(path, pattern, repetitions, min_time)
        result.context = result.context or output["context"]
        samples = {}
        for row in output["benchmarks"]:
            if row.get("error_occurred"):
                fail(f"{row['name']}: {row['error_message']}")
            if row["run_type"] == "iteration":
                key = parse_name(row["run_name"])
                if cpu_time and key[2] > 1:
                    continue
                correction = row["real_time"] / row["cpu_time"] if cpu_time else 1
                samples.setdefault(key, []).append(row["items_per_second"] * correction)
        for key, rates in samples.items():
            result.rates[key] = statistics.median(rates)
            if len(rates) > 1:
                result.spread.append(statistics.stdev(rates) / statistics.mean(rates))
    return result
