#!/usr/bin/env python3
"""Checks `posittune sensitivity` on four models and writes the tables and plots of docs/sensitivity.md.

usage: bench/sensitivity.py [--build build/release] [--models build/models] [--runs-folder build/sensitivity] [--only NAME ...] [--write]

Runs go to --runs-folder and are continued there; delete it to measure times anew. Models that are not there are left out, and
named: scripts/fetch makes yolov8n and smollm2.
"""
import argparse
import json
import os
import pathlib
import re
import resource
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import machine

ROOT = pathlib.Path(__file__).resolve().parents[1]
PAGE = ROOT / "docs" / "sensitivity.md"
BEGIN, END = "<!-- checks:begin -->", "<!-- checks:end -->"
CONTEXT = {"compiler": "the release preset", "flags": "-O3 -DNDEBUG -ffp-contract=off"}
# SmolLM2 has 2532 pairs of a weight and a format: 60 drawn ones are measured exactly.
SAMPLED = ["--tier", "gain", "--spot-checks", "60", "--mixes", "20", "--upgrade-points", "4", "--naive", "4"]
MODELS = {  # name: (arguments, folder below --models or None)
    "zoo GPT-2": (["zoo:gpt2", "--check", "--limit", "32"], None),
    "zoo ALBERT": (["zoo:albert", "--check", "--limit", "200"], None),
    "YOLOv8n": (["--check", "--limit", "8"], "yolov8n"),
    "SmolLM2": ([*SAMPLED, "--limit", "3"], "smollm2"),
}


def run(args, name: str, arguments: list[str], folder: str | None) -> dict | None:
    if folder is not None:
        if not (args.models / folder / "model.onnx").exists():
            return None
        arguments = [args.models / folder / "model.onnx", "--data", args.models / folder / "data.yaml", *arguments]
    out = args.runs_folder / name.lower().replace(" ", "-")
    command = [args.build / "posittune", "sensitivity", *map(str, arguments), "--threads", "2", "--json", "-o", out]
    done = subprocess.run(list(map(str, command)), cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{name}: exit code {done.returncode}")
    result = json.loads(done.stdout)
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    result["plot"] = out / "upgrades.svg"
    return result


def number(value, digits=3) -> str:
    return f"{value:.{digits}f}" if isinstance(value, (int, float)) else "-"


def agreement_table(results: dict) -> list[str]:
    lines = ["| model | tier | against | pairs | Spearman | R^2 of logs | true / tier, median |", "|---|---|---|---:|---:|---:|---:|"]
    for name, result in results.items():
        for record in result["agreement"]:
            if record["reference"] == "exact" and record["what"] == "w":
                lines.append(f"| {name} | {record['tier']} | exact | {record['pairs']} | {number(record['spearman'])} | {number(record['r2_log'])} "
                             f"| {number(record['ratio'], 2) if record['tier'] == 'gain' else ''} |")
    return lines


def cost_table(results: dict) -> list[str]:
    lines = ["| model | weights | tier | runs | seconds | FP32 evaluations | goal | |", "|---|---:|---|---:|---:|---:|---:|---|"]
    for name, result in results.items():
        weights = len({row["weight"] for row in result["rows"] if row["what"] == "w"})
        formats = len({row["format"] for row in result["rows"]})
        costs = {cost["tier"]: cost for cost in result["costs"]}
        gain = costs["proxy"]["evaluations"] + costs["gain"]["evaluations"] + 1
        goal = 0.6 * weights + 10
        for tier, cost in costs.items():
            lines.append(f"| {name} | {weights} | {tier} | {cost['probes']} | {cost['seconds']:.1f} | {cost['evaluations']:.1f} | | |")
        lines.append(f"| {name} | {weights} | **proxy + gain + FP32**, {formats} formats | | | {gain:.1f} | {goal:.1f} | {'met' if gain <= goal else '**missed**'} |")
        exact = costs["exact"]
        if exact["probes"] > 0:
            # Sums of 20 mixes and 27 upgrade points are whole runs and counted in the tier.
            whole = sum(len(result.get(part, [])) for part in ("mixes", "upgrades"))
            each = (exact["evaluations"] - min(whole, exact["probes"] - 1)) / max(1, exact["probes"] - whole)
            lines.append(f"| {name} | {weights} | **exact, a format** | | | {each * weights:.1f} | {0.6 * weights:.1f} | {'met' if each <= 0.6 else '**missed**'} |")
        if "naive" in costs:
            naive = costs["naive"]
            lines.append(f"| {name} | {weights} | naive, a format | | | {naive['evaluations'] / max(1, naive['probes']) * weights:.1f} | | |")
    return lines


def mix_table(results: dict) -> list[str]:
    lines = ["| model | mixes | bits/weight | KL / sum of scores: least | median | most |", "|---|---:|---|---:|---:|---:|"]
    for name, result in results.items():
        mixes = result.get("mixes", [])
        ratios = sorted(mix["measured"] / mix["predicted"] for mix in mixes)
        if not ratios:
            continue
        bits = [mix["bits_per_weight"] for mix in mixes]
        lines.append(f"| {name} | {len(mixes)} | {min(bits):.2f} to {max(bits):.2f} | {ratios[0]:.2f} | {ratios[len(ratios) // 2]:.2f} | {ratios[-1]:.2f} |")
    return lines


def upgrade_table(results: dict, write: bool) -> list[str]:
    lines = ["KL where half of the windows are upgraded from posit<4,1> to posit<5,1>, and the mean over the eight places:", "",
             "| model | by score | by \\|dW\\|^2 | random | mean: by score | by \\|dW\\|^2 | random |", "|---|---:|---:|---:|---:|---:|---:|"]
    for name, result in results.items():
        curves = {}
        for each in result.get("upgrades", []):
            curves.setdefault(each["order"], []).append(each["loss"])
        if not curves:
            continue
        orders = ("score", "error", "random")
        half = [curves[order][len(curves[order]) // 2] for order in orders]
        mean = [sum(curves[order]) / len(curves[order]) for order in orders]
        lines.append(f"| {name} | " + " | ".join(f"{x:.4g}" for x in (*half, *mean)) + " |")
        if write:
            picture = f"sensitivity-{name.lower().replace(' ', '-')}.svg"
            (ROOT / "docs" / picture).write_text(result["plot"].read_text())
    if write:
        lines += [""] + [f"![{name}: KL as windows are upgraded](sensitivity-{name.lower().replace(' ', '-')}.svg)" for name in results]
    return lines


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", type=pathlib.Path, default=ROOT / "build" / "release")
    parser.add_argument("--models", type=pathlib.Path, default=ROOT / "build" / "models")
    parser.add_argument("--runs-folder", type=pathlib.Path, default=ROOT / "build" / "sensitivity")
    parser.add_argument("--only", nargs="*", choices=list(MODELS), default=list(MODELS))
    parser.add_argument("--write", action="store_true", help="into docs/sensitivity.md; default: print")
    args = parser.parse_args()
    results, missing = {}, []
    for name in args.only:
        result = run(args, name, *MODELS[name])
        (missing.append(name) if result is None else results.__setitem__(name, result))
    peaks = ", ".join(f"{name} {result['peak_mb']:.0f} MB" for name, result in results.items())
    text = "\n".join([*machine.lines(CONTEXT | {"load_avg": os.getloadavg()}, None), "", "### Agreement", "", *agreement_table(results), "", "### Cost", "",
                      *cost_table(results), "", f"Largest resident set up to and including each: {peaks}.", "", "### Do the scores add?", "", *mix_table(results), "",
                      "### Channels", "", *upgrade_table(results, args.write), *([f"Not there: {', '.join(missing)}."] if missing else [])])
    if not args.write:
        print(text)
        return 0
    page = PAGE.read_text()
    PAGE.write_text(re.sub(f"(?<={BEGIN}\n).*?(?={END})", lambda _: text + "\n", page, flags=re.S))
    return 0


if __name__ == "__main__":
    sys.exit(main())
