"""multi.csv: what multi.py saw of posit_mac_multi, and how a file that was edited or is out of date is found."""

import csv
import pathlib
import re

import liberty
import table

PATH = pathlib.Path(__file__).parent / "multi.csv"
COLUMNS = "mode,macs_per_cycle,weight_format,activation_format,area_um2,delay_ns,energy_pj"
UNIT = "posit_mac_multi"


def sources_digest():
    return table.source_digest([UNIT])


def text(area, delay, energies):
    """The whole file. `energies`: ((mode, MACs a cycle, weights, activations), pJ per MAC), in order."""
    lines = [COLUMNS] + [f'{mode},{macs},"{weight}","{activation}",{area:.0f},{delay:.2f},{energy:.1f}'
                         for (mode, macs, weight, activation), energy in energies]
    head = [f"{UNIT} as synthesised, written by rtl/syn/multi.py --write: do not edit. Same flow and operands as costs.csv;",
            "area and delay are those of the one unit, energy is per MAC.",
            f"liberty sha256: {liberty.digest()}", f"sources sha256: {sources_digest()}", f"rows sha256: {table.rows_digest(lines)}"]
    return "".join(f"# {line}\n" for line in head) + "".join(line + "\n" for line in lines)


def read(path=PATH):
    """Rows with numbers; TableError when the file was edited, or the unit, the flow or the operands changed since."""
    if not path.is_file():
        raise table.TableError(f"no table at {path}\n  do: rtl/syn/multi.py --write")
    content = path.read_text()
    hashes = dict(re.findall(r"^# (\w+) sha256: (\w+)$", content, re.M))
    rows = [line for line in content.splitlines() if not line.startswith("#")]
    for name, found in (("rows", table.rows_digest(rows)), ("sources", sources_digest()), ("liberty", liberty.digest())):
        if hashes.get(name) != found:
            raise table.TableError(f"{path}: {name} changed since it was written\n  expected a hash of {hashes.get(name)}\n  found {found}\n"
                                   "  do: rtl/syn/multi.py --write")
    numbers = ("mode", "macs_per_cycle", "area_um2", "delay_ns", "energy_pj")
    return [{key: float(value) if key in numbers else value for key, value in row.items()} for row in csv.DictReader(rows)]
