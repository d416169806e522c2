"""costs.csv: how rows are written, and how a table that was edited or is out of date is found."""

import csv
import hashlib
import io
import pathlib
import re

import designs
import liberty
import operands

HERE = pathlib.Path(__file__).parent
PATH = HERE / "costs.csv"
COLUMNS = "unit,weight_format,activation_format,accumulator,pipeline,area_um2,nand2_eq,delay_ns,energy_pj,leakage_nw"
# The files that decide the numbers, beside the units.
FLOW_FILES = ("activity.py", "designs.py", "liberty.py", "operands.py", "synth.py", "table.py", "operands.bin")


class TableError(Exception):
    """What is wrong with a table, for a person."""


def row_text(design, row):
    """One line, without its end."""
    cells = [design.unit, design.weight, design.activation, design.accumulator, design.pipeline, f"{row['area_um2']:.0f}",
             f"{row['nand2_eq']:.1f}", f"{row['delay_ns']:.3f}", f"{row['energy_pj']:.2f}", f"{row['leakage_nw']:.2f}"]
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def rows_digest(lines):
    """Over titles and rows, each with a newline."""
    return hashlib.sha256("".join(line + "\n" for line in lines).encode()).hexdigest()


def source_digest(units=None):
    """Over the sources of all units, the flow and the operands."""
    units = units or sorted({design.unit for design in designs.all_designs()})
    files = sorted({path for unit in units for path in designs.files_of(unit)})
    digest = hashlib.sha256()
    for path in files + [HERE / name for name in FLOW_FILES]:
        digest.update(path.name.encode() + b"\0" + hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def text(rows, versions):
    """The whole file. `rows`: lines in the order of the table."""
    lines = [COLUMNS] + rows
    head = [
        "MAC units as synthesised, written by rtl/syn/flow.py: do not edit. docs/hardware.md explains it.",
        f"OSU018 standard cells, 180 nm, {liberty.VOLTAGE} V, 25 C, typical; no wires, no clock tree; energy per MAC on operands of",
        f"zoo/gpt2 ({operands.LANES} dot products of {operands.STEPS}), no glitches.",
        "node: 180 nm at 1.8 V",
        f"tools: yosys {versions['yosys']}, opensta {versions['opensta']}",
        f"liberty sha256: {liberty.digest()}",
        f"sources sha256: {source_digest()}",
        f"rows sha256: {rows_digest(lines)}",
    ]
    return "".join(f"# {line}\n" for line in head) + "".join(line + "\n" for line in lines)


def read(path=PATH):
    """(lines of rows, {name of a hash: hash}); TableError when the rows are not those that were written."""
    if not path.is_file():
        raise TableError(f"no table at {path}\n  do: rtl/syn/flow.py")
    lines = path.read_text().splitlines()
    hashes = dict(re.findall(r"^# (\w+) sha256: (\w+)$", path.read_text(), re.M))
    rows = [line for line in lines if not line.startswith("#")]
    if not rows or rows[0] != COLUMNS:
        raise TableError(f"{path}: the titles are not {COLUMNS}")
    if hashes.get("rows") != rows_digest(rows):
        raise TableError(f"{path}: the rows were edited after rtl/syn/flow.py wrote them\n  expected a hash of {hashes.get('rows')}\n"
                         f"  found {rows_digest(rows)}\n  do: rtl/syn/flow.py writes them again")
    return rows[1:], hashes


def check(path=PATH):
    """TableError when the table was edited, or the units, the flow or the operands changed since."""
    _, hashes = read(path)
    for name, found in (("sources", source_digest()), ("liberty", liberty.digest())):
        if hashes.get(name) != found:
            raise TableError(f"{path}: the table is stale: {name} changed since it was made\n  expected a hash of {hashes.get(name)}\n"
                             f"  found {found}\n  do: rtl/syn/flow.py writes it again")


def rows_as_dicts(path=PATH):
    rows, _ = read(path)
    return list(csv.DictReader([COLUMNS] + rows))
