#!/usr/bin/env python3
"""Seeds bugs in copies of rtl/src, one at a time, and runs the test bench of the unit on each: all must be caught.

    rtl/tb/mutate.py BUILD             BUILD: a build folder with the library of formats and the test's main
    rtl/tb/mutate.py BUILD --only multi     bugs of one bench: mac, multi, dot, convert, int

The benches are those of tests/rtl and tests/rtl_syn, some with fewer builds. Each must pass without a bug.
"""

import argparse
import concurrent.futures
import pathlib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
MAC_PARAMETERS = ("N", "ES", "PIPELINE", "GUARD", "TRUNCATE", "ACC_WIDTH", "A_N")
MACS = {"p10e1": (10, 1, 1, 14, 0, 80, 10), "p16e1t": (16, 1, 0, 14, 28, 100, 16), "m6p8e1": (8, 1, 2, 14, 0, 64, 6)}
CONVERTERS = ("8e0", "8e1", "16e2", "32e2", "32e4")

# name: (C++ of the bench in rtl/tb, {model: (top module, parameters)})
BENCHES = {
    "mac": (
        ("mac_test", "stream", "codes", "sum_model", "mac_unit"),
        {name: ("mac_bench", dict(zip(MAC_PARAMETERS, values))) for name, values in MACS.items()},
    ),
    "multi": (
        ("multi_test", "codes", "sum_model"),
        {f"multi{p}": ("posit_mac_multi", {"PIPELINE": p}) for p in (0, 2, 3)},
    ),
    "dot": (
        ("dot_test", "codes"),
        {"dot8e1": ("posit_dot", {"N": 8, "ES": 1, "K": 8}), "dot16e2": ("posit_dot", {"N": 16, "ES": 2, "K": 5})},
    ),
    "convert": (
        ("convert_test", "codes"),
        {f"convert{name}": ("convert_bench", dict(zip(("N", "ES"), name.split("e")))) for name in CONVERTERS},
    ),
    "int": (("int_mac_tb",), {"int_bench": ("int_bench", {})}),
}


@dataclass
class Bug:
    bench: str
    file: str
    what: str
    old: str
    new: str


BUGS = [
    Bug(
        "mac",
        "posit_decode.sv",
        "NaR is not recognised",
        "assign nar_o = sign & body_zero",
        "assign nar_o = 1'b0 & sign & body_zero",
    ),
    Bug(
        "mac",
        "posit_decode.sv",
        "zero has a hidden bit",
        "{sign, ~(sign | body_zero), tail[FRAC-1:0]}",
        "{sign, ~sign, tail[FRAC-1:0]}",
    ),
    Bug(
        "mac",
        "posit_decode.sv",
        "exponent bits of negative codes are not inverted",
        "tail[TailBits-1-:ES] ^ {ES{sign}}",
        "tail[TailBits-1-:ES]",
    ),
    Bug("mac", "posit_multiply.sv", "+1 of a negated row is lost", "rows[0][FRAC] = b_sign;", "rows[0][FRAC] = 1'b0;"),
    Bug(
        "mac",
        "posit_add.sv",
        "a group of four passes a carry on when three of its bits do",
        "run = run & passes[i];",
        "if (i % Group != 0) run = run & passes[i];",
    ),
    Bug(
        "mac",
        "posit_align.sv",
        "aligned one place too low",
        "assign aligned_o = stage[LOW+WIDTH:LOW+1]",
        "assign aligned_o = stage[LOW+WIDTH-1:LOW]",
    ),
    Bug(
        "mac",
        "posit_accumulate.sv",
        "guard bits are not decremented",
        "assign passes = kept[WIDTH-1:ADDEND] ^ {Guard{negative}}",
        "assign passes = kept[WIDTH-1:ADDEND]",
    ),
    Bug("mac", "posit_accumulate.sv", "NaR is not sticky", "(nar_o & keep) |", "(nar_o & keep & 1'b0) |"),
    Bug(
        "mac",
        "posit_accumulate.sv",
        "products are cut, not rounded",
        "(ROUND != 0) ? round_i & use_it : 1'b0",
        "(ROUND != 0) ? round_i & use_it & 1'b0 : 1'b0",
    ),
    Bug(
        "mac",
        "posit_mac.sv",
        "a pair is taken while a sum waits",
        "assign take = valid_i & advance & ~rst_i",
        "assign take = valid_i & ~rst_i",
    ),
    Bug("mac", "posit_encode.sv", "ties are rounded up", "guard & (sticky | body[0])", "guard & (sticky | 1'b1)"),
    Bug(
        "mac",
        "posit_round.sv",
        "what was cut off does not count for a tie",
        "assign rest = |work[Room-2-Keep:0]",
        "assign rest = 1'b0 & (|work[Room-2-Keep:0])",
    ),
    Bug(
        "mac",
        "posit_round.sv",
        "a sum of -1 unit is read as zero",
        "assign zero = ~(|sum_i)",
        "assign zero = ~(|sum_i) | (&sum_i)",
    ),
    Bug(
        "mac",
        "posit_mac_mixed.sv",
        "the narrow operand lies at the bottom",
        "assign a = {a_i, {(N - A_N) {1'b0}}}",
        "assign a = {{(N - A_N) {1'b0}}, a_i}",
    ),
    Bug(
        "multi",
        "posit_decode_es.sv",
        "NaR has a significand",
        "{sign & exists, sig[N-3], fraction}",
        "{sign, sig[N-3], fraction}",
    ),
    Bug(
        "multi",
        "posit_mac_multi.sv",
        "the middle lane's base is that of mode 1 in mode 2",
        "assign m_base8 = m_quarters ? 7'd18 : 7'd50",
        "assign m_base8 = 7'd50",
    ),
    Bug(
        "multi",
        "posit_accumulate_multi.sv",
        "a carry goes on between the 4-bit lanes",
        "assign pass192 = ~mode[1]",
        "assign pass192 = 1'b1",
    ),
    Bug(
        "multi",
        "posit_accumulate_multi.sv",
        "the mode changes in mid-sum",
        "assign mode = starts ? mode_i : mode_q",
        "assign mode = use_it ? mode_i : mode_q",
    ),
    Bug(
        "multi",
        "posit_multiply_multi.sv",
        "the wide pair meets the narrow one",
        "a_frac & {5'b11111, {8{~split_i}}}",
        "a_frac & {5'b11111, {8{1'b1}}}",
    ),
    Bug(
        "multi",
        "posit_decode_es.sv",
        "es 1 takes the second exponent bit",
        "nexp_o = ~{regime[EXP-2:0], exponent[1]}",
        "nexp_o = ~{regime[EXP-2:0], exponent[0]}",
    ),
    Bug(
        "multi",
        "posit_accumulate_multi.sv",
        "a 4-bit lane overflows unseen",
        "(acc_q[175] ^ acc_q[174]) & mode_q[1]",
        "1'b0 & (acc_q[175] ^ acc_q[174]) & mode_q[1]",
    ),
    Bug("dot", "posit_dot.sv", "a NaR of b is not seen", "nar_q <= |nars", "nar_q <= |(nars & {K{2'b01}})"),
    Bug(
        "dot",
        "posit_dot.sv",
        "products are not sign-extended",
        "{{(SUM - Width + 1) {products[k*Width+Width-1]}}",
        "{{(SUM - Width + 1) {1'b0}}",
    ),
    Bug(
        "dot",
        "posit_dot.sv",
        "a result is lost when it has to wait",
        "assign ready_o = ~valid_q | ready_i",
        "assign ready_o = 1'b1",
    ),
    Bug(
        "convert",
        "posit_to_float.sv",
        "a subnormal is moved one place too little",
        "Wide'(1) - biased",
        "Wide'(0) - biased",
    ),
    Bug(
        "convert",
        "posit_to_float.sv",
        "overflow one exponent too late",
        "biased >= $signed(Wide'((1 << EXP) - 1))",
        "biased >= $signed(Wide'(1 << EXP))",
    ),
    Bug("convert", "float_to_posit.sv", "a subnormal's leading one stays", "      work = work << 1;\n", ""),
    Bug(
        "convert",
        "posit_to_int.sv",
        "one half is rounded up",
        "assign up = text[Frac] & ((|text[Frac-1:0]) | truncated[0])",
        "assign up = text[Frac]",
    ),
    Bug(
        "convert",
        "int_to_posit.sv",
        "the unused integer is no NaR",
        ".nar_i(int_i == {1'b1, {(BITS - 1) {1'b0}}})",
        ".nar_i(1'b0)",
    ),
    Bug(
        "int",
        "int_multiply.sv",
        "the last row is not subtracted",
        "~row ^ Sign : row ^ Sign",
        "row ^ Sign : row ^ Sign",
    ),
    Bug(
        "int",
        "int_mac.sv",
        "guard bits count down for every sign",
        "assign change = sum[Product]; ",
        "assign change = sum[Product] | negative; ",
    ),
]


def run(command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)


def need(command, **options):
    done = run(command, **options)
    if done.returncode:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


class Bench:
    """One test, built for the hardware in a folder. Verilator's own library is compiled once for all."""

    def __init__(self, name, build, folder, verilated):
        sources, self.models = BENCHES[name]
        self.sources = [ROOT / "rtl/tb" / f"{source}.cc" for source in sources]
        self.folder, self.verilated = folder, verilated
        self.libraries = [
            next(build.rglob(f"libposittune_{library}.a")) for library in ("test_main", "formats", "base")
        ]
        if name == "mac":
            table = " ".join(f"X({', '.join(map(str, (model, *values)))})" for model, values in MACS.items())
            includes = "".join(f'#include "V{model}.h"\n' for model in MACS)
            (folder / "mac_models.h").write_text(f"#pragma once\n{includes}#define POSITTUNE_MAC_MODELS(X) {table}\n")

    def passes(self, source):
        """Builds the bench on the hardware in `source` and runs it: (passed, what failed)."""
        work = source.parent
        archives = []
        for name, (top, parameters) in self.models.items():
            place = source if (source / f"{top}.sv").is_file() else ROOT / "rtl/tb"
            done = run(
                [
                    "verilator",
                    "--cc",
                    "--build",
                    "-O3",
                    "-Wno-fatal",
                    "-Wno-lint",
                    "--Mdir",
                    work / name,
                    "--prefix",
                    f"V{name}",
                    "--top-module",
                    top,
                    "-MAKEFLAGS",
                    "OPT_FAST=-O1",
                    "-MAKEFLAGS",
                    "OPT_SLOW=-O0",
                    *(f"-G{key}={value}" for key, value in parameters.items()),
                    source / "posit_pkg.sv",
                    place / f"{top}.sv",
                    "-y",
                    source,
                    "-y",
                    ROOT / "rtl/tb",
                ]
            )
            if done.returncode:
                sys.exit(f"the mutant does not compile:\n{done.stderr[-2000:]}")
            archives.append(work / name / f"V{name}__ALL.a")
        need(
            [
                *compiler(self.folder),
                *(f"-I{work / model}" for model in self.models),
                *self.sources,
                *archives,
                *self.verilated,
                *self.libraries,
                "-lgtest",
                "-lfmt",
                "-lcrypto",
                "-pthread",
                "-o",
                work / "test",
            ]
        )
        done = run([work / "test", "--gtest_filter=-Long*", "--gtest_fail_fast"], timeout=900)
        failed = [
            line.split("]")[1].split("(")[0].strip()
            for line in done.stdout.splitlines()
            if line.startswith("[  FAILED  ]")
        ]
        return done.returncode == 0, failed[0] if failed else f"exit {done.returncode}"


def compiler(folder):
    root = need(["verilator", "--getenv", "VERILATOR_ROOT"]).strip()
    return [
        "c++",
        "-std=c++20",
        "-O1",
        f"-I{ROOT}/src",
        f"-I{ROOT}/rtl/tb",
        f"-I{ROOT}",
        f"-I{folder}",
        f"-I{root}/include",
        "-DVM_COVERAGE=0",
        "-DVM_SC=0",
        "-DVM_TRACE=0",
    ]


def verilated_objects(folder):
    root = pathlib.Path(need(["verilator", "--getenv", "VERILATOR_ROOT"]).strip())
    objects = []
    for name in ("verilated", "verilated_threads"):
        objects.append(folder / f"{name}.o")
        need([*compiler(folder), "-c", root / "include" / f"{name}.cpp", "-o", objects[-1]])
    return objects


def try_bug(job):
    """Whether the bench passes on hardware with the bug, or without one."""
    bench, bug, folder = job
    source = folder / "src"
    shutil.copytree(ROOT / "rtl/src", source)
    if bug:
        text = (source / bug.file).read_text()
        if text.count(bug.old) != 1:
            sys.exit(f"{bug.file}: `{bug.old}` is there {text.count(bug.old)} times, expected once: update mutate.py")
        (source / bug.file).write_text(text.replace(bug.old, bug.new))
    result = bench.passes(source)
    shutil.rmtree(folder)
    return result


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--only", choices=list(BENCHES))
    options = parser.parse_args()
    if not shutil.which("verilator"):
        sys.exit("verilator is missing: apt-get install verilator")
    chosen = [options.only] if options.only else list(BENCHES)
    with tempfile.TemporaryDirectory() as temporary, concurrent.futures.ThreadPoolExecutor(2) as pool:
        folder = pathlib.Path(temporary)
        verilated = verilated_objects(folder)
        benches = {name: Bench(name, options.build, folder, verilated) for name in chosen}
        for name, (passed, failure) in zip(
            chosen, pool.map(try_bug, [(benches[name], None, folder / name) for name in chosen])
        ):
            if not passed:
                sys.exit(f"{name}: the bench fails without a bug: {failure}")
            print(f"{name}: passes without a bug", flush=True)
        bugs = [bug for bug in BUGS if bug.bench in chosen]
        results = pool.map(try_bug, [(benches[bug.bench], bug, folder / f"mutant{i}") for i, bug in enumerate(bugs)])
        missed = 0
        for number, (bug, (passed, failure)) in enumerate(zip(bugs, results), 1):
            print(f"{number:2}  {bug.file}: {bug.what}: {'MISSED' if passed else 'caught by ' + failure}", flush=True)
            missed += passed
    if missed:
        sys.exit(f"{missed} of {len(bugs)} bugs were not caught")
    print(f"all {len(bugs)} bugs caught, in {len({bug.file for bug in bugs})} files")


if __name__ == "__main__":
    main()
