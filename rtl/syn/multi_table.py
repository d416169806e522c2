"""multi.csv: what multi.py saw of posit_mac_multi."""

import pathlib

import table

PATH = pathlib.Path(__file__).parent / "multi.csv"
COLUMNS = "mode,macs_per_cycle,weight_format,activation_format,area_um2,delay_ns,energy_pj"
UNIT = "posit_mac_multi"
COMMAND = "rtl/syn/multi.py --write"


def text(area, delay, energies):
    """The whole file. `energies`: ((mode, MACs a cycle, weights, activations), pJ per MAC), in order."""
    rows = [table.csv_line([mode, macs, weight, activation, f"{area:.0f}", f"{delay:.2f}", f"{energy:.1f}"])
            for (mode, macs, weight, activation), energy in energies]
    return table.text([f"{UNIT} as synthesised, written by {COMMAND}: do not edit. Same flow and operands as costs.csv;",
                       "area and delay are those of the one unit, energy is per MAC."], COLUMNS, rows, [UNIT])


def read(path=PATH):
    """Rows with numbers; TableError when the file was edited, or the unit, the flow or the operands changed since."""
    rows = table.check(path, COLUMNS, COMMAND, [UNIT])
    numbers = ("mode", "macs_per_cycle", "area_um2", "delay_ns", "energy_pj")
    return [{key: float(value) if key in numbers else value for key, value in row.items()} for row in table.as_dicts(COLUMNS, rows)]
