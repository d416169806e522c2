"""Tables of the flow: how they are written, and how one that was edited or is out of date is found.

Above the titles stand comments; the last are hashes: of the Liberty file, of the sources (which are named), of titles and
rows, and of the comments above it. src/posittune/cost checks costs.csv in the same way.
"""

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
SETTLED_PATH = HERE / "settled.csv"  # the same rows, energies without glitches
SETTLED_COLUMNS = "unit,weight_format,activation_format,accumulator,pipeline,settled_pj"
# The files that decide the numbers, beside the units.
FLOW_FILES = ("activity.py", "designs.py", "glitches.py", "liberty.py", "map.ys", "operands.py", "synth.py", "table.py", "operands.bin")


class TableError(Exception):
    """What is wrong with a table, for a person."""


def csv_line(cells):
    """One line, without its end."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow(cells)
    return text.getvalue()


def row_texts(design, row):
    """The lines of costs.csv and of settled.csv."""
    name = [design.unit, design.weight, design.activation, design.accumulator, design.pipeline]
    return (csv_line(name + [f"{row['area_um2']:.0f}", f"{row['nand2_eq']:.1f}", f"{row['delay_ns']:.3f}", f"{row['energy_pj']:.2f}",
                             f"{row['leakage_nw']:.2f}"]),
            csv_line(name + [f"{row['settled_pj']:.2f}"]))


def lines_digest(lines):
    """Over lines, each with a newline."""
    return hashlib.sha256("".join(line + "\n" for line in lines).encode()).hexdigest()


def sources_of(units):
    """Paths below rtl/, in order: the units, what they need, the flow and the operands."""
    files = {path for unit in units for path in designs.files_of(unit)} | {HERE / name for name in FLOW_FILES}
    return sorted(f"{path.parent.name}/{path.name}" for path in files)


def source_digest(paths):
    digest = hashlib.sha256()
    for path in paths:
        digest.update(path.encode() + b"\0" + hashlib.sha256((HERE.parent / path).read_bytes()).hexdigest().encode())
    return digest.hexdigest()


def text(head, columns, rows, units):
    """The whole file. `head`: comments; `rows`: lines in the order of the table; `units`: modules that it is about."""
    lines = [columns] + rows
    sources = sources_of(units)
    head = [*head, f"liberty sha256: {liberty.digest()}", f"sources: {' '.join(sources)}", f"sources sha256: {source_digest(sources)}",
            f"rows sha256: {lines_digest(lines)}"]
    head = [f"# {line}" for line in head]
    return "".join(line + "\n" for line in [*head, f"# head sha256: {lines_digest(head)}", *lines])


def costs_units():
    return sorted({design.unit for design in designs.all_designs()})


def costs_text(rows, versions):
    return text([
        "MAC units as synthesised, written by rtl/syn/flow.py: do not edit. docs/hardware.md explains it.",
        f"OSU018 standard cells, 180 nm, {liberty.VOLTAGE} V, 25 C, typical; no wires, no clock tree; energy per MAC on operands of",
        f"zoo/gpt2 ({operands.LANES} dot products of {operands.STEPS}), glitches included.",
        "node: 180 nm at 1.8 V",
        f"tools: yosys {versions['yosys']}, opensta {versions['opensta']}",
    ], COLUMNS, rows, costs_units())


def settled_text(rows):
    return text(["Energies of costs.csv without glitches, pJ per MAC, written by rtl/syn/flow.py: do not edit."], SETTLED_COLUMNS, rows,
                costs_units())


def read(path=PATH, columns=COLUMNS, command="rtl/syn/flow.py"):
    """(lines of rows, {name of a hash: hash}); TableError when the file is not what the flow wrote."""
    if not path.is_file():
        raise TableError(f"no table at {path}\n  do: {command}")
    content = path.read_text()
    hashes = dict(re.findall(r"^# (\w+) sha256: (\w+)$", content, re.M))
    lines = content.splitlines()
    rows = [line for line in lines if not line.startswith("#")]
    head = [line for line in lines if line.startswith("#") and not line.startswith("# head sha256: ")]
    if not rows or rows[0] != columns:
        raise TableError(f"{path}: the titles are not {columns}\n  do: {command} writes the table again")
    for name, found in (("rows", lines_digest(rows)), ("head", lines_digest(head))):
        if hashes.get(name) != found:
            raise TableError(f"{path}: the {name} were edited after {command} wrote them\n  expected a hash of {hashes.get(name)}\n"
                             f"  found {found}\n  do: {command} writes them again")
    return rows[1:], hashes


def check(path=PATH, columns=COLUMNS, command="rtl/syn/flow.py", units=None):
    """TableError when the table was edited, or the units, the flow or the operands changed since. Otherwise its rows."""
    rows, hashes = read(path, columns, command)
    if not liberty.PATH.is_file():
        raise TableError(f"no cell library at {liberty.PATH}\n  do: apt-get install {liberty.PACKAGE}")
    for name, found in (("sources", source_digest(sources_of(units or costs_units()))), ("liberty", liberty.digest())):
        if hashes.get(name) != found:
            raise TableError(f"{path}: the table is stale: {name} changed since it was made\n  expected a hash of {hashes.get(name)}\n"
                             f"  found {found}\n  do: {command} writes it again")
    return rows


def check_all():
    check()
    check(SETTLED_PATH, SETTLED_COLUMNS)


def as_dicts(columns, rows):
    return list(csv.DictReader([columns] + rows))


def rows_as_dicts(path=PATH):
    return as_dicts(COLUMNS, read(path)[0])
