#!/usr/bin/env python3
"""Formal equivalence of RTL and mapped netlist: the posit decoders, and the whole posit<6,1> MAC at all
depths.

    rtl/formal/run.py             all
    rtl/formal/run.py --only 6    those whose name has this in it
    rtl/formal/run.py --broken    the same with a netlist that has one gate exchanged: each must be found different

Each unit is synthesised by the script of rtl/syn (same passes, same cells), the cells are read back from the Liberty
file, and Yosys proves with SAT that for all inputs, and for the MAC all states of its registers, outputs and next states
agree (combinational miter; registers are cut and matched by place, so no depth is assumed).
"""

import argparse
import concurrent.futures
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "rtl" / "syn"))
import designs  # noqa: E402
import liberty  # noqa: E402
import synth  # noqa: E402

DECODERS = [(n, es) for n in (4, 5, 6, 7, 8) for es in (0, 1, 2)] + [(16, 1), (16, 2), (32, 2)]
UNITS = [("posit_decode", {"N": n, "ES": es}) for n, es in DECODERS] + [
    ("posit_mac", {"N": 6, "ES": 1, "PIPELINE": p}) for p in range(4)
]
# One cell for another with the same pins and the opposite output: inputs that are never apart cannot hide it, as they
# hide a NOR in the place of a NAND.
EXCHANGES = {"INVX1": "BUFX2", "INVX2": "BUFX2", "XNOR2X1": "XOR2X1", "XOR2X1": "XNOR2X1"}


def name_of(unit, parameters):
    return unit + "-" + "-".join(f"{key}{value}" for key, value in parameters.items()).lower()


def synthesis(unit, parameters):
    """Writes gold.il, which is the RTL with its registers cut, and mapped.v, which is its netlist."""
    sources = " ".join(map(str, designs.files_of(unit)))
    sets = " ".join(f"-set {key} {value}" for key, value in parameters.items())
    # $_DFF_P_ cells keep the names of their outputs, so that both sides can be cut at the same places.
    to_gates = next(line for line in synth.mapping().splitlines() if line.startswith("abc"))
    return f"""read_verilog -sv {sources}
chparam {sets} {unit}
hierarchy -top {unit}
proc
flatten
opt
dffunmap
opt_clean
rename -top unit
splitnets -ports
opt_clean -purge
expose -evert-dff
opt_clean -purge
write_rtlil gold.il
synth -top unit
{to_gates}
opt_clean -purge
rename -enumerate -pattern u%
write_verilog -noattr -noexpr mapped.v
"""


def proof():
    return f"""read_liberty -ignore_miss_func {liberty.PATH}
read_verilog mapped.v
hierarchy -top unit
proc
flatten
opt_clean -purge
rename -top gate
design -stash gate
read_rtlil gold.il
rename unit gold
design -copy-from gate -as gate gate
miter -equiv -flatten -make_outputs -ignore_gold_x gold gate miter
hierarchy -top miter
opt
sat -verify -prove trigger 0 -show-inputs miter
"""


def exchange_gate(path):
    """One cell in the middle becomes another."""
    lines = path.read_text().splitlines()
    places = [i for i, line in enumerate(lines) if line.split() and line.split()[0] in EXCHANGES]
    at = places[len(places) // 2]
    kind = lines[at].split()[0]
    lines[at] = lines[at].replace(kind, EXCHANGES[kind])
    path.write_text("\n".join(lines) + "\n")


def prove(job):
    """(name, whether equal, the end of the log)"""
    unit, parameters, build, broken = job
    folder = pathlib.Path(build) / (name_of(unit, parameters) + ("-broken" if broken else ""))
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "synth.ys").write_text(synthesis(unit, parameters))
    (folder / "prove.ys").write_text(proof())
    synth.run(["yosys", "-q", "synth.ys"], folder, name_of(unit, parameters))
    if broken:
        exchange_gate(folder / "mapped.v")
    done = subprocess.run(["yosys", "prove.ys"], cwd=folder, capture_output=True, text=True)
    (folder / "prove.log").write_text(done.stdout + done.stderr)
    proven = done.returncode == 0 and "SAT proof finished - no model found: SUCCESS!" in done.stdout
    refuted = "Called with -verify and proof did fail!" in done.stdout + done.stderr
    if not proven and not refuted:
        raise synth.FlowError(
            f"{name_of(unit, parameters)}: no proof and no counterexample\n  see {folder / 'prove.log'}"
        )
    return name_of(unit, parameters), proven


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", metavar="TEXT", default="", help="units with TEXT in their name")
    parser.add_argument("--broken", action="store_true", help="exchange a gate first; every proof must fail")
    parser.add_argument("--build", metavar="DIR", default=str(ROOT / "build" / "formal"))
    parser.add_argument("-j", "--processes", type=int, default=2)
    options = parser.parse_args()
    synth.need_tools()
    jobs = [
        (unit, parameters, options.build, options.broken)
        for unit, parameters in UNITS
        if options.only in name_of(unit, parameters)
    ]
    wrong = 0
    with concurrent.futures.ProcessPoolExecutor(options.processes) as pool:
        for name, equal in pool.map(prove, jobs):
            wrong += equal == options.broken
            print(f"{name}: {'equal' if equal else 'different'}", flush=True)
    if wrong or not jobs:
        raise synth.FlowError(f"{wrong} of {len(jobs)} proofs did not come out as they should")
    print(f"{len(jobs)} proofs as they should be")


if __name__ == "__main__":
    try:
        main()
    except synth.FlowError as error:
        sys.exit(f"error: {error}")
