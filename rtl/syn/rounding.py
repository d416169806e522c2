#!/usr/bin/env python3
"""Rounding a sum to a posit, posit_round: what one for each accumulator of the table takes.

    rtl/syn/rounding.py            prints
    rtl/syn/rounding.py --write    and into rounding.csv, which page.py reads

It is needed once for a dot product, not once for a MAC, so it has no rows in costs.csv. Energy is for one rounding, on
the sums of the table's dot products, one after the other.
"""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import designs  # noqa: E402
import flow  # noqa: E402
import liberty  # noqa: E402
import operands  # noqa: E402
import synth  # noqa: E402
import table  # noqa: E402
from activity import Netlist, Simulation  # noqa: E402

PATH = pathlib.Path(__file__).parent / "rounding.csv"
COLUMNS = "unit,format,accumulator,area_um2,nand2_eq,delay_ns,energy_pj"
COMMAND = "rtl/syn/rounding.py --write"
UNIT = "posit_round"


def parameters_of(mac):
    """posit_round's, for the accumulator of a posit_mac."""
    given = dict(mac.parameters)
    width = given.get("ACC_WIDTH", 4 * (given["N"] - 2) * 2 ** given["ES"] + 16)
    return (("N", given["N"]), ("ES", given["ES"]), ("LSB", mac.lsb), ("WIDTH", width))


def sums(executable, mac, width):
    """The sum of each dot product, as bits of the accumulator; products of a truncated one are rounded as posit_mac rounds."""
    values = operands.values(executable, mac.weight)
    weights, inputs = operands.streams(executable, mac)
    totals = [0] * operands.LANES
    for step in range(operands.STEPS):
        for lane in range(operands.LANES):
            doubled = values[weights[step][lane]] * values[inputs[step][lane]] * 2.0 ** (1 - mac.lsb)
            totals[lane] += int(doubled // 1 + 1) >> 1
    return [total % (1 << width) for total in totals]


def measure(mac, executable, folder):
    parameters = parameters_of(mac)
    design = designs.Design(UNIT, mac.weight, mac.activation, mac.accumulator, 0, parameters)
    netlist = synth.synthesise(design, folder)
    simulation = Simulation(netlist, operands.LANES)
    totals = sums(executable, mac, dict(parameters)["WIDTH"])
    for turn in range(operands.LANES):
        simulation.cycle({"sum_i": totals[turn:] + totals[:turn], "nar_i": 0}, count=turn > 0)
    report = synth.report(folder, UNIT, clocked=False)
    energy, _ = synth.energies_pj(netlist, simulation, report, (folder / "delays.sdf").read_text())
    area = synth.area_of(netlist)
    return table.csv_line([UNIT, mac.weight, mac.accumulator, f"{area:.0f}", f"{area / liberty.cells()['NAND2X1']['area']:.1f}",
                           f"{synth.read_delay(report):.3f}", f"{energy:.2f}"])


def read(path=PATH):
    """{(format, accumulator): row with numbers}; TableError as table.check."""
    rows = table.as_dicts(COLUMNS, table.check(path, COLUMNS, COMMAND, [UNIT]))
    return {(row["format"], row["accumulator"]): {key: float(row[key]) for key in ("area_um2", "nand2_eq", "delay_ns", "energy_pj")} for row in rows}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--posittune", metavar="FILE")
    options = parser.parse_args()
    synth.need_tools()
    executable = flow.find_executable(options.posittune)
    lines = []
    for mac in designs.all_designs():
        if mac.unit == "posit_mac" and mac.pipeline == 0:
            lines.append(measure(mac, executable, designs.ROOT / "build" / "syn" / mac.name.replace("posit_mac", UNIT)))
            print(lines[-1], flush=True)
    if options.write:
        PATH.write_text(table.text([f"{UNIT} as synthesised, written by {COMMAND}: do not edit. Same flow and operands as costs.csv;",
                                    "energy is for one rounding of a sum."], COLUMNS, lines, [UNIT]))


if __name__ == "__main__":
    try:
        main()
    except (synth.FlowError, table.TableError) as error:
        sys.exit(f"error: {error}")
