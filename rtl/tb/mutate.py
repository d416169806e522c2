#!/usr/bin/env python3
"""Seeds ten bugs in copies of rtl/src, one at a time, and runs the MAC test bench on each: all must be caught.

    rtl/tb/mutate.py BUILD      BUILD: a build folder with the library of formats and the test's main

The bench is mac_test.cc with two of its builds, posit<10,1> and a truncated posit<16,1>. It must pass without a bug.
"""

import concurrent.futures
import pathlib
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODELS = [("p10e1", 10, 1, 1, 14, 0, 80), ("p16e1t", 16, 1, 0, 14, 28, 100)]
PARAMETERS = ("N", "ES", "PIPELINE", "GUARD", "TRUNCATE", "ACC_WIDTH")


@dataclass
class Bug:
    file: str
    what: str
    old: str
    new: str


BUGS = [
    Bug("posit_decode.sv", "NaR is not recognised", "assign nar_o = sign & body_zero", "assign nar_o = 1'b0 & sign & body_zero"),
    Bug("posit_decode.sv", "zero has a hidden bit", "{sign, ~(sign | body_zero), tail[FRAC-1:0]}", "{sign, ~sign, tail[FRAC-1:0]}"),
    Bug("posit_decode.sv", "exponent bits of negative codes are not inverted", "tail[TailBits-1-:ES] ^ {ES{sign}}",
        "tail[TailBits-1-:ES]"),
    Bug("posit_multiply.sv", "+1 of a negated row is lost", "+ {{(FRAC + 3) {1'b0}}, b_sign, {FRAC{1'b0}}}", ""),
    Bug("posit_align.sv", "aligned one place too low", "assign aligned_o = stage[LOW+WIDTH:LOW+1]",
        "assign aligned_o = stage[LOW+WIDTH-1:LOW]"),
    Bug("posit_accumulate.sv", "guard bits are not decremented", "assign passes = kept[WIDTH-1:ADDEND] ^ {Guard{negative}}",
        "assign passes = kept[WIDTH-1:ADDEND]"),
    Bug("posit_accumulate.sv", "NaR is not sticky", "(nar_o & keep) |", "(nar_o & keep & 1'b0) |"),
    Bug("posit_accumulate.sv", "products are cut, not rounded", "(ROUND != 0) ? round_i & use_it : 1'b0",
        "(ROUND != 0) ? round_i & use_it & 1'b0 : 1'b0"),
    Bug("posit_mac.sv", "a pair is taken while a sum waits", "assign take = valid_i & advance & ~rst_i", "assign take = valid_i & ~rst_i"),
    Bug("posit_encode.sv", "ties are rounded up", "guard & (sticky | body[0])", "guard & (sticky | 1'b1)"),
]


def run(command, **options):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)


def need(command, **options):
    done = run(command, **options)
    if done.returncode:
        sys.exit(f"failed: {' '.join(map(str, command))}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}")
    return done.stdout


class Bench:
    """What does not depend on the hardware's source, compiled once."""

    def __init__(self, build, folder):
        self.verilator_root = pathlib.Path(need(["verilator", "--getenv", "VERILATOR_ROOT"]).strip())
        self.folder = folder
        self.flags = ["c++", "-std=c++20", "-O1", f"-I{ROOT}/src", f"-I{ROOT}/rtl/tb", f"-I{ROOT}", f"-I{folder}",
                      f"-I{self.verilator_root}/include", "-DVM_COVERAGE=0", "-DVM_SC=0", "-DVM_TRACE=0"]
        table = " ".join(f"X({', '.join(map(str, model))})" for model in MODELS)
        includes = "".join(f'#include "V{model[0]}.h"\n' for model in MODELS)
        (folder / "mac_models.h").write_text(f"#pragma once\n{includes}#define POSITTUNE_MAC_MODELS(X) {table}\n")
        sources = [ROOT / "rtl/tb" / name for name in ("mac_test.cc", "stream.cc", "codes.cc", "sum_model.cc")]
        sources += [self.verilator_root / "include" / name for name in ("verilated.cpp", "verilated_threads.cpp")]
        self.objects = [folder / (source.stem + ".o") for source in sources]
        with concurrent.futures.ThreadPoolExecutor(2) as pool:
            list(pool.map(lambda pair: need([*self.flags, "-c", pair[0], "-o", pair[1]]), zip(sources, self.objects)))
        libraries = [next(build.rglob(f"libposittune_{name}.a")) for name in ("test_main", "formats", "base")]
        self.link = [*libraries, "-lgtest", "-lfmt", "-lcrypto", "-pthread"]

    def passes(self, source):
        """Builds the bench on the hardware in `source` and runs it: (passed, last line of the failure)."""
        work = source.parent
        archives = []
        for name, *values in MODELS:
            parameters = [f"-G{key}={value}" for key, value in zip(PARAMETERS, values)]
            done = run(["verilator", "--cc", "--build", "-O3", "-Wno-fatal", "-Wno-lint", "--Mdir", work / name, "--prefix",
                        f"V{name}", "--top-module", "mac_bench", "-MAKEFLAGS", "OPT_FAST=-O1", "-MAKEFLAGS", "OPT_SLOW=-O0",
                        *parameters, source / "posit_pkg.sv", ROOT / "rtl/tb/mac_bench.sv", "-y", source])
            if done.returncode:
                sys.exit(f"the mutant does not compile:\n{done.stderr[-2000:]}")
            archives.append(work / name / f"V{name}__ALL.a")
        test = work / "test"
        need([*self.flags, *(f"-I{work / model[0]}" for model in MODELS), ROOT / "rtl/tb/mac_unit.cc", *self.objects,
              *archives, *self.link, "-o", test])
        done = run([test, "--gtest_filter=-Long*", "--gtest_fail_fast"], timeout=600)
        failed = [line.split("]")[1].split("(")[0].strip() for line in done.stdout.splitlines() if line.startswith("[  FAILED  ]")]
        return done.returncode == 0, failed[0] if failed else ""


def main():
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    if not shutil.which("verilator"):
        sys.exit("verilator is missing: apt-get install verilator")
    with tempfile.TemporaryDirectory() as temporary:
        folder = pathlib.Path(temporary)
        bench = Bench(pathlib.Path(sys.argv[1]), folder)
        missed = []
        for number, bug in enumerate([None, *BUGS]):
            source = folder / f"mutant{number}" / "src"
            shutil.copytree(ROOT / "rtl/src", source)
            if bug:
                text = (source / bug.file).read_text()
                if text.count(bug.old) != 1:
                    sys.exit(f"{bug.file}: `{bug.old}` is there {text.count(bug.old)} times, expected once: update mutate.py")
                (source / bug.file).write_text(text.replace(bug.old, bug.new))
            passed, failure = bench.passes(source)
            shutil.rmtree(source.parent)
            if bug is None:
                if not passed:
                    sys.exit(f"the bench fails without a bug: {failure}")
                print("no bug: passes", flush=True)
                continue
            print(f"{number:2}  {bug.file}: {bug.what}: {'MISSED' if passed else 'caught by ' + failure}", flush=True)
            if passed:
                missed.append(bug)
    if missed:
        sys.exit(f"{len(missed)} of {len(BUGS)} bugs were not caught")
    print(f"all {len(BUGS)} bugs caught")


if __name__ == "__main__":
    main()
