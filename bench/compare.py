#!/usr/bin/env python3
"""Makes the tables of docs/compare.md again: each stands below the command that it came from.

usage: bench/compare.py [--build build/release] [--page docs/compare.md] [--only zoo:NAME ...] [--small]

The page is written in place, table by table. --small: 2 items, two formats and few resamples, to see that it works.
"""

import argparse
import pathlib
import re
import shlex
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import pages

# A line that is a command, and the table below it.
TABLE = re.compile(r"^`posittune (compare [^`]+)`\n\n((?:\|.*\n)+)", re.M)
# What a task is judged by, besides the loss.
METRICS = ("perplexity", "accuracy", "map", "map_agreement")
SMALL = {"--limit": "2", "--formats": "fp32,int8", "--resamples": "50"}


def number(value: float | str) -> str:  # infinities are words in the records
    if isinstance(value, str):
        return value
    return "0" if value == 0 else f"{value:.1e}" if abs(value) < 1e-3 else f"{value:.4g}"


def estimate(of: dict) -> str:
    return f"{number(of['value'])} [{number(of['low'])}, {number(of['high'])}]"


def measure(args, command: str) -> dict:
    words = shlex.split(command)
    with tempfile.TemporaryDirectory() as folder:
        return pages.posittune(
            args, *(pages.with_options(words, SMALL) if args.small else words), "--run", pathlib.Path(folder) / "run"
        )


def table(results: dict) -> str:
    rows = results["rows"]
    metric = next(name for name in METRICS if name in rows[0]["metrics"])
    scored = results["scored"]
    lines = [
        f"| format | what | scale | bits/weight | {scored['loss'].upper()}, {scored['unit']} | {metric} | to FP32, paired |",
        "|---|---|---|---:|---:|---:|---:|",
    ]
    for row in rows:
        of = row["metrics"][metric]
        paired = estimate(of["delta"]) + (" *" if of["delta"]["value"] != 0 and of["noise"] else "")
        lines.append(
            f"| {row['format']} | {row['what']} | {row['scale']} | {row['bits_per_weight']:.3f} | "
            f"{estimate(row['metrics'][scored['loss']])} | {estimate(of)} | {paired} |"
        )
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=pages.ROOT / "build/release")
    parser.add_argument("--page", type=pathlib.Path, default=pages.ROOT / "docs/compare.md")
    parser.add_argument("--only", nargs="*", default=[])
    parser.add_argument("--small", action="store_true")
    args = parser.parse_args()
    made = 0
    for command, old in TABLE.findall(args.page.read_text()):
        if args.only and not set(args.only) & set(shlex.split(command)):
            continue
        new = table(measure(args, command))
        args.page.write_text(
            args.page.read_text().replace(f"`posittune {command}`\n\n{old}", f"`posittune {command}`\n\n{new}")
        )
        print(f"posittune {command}: {len(new.splitlines()) - 2} rows", flush=True)
        made += 1
    return 0 if made else "no table was made"


if __name__ == "__main__":
    sys.exit(main())
