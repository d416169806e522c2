#!/usr/bin/env python3
"""The unit whose precision is chosen at run time, posit_mac_multi, beside the fixed units it replaces.

    rtl/syn/multi.py            area and delay; energy per MAC in each mode, on the operands of the table
    rtl/syn/multi.py --write    and all of it into multi.csv, which page.py reads
    rtl/syn/multi.py --parts    where the area is: its parts and those of posit<16,2>, each synthesised alone

It has no rows in costs.csv: a search would have to price a mixed recipe on one unit, not pair by pair.
"""

import argparse
import pathlib
import re
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import designs  # noqa: E402
import flow  # noqa: E402
import multi_table  # noqa: E402
import operands  # noqa: E402
import synth  # noqa: E402
from activity import Netlist, Simulation  # noqa: E402

# mode_i: (bits of a lane, lowest accumulator bit of each lane, accumulator bits, lsb), lane 0 first
MODES = {0: (16, [0], 240, -112), 1: (8, [0, 128], 112, -48), 2: (4, [0, 64, 128, 192], 48, -16)}
RUNS = [(0, "posit<16,1>", "posit<16,1>"), (0, "posit<16,2>", "posit<16,2>"), (1, "posit<8,1>", "posit<8,1>"), (1, "posit<6,1>", "posit<8,1>"),
        (1, "posit<4,1>", "posit<8,1>"), (2, "posit<4,1>", "posit<4,1>")]
UNIT = "posit_mac_multi"
# (module, parameters, how often posit_mac_multi has it, how often posit_mac of posit<16,2>)
PARTS = [("posit_multiply_multi", {}, 1, 0), ("posit_multiply", {"FRAC": 11}, 0, 1),
         ("posit_align_down", {"PRODUCT": 30, "SHIFT": 8, "WIDTH": 240, "TOP": 227}, 1, 0),
         ("posit_align_down", {"PRODUCT": 14, "SHIFT": 7, "WIDTH": 112, "TOP": 99}, 1, 0),
         ("posit_align_down", {"PRODUCT": 6, "SHIFT": 6, "WIDTH": 48, "TOP": 35}, 2, 0),
         ("posit_align", {"PRODUCT": 26, "SHIFT": 8, "LOW": 38, "WIDTH": 226}, 0, 1),
         ("posit_decode_es", {"N": 16}, 2, 0), ("posit_decode_es", {"N": 8, "EXP": 7}, 2, 0), ("posit_decode_es", {"N": 4, "EXP": 6}, 4, 0),
         ("posit_decode", {"N": 16, "ES": 2}, 0, 2),
         ("posit_accumulate_multi", {"GATED": 1}, 1, 0), ("posit_accumulate", {"WIDTH": 240, "ADDEND": 226, "GATED": 1}, 0, 1)]


def size_of(name):
    return tuple(map(int, re.findall(r"\d+", name)))  # n, es


def packed(executable, name, which, mode):
    """[step][simulation lane]: dot product i + k in lane k of the word."""
    width, places, _, _ = MODES[mode]
    shift = width - size_of(name)[0]  # a narrower posit sits at the top of its lane
    codes = operands.encode(executable, name, which)
    at = lambda dot, step: codes[dot % operands.LANES * operands.STEPS + step] << shift
    return [[sum(at(i + k, step) << (k * width) for k in range(len(places))) for i in range(operands.LANES)] for step in range(operands.STEPS)]


def check(simulation, executable, mode, weight, activation):
    _, places, bits, lsb = MODES[mode]
    a, b = operands.values(executable, weight), operands.values(executable, activation)
    w, x = operands.encode(executable, weight, 0), operands.encode(executable, activation, 1)
    sums = []
    for dot in range(operands.LANES):
        pairs = range(dot * operands.STEPS, (dot + 1) * operands.STEPS)
        sums.append(sum(int(a[w[i]] * b[x[i]] * 2.0**-lsb) for i in pairs))
    for lane, word in enumerate(simulation.output("acc_o")):
        for k, low in enumerate(places):
            if word >> low & ((1 << bits) - 1) != sums[(lane + k) % operands.LANES] % (1 << bits):
                raise synth.FlowError(f"mode {mode}, {weight} x {activation}: a sum is wrong")


def energy(netlist, executable, run, report, sdf):
    """pJ per MAC"""
    mode, weight, activation = run
    simulation = Simulation(netlist, operands.LANES)
    fixed = {"mode_i": mode, "a_es_i": size_of(weight)[1], "b_es_i": size_of(activation)[1], "ready_i": 1}
    for _ in range(2):
        simulation.cycle({**fixed, "rst_i": 1, "valid_i": 0, "clear_i": 0, "last_i": 0, "a_i": 0, "b_i": 0}, count=False)
    for step, (a, b) in enumerate(zip(packed(executable, weight, 0, mode), packed(executable, activation, 1, mode))):
        simulation.cycle({**fixed, "rst_i": 0, "valid_i": 1, "clear_i": int(step == 0), "last_i": int(step == operands.STEPS - 1), "a_i": a, "b_i": b},
                         count=step > 0)
    check(simulation, executable, mode, weight, activation)
    return synth.energies_pj(netlist, simulation, report, sdf)[0] / len(MODES[mode][1])


def synthesise(unit, parameters, folder):
    return synth.synthesise(designs.Design(unit, "", "", "", 0, tuple(parameters.items())), folder)


def print_parts(folder):
    print("part: um2 of one, how many in posit_mac_multi, in posit<16,2>")
    for unit, parameters, in_multi, in_fixed in PARTS:
        name = " ".join([unit] + [f"{key}={value}" for key, value in parameters.items()])
        area = synth.area_of(synthesise(unit, parameters, folder / "parts" / name.replace(" ", "-")))
        print(f"{name}: {area:.0f}, {in_multi}, {in_fixed}", flush=True)


def measure(folder, executable, write):
    netlist = synthesise(UNIT, {}, folder)
    report = synth.report(folder, UNIT)
    sdf = (folder / "delays.sdf").read_text()
    area = synth.area_of(netlist)
    delay = synth.read_delay(report)
    print(f"posit_mac_multi: {area:.0f} um2, {delay:.2f} ns", flush=True)
    energies = []
    for mode, weight, activation in RUNS:
        picojoules = energy(netlist, executable, (mode, weight, activation), report, sdf)
        energies.append(((mode, len(MODES[mode][1]), weight, activation), picojoules))
        print(f"mode {mode}, {weight} x {activation}: {picojoules:.1f} pJ/MAC", flush=True)
    if write:
        multi_table.PATH.write_text(multi_table.text(area, delay, energies))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--parts", action="store_true")
    arguments = parser.parse_args()
    synth.need_tools()
    folder = designs.ROOT / "build" / "syn" / UNIT
    if arguments.parts:
        print_parts(folder)
    else:
        measure(folder, flow.find_executable(None), arguments.write)


if __name__ == "__main__":
    try:
        main()
    except synth.FlowError as error:
        sys.exit(f"error: {error}")
