#!/usr/bin/env python3
"""The cards of docs/formats.md: what the program says of each format that it lists, what its codes are, and what docs/results.md
has measured of it. No numbers of their own.

    python3 bench/formats_page.py --write       the cards between the page's marks, and the plots beside the page
"""

import csv
import io
import math
import pathlib
import re
import subprocess
import sys

import pages

FAMILIES = {"posit": "Posits", "int": "Integers", "float": "Floats", "mx": "Block formats (MX)"}
PLOTS = {
    "formats-8.svg": ["posit<8,0>", "posit<8,1>", "posit<8,2>", "int8", "fp8_e4m3", "fp8_e5m2"],
    "formats-6.svg": ["posit<6,0>", "posit<6,1>", "int6", "fp6_e2m3", "fp6_e3m2"],
    "formats-4.svg": ["posit<4,0>", "posit<4,1>", "int4", "fp4_e2m1"],
}
MOST_CODE_BITS = 16  # longer tables of codes are not printed by the program
MOST_VALUES = 16  # that a card lists one by one
MOST_OCTAVES = 10


def told(args, *words: str) -> str:
    line = [str(args.build.resolve() / "posittune"), "formats", *words]
    return subprocess.run(line, stdout=subprocess.PIPE, text=True, check=True).stdout


def card(args, name: str) -> dict[str, str]:
    """What the program says: label -> text."""
    lines = [re.fullmatch(r"  (\S.*?)  +(\S.*)", line) for line in told(args, name).splitlines()[1:]]
    return {match[1]: match[2] for match in lines if match}


def number(value: float) -> str:
    return f"{value:.4g}"


def percent(part: float) -> str:
    return f"{100 * part:.3g} %"


def positive_values(args, name: str) -> list[float]:
    rows = csv.DictReader(io.StringIO(told(args, name, "--codes", "csv")))
    return sorted({value for row in rows if 0 < (value := float(row["value"])) < math.inf})


def grid(values: list[float], integer: bool) -> dict[str, str]:
    """Facts of the list of positive values."""
    text = {}
    if len(values) <= MOST_VALUES:
        text["positive values"] = ", ".join(map(number, values))
    octaves = [math.frexp(value)[1] - 1 for value in values]
    above = [octaves.count(k) for k in range(max(octaves) + 1)]
    shown = ", ".join(map(str, above[:MOST_OCTAVES])) + (" ..." if len(above) > MOST_OCTAVES else "")
    text["values in an octave, from 1 up"] = f"{shown} (of {len(values)} positive ones)"
    ratios = [high / low for low, high in zip(values, values[1:])]
    if ratios:
        text["ratio of neighbours"] = f"{number(min(ratios))} to {number(max(ratios))}"
    if integer:
        text["rounding error"] = f"half a step everywhere: {percent(0.5 * values[0] / values[-1])} of the largest value"
        return text
    # The octaves around 1 that are as dense as the one above 1 is, which posits have in their middle and floats nearly everywhere.
    low = high = 0
    while octaves.count(low - 1) >= above[0]:
        low -= 1
    while octaves.count(high + 1) >= above[0]:
        high += 1
    text["rounding error"] = (
        f"at most {percent(0.5 / above[0])} of a value from {number(2.0**low)} to {number(min(2.0 ** (high + 1), values[-1]))}"
    )
    return text


class Results:
    """The tables of docs/results.md, by what they call a format."""

    def __init__(self, page: pathlib.Path):
        found = re.findall(r"(?:^\|.*\n)+", page.read_text(encoding="utf-8"), re.M)
        self.tables = [
            [[cell.strip() for cell in line.strip("|\n").split(" | ")] for line in table.splitlines()]
            for table in found
        ]

    def rows(self, *columns: str) -> list[dict[str, str]]:
        """Of the one table that has these columns."""
        (table,) = [table for table in self.tables if set(columns) <= {cell.strip(" |") for cell in table[0]}]
        header = [cell.strip(" |") for cell in table[0]]
        return [dict(zip(header, (cell.strip(" |") for cell in row))) for row in table[2:]]


def median(cell: str) -> str:
    """Of "0.0151 (0.0149 to 0.0153)"."""
    return cell.split(" ")[0]


def weights_and_inputs(results: Results, name: str, bits: int) -> dict[str, str]:
    rows = results.rows("model", "formats", "KL", "loss, %")
    # A uniform format has static or `output` scales, or a block's own; of these `output` stands for both, which hardly differ.
    uniform = re.compile(r"(\S+)( output)?")
    of_bits: dict[str, dict[str, str]] = {}
    for row in rows:
        match = uniform.fullmatch(row["formats"])
        if match and int(re.search(r"\d+", match[1])[0]) == bits:
            of_bits.setdefault(row["model"], {})[match[1]] = median(row["KL"])
    mine = {model: found[name] for model, found in of_bits.items() if name in found}
    if not mine:
        return {}
    best = [
        model for model, found in of_bits.items() if name in found and min(found, key=lambda n: float(found[n])) == name
    ]
    others = sorted({other for found in of_bits.values() for other in found if other != name})
    text = ", ".join(f"{model} {kl}" for model, kl in mine.items())
    lead = f"; the least beside {', '.join(others)}: {', '.join(best)}" if best and others else ""
    none = f"; on each one of {', '.join(others)} has less" if others and not best else ""
    return {"weights and inputs, KL": text + lead + none}


def weights_alone(results: Results, name: str) -> dict[str, str]:
    text = {}
    column = "INT8" if name == "int8" else name
    rows = results.rows("model", "rounding of posit<8,*>", "posit<8,1>", "INT8")
    if column in rows[0]:
        nearest = {row["model"]: median(row[column]) for row in rows}
        text["weights alone, nearest, KL"] = ", ".join(f"{model} {kl}" for model, kl in nearest.items())
    four = [row for row in results.rows("model", "format", "nearest", "compensated") if row["format"] == name]
    if four:
        text["weights alone, KL nearest / compensated"] = ", ".join(
            f"{row['model']} {median(row['nearest'])} / {median(row['compensated'])}" for row in four
        )
    best: dict[str, list[str]] = {}
    for row in results.rows("model", "bits", "searched", "best uniform (its bits)"):
        if row["best uniform (its bits)"].split(" ")[0] == name:
            best.setdefault(row["bits"], []).append(row["model"])
    if best:
        text["best uniform format for weights"] = "; ".join(
            f"within {bits} bits on {', '.join(models)}" for bits, models in best.items()
        )
    return text


def section(args, row: dict, results: Results) -> list[str]:
    name = row["name"]
    facts = card(args, name)
    if row["bits"] <= MOST_CODE_BITS:
        facts |= grid(positive_values(args, name), "int" in name)
    measured = weights_alone(results, name) | weights_and_inputs(results, name, row["bits"])
    facts |= {f"{label} ([results](results.md))": text for label, text in measured.items()}
    lines = [f"### {name}", "", "| | |", "|---|---|"]
    return [*lines, *(f"| {label} | {text.replace('|', chr(92) + '|')} |" for label, text in facts.items()), ""]


def cards(args) -> list[str]:
    results = Results(pages.ROOT / "docs" / "results.md")
    rows = pages.posittune(args, "formats")["rows"]
    unknown = {row["family"] for row in rows} - set(FAMILIES)
    if unknown:
        sys.exit(f"no heading for formats of the family {', '.join(sorted(unknown))}: add it to FAMILIES")
    lines = []
    for family, title in FAMILIES.items():
        lines += [f"## {title}", ""]
        for row in rows:
            if row["family"] == family:
                lines += section(args, row, results)
    return lines[:-1]


def main() -> None:
    args = pages.parser(__doc__, "formats.md").parse_args()
    pages.finish(args, {"cards": cards(args)})
    if args.write:
        for file, names in PLOTS.items():
            told(args, *names, "--plot", str(args.page.parent / file))


if __name__ == "__main__":
    main()
