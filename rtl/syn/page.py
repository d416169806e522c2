#!/usr/bin/env python3
"""Tables and plots of docs/hardware.md, from the tables of the flow.

    rtl/syn/page.py            the tables on stdout
    rtl/syn/page.py --write    between the marks of docs/hardware.md, and docs/hardware-*.svg;
                               goals of the units go between those of docs/development/goals.md
"""

import argparse
import pathlib
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import designs  # noqa: E402
import multi_table  # noqa: E402
import plots  # noqa: E402
import rounding  # noqa: E402
import table  # noqa: E402

DOCS = designs.ROOT / "docs"
GOALS_PAGE = DOCS / "development" / "goals.md"
RATIOS_BEGIN, RATIOS_END = "<!-- ratios:begin -->\n", "<!-- ratios:end -->\n"
MULTI_BEGIN, MULTI_END = "<!-- multi:begin -->\n", "<!-- multi:end -->\n"
UNITS_BEGIN, UNITS_END = "<!-- units:begin -->\n", "<!-- units:end -->\n"
ROUNDING_BEGIN, ROUNDING_END = "<!-- rounding:begin -->\n", "<!-- rounding:end -->\n"


def load():
    """{(format of weights, of activations, accumulator, pipeline): row with numbers, also settled_pj}"""
    rows = {}
    for row in table.rows_as_dicts() + table.as_dicts(table.SETTLED_COLUMNS, table.read(table.SETTLED_PATH, table.SETTLED_COLUMNS)[0]):
        numbers = {key: float(value) for key, value in row.items() if key.endswith(("_um2", "_eq", "_ns", "_pj", "_nw"))}
        rows.setdefault((row["weight_format"], row["activation_format"], row["accumulator"], int(row["pipeline"])), {}).update(numbers)
    return rows


# (what, unit, other, column, goal: the ratio at most)
RATIOS = [
    ("area", ("posit<8,1>", "quire"), ("int8", "int"), "area_um2", 1.35),
    ("delay", ("posit<8,1>", "quire"), ("int8", "int"), "delay_ns", 1.4),
    ("area", ("posit<8,1>", "quire"), ("bf16", "fp32"), "area_um2", 1.0),
    ("delay", ("posit<8,1>", "quire"), ("bf16", "fp32"), "delay_ns", 1.0),
    ("energy", ("posit<6,1>", "quire"), ("int8", "int"), "energy_pj", 1.0),
    ("area", ("posit<16,1>", "fixed48"), ("bf16", "fp32"), "area_um2", 1.5),
    ("delay", ("posit<16,1>", "fixed48"), ("bf16", "fp32"), "delay_ns", 1.5),
    ("energy", ("posit<16,1>", "fixed48"), ("bf16", "fp32"), "energy_pj", 1.5),
]
# The run-time multi-precision unit (multi.csv): what its area may be, times the largest fixed unit it replaces.
MULTI_GOAL, MULTI_LARGEST = 1.1, ("posit<16,2>", "quire")
SHOWN = [("int4", "int"), ("int8", "int"), ("int16", "int"), ("posit<4,1>", "quire"), ("posit<5,1>", "quire"), ("posit<6,1>", "quire"),
         ("posit<8,0>", "quire"), ("posit<8,1>", "quire"), ("posit<8,2>", "quire"), ("posit<16,1>", "quire"), ("posit<16,1>", "fixed48"),
         ("posit<16,2>", "quire"), ("fp8_e4m3", "fp32"), ("fp8_e5m2", "fp32"), ("bf16", "fp32"), ("fp16", "fp32"), ("fp32", "fp32")]


def ratios(rows):
    """[(unit, beside, what, goal, ratio at each depth)]"""
    made = []
    for what, (name, accumulator), (other, other_accumulator), column, goal in RATIOS:
        at_depths = [rows[name, name, accumulator, depth][column] / rows[other, other, other_accumulator, depth][column] for depth in designs.PIPELINES]
        made.append((f"{name}, {accumulator}", f"{other}, {other_accumulator}", what, goal, at_depths))
    name, accumulator = MULTI_LARGEST
    ratio = multi_table.read()[0]["area_um2"] / rows[name, name, accumulator, 0]["area_um2"]
    return [*made, ("posit_mac_multi, quire", f"{name}, {accumulator}", "area", MULTI_GOAL, [ratio])]


def shown(at_depths):
    return [f"{ratio:.2f}" for ratio in at_depths] + [""] * (len(designs.PIPELINES) - len(at_depths))


def ratios_text(rows):
    lines = [f"| unit | beside | what | {' | '.join(map(str, designs.PIPELINES))} |", "|---" * (3 + len(designs.PIPELINES)) + "|"]
    lines += [f"| {unit} | {beside} | {what} | {' | '.join(shown(at_depths))} |" for unit, beside, what, _, at_depths in ratios(rows)]
    return "\n".join(lines) + "\n"


def verdict(at_depths, goal):
    met = [str(depth) for depth, ratio in enumerate(at_depths) if ratio <= goal]
    if len(met) in (0, len(at_depths)):
        return "met" if met else "missed"
    return "met at " + ", ".join(met)


def goals_text(rows):
    lines = [f"| unit | beside | what | asked | {' | '.join(map(str, designs.PIPELINES))} | |", "|---" * (5 + len(designs.PIPELINES)) + "|"]
    for unit, beside, what, goal, at_depths in ratios(rows):
        lines.append(f"| {unit} | {beside} | {what} | {goal:.2f} | {' | '.join(shown(at_depths))} | {verdict(at_depths, goal)} |")
    return "\n".join(lines) + "\n"


def rounding_text(rows):
    """Areas with the MAC are of one MAC and one posit_round; energies are of one rounding."""
    int8, bf16 = rows["int8", "int8", "int", 0]["area_um2"], rows["bf16", "bf16", "fp32", 0]["area_um2"]
    lines = ["| posit_round for | um2 | of its MAC | ns | pJ a rounding | MAC and rounding: area to int8, to bf16 |", "|---|---|---|---|---|---|"]
    for (name, accumulator), row in rounding.read().items():
        if (name, accumulator) not in SHOWN:
            continue
        mac = rows[name, name, accumulator, 0]["area_um2"]
        both = row["area_um2"] + mac
        lines.append(f"| {name}, {accumulator} | {row['area_um2']:.0f} | {row['area_um2'] / mac:.2f} | {row['delay_ns']:.2f} | {row['energy_pj']:.0f} "
                     f"| {both / int8:.2f}, {both / bf16:.2f} |")
    return "\n".join(lines) + "\n"


def multi_text(rows):
    lines = ["| MACs a cycle | weights | activations | pJ/MAC | fixed unit |", "|---|---|---|---|---|"]
    for row in multi_table.read():
        weight, activation = row["weight_format"], row["activation_format"]
        fixed = rows[weight, activation, "quire", 0]["energy_pj"]
        lines.append(f"| {row['macs_per_cycle']:.0f} | {weight} | {activation} | {row['energy_pj']:.1f} | {fixed:.1f} |")
    return "\n".join(lines) + "\n"


def units_text(rows):
    int8 = rows["int8", "int8", "int", 0]
    lines = ["| unit | accumulator | um2 | NAND2 | ns | pJ/MAC | without glitches | nW | area, delay, energy to int8 |",
             "|---|---|---|---|---|---|---|---|---|"]
    for name, accumulator in SHOWN:
        row = rows[name, name, accumulator, 0]
        ratios = ", ".join(f"{row[c] / int8[c]:.2f}" for c in ("area_um2", "delay_ns", "energy_pj"))
        lines.append(f"| {name} | {accumulator} | {row['area_um2']:.0f} | {row['nand2_eq']:.0f} | {row['delay_ns']:.2f} | {row['energy_pj']:.1f} "
                     f"| {row['settled_pj']:.1f} | {row['leakage_nw']:.0f} | {ratios} |")
    return "\n".join(lines) + "\n"


def between(text, begin, end, middle):
    before, rest = text.split(begin)
    return before + begin + middle + end + rest.split(end)[1]


def with_tables(text, rows):
    """The text of hardware.md with its tables as they are now."""
    text = between(text, RATIOS_BEGIN, RATIOS_END, ratios_text(rows))
    text = between(text, MULTI_BEGIN, MULTI_END, multi_text(rows))
    text = between(text, ROUNDING_BEGIN, ROUNDING_END, rounding_text(rows))
    return between(text, UNITS_BEGIN, UNITS_END, units_text(rows))


def with_goals(text, rows):
    """The text of development/goals.md with the goals of the units as they are now."""
    return between(text, UNITS_BEGIN, UNITS_END, goals_text(rows))


def write(rows):
    for path, with_marked in ((DOCS / "hardware.md", with_tables), (GOALS_PAGE, with_goals)):
        path.write_text(with_marked(path.read_text(), rows))
    for column, title in (("area_um2", "area, thousand um2"), ("energy_pj", "energy, pJ per MAC"), ("delay_ns", "delay, ns")):
        scale = 1e-3 if column == "area_um2" else 1
        series = [(f"es = {es}", [(n, rows[f"posit<{n},{es}>", f"posit<{n},{es}>", "quire", 0][column] * scale) for n in range(4, 9)]) for es in range(3)]
        levels = [(name, rows[name, name, accumulator, 0][column] * scale) for name, accumulator in (("int4", "int"), ("int8", "int"), ("bf16", "fp32"))]
        (DOCS / f"hardware-{column.split('_')[0]}.svg").write_text(plots.svg(f"posit<n,es> MAC with exact quire: {title}", "n", series, levels))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    rows = load()
    if parser.parse_args().write:
        write(rows)
    print("\n".join((ratios_text(rows), rounding_text(rows), multi_text(rows), units_text(rows))))


if __name__ == "__main__":
    try:
        main()
    except table.TableError as error:
        sys.exit(f"error: {error}")
