#!/usr/bin/env python3
"""Checks `posittune sensitivity` on four models and writes the tables and plots of docs/sensitivity.md.

usage: bench/sensitivity.py [--build build/release] [--models build/models] [--runs-folder build/sensitivity] [--only NAME ...] [--small]
                            [--write] [--page docs/sensitivity.md]

Runs go to --runs-folder and are continued there; delete it to measure times anew. Models that are not there are left out, and
named: scripts/fetch makes yolov8n and smollm2.
"""

import os
import pathlib
import resource
import sys

sys.path.insert(0, str(pathlib.Path(__file__).parent))
import pages
from pages import slug

# SmolLM2 has 2532 pairs of a weight and a format: 60 drawn ones are measured exactly.
SAMPLED = ["--tier", "gain", "--spot-checks", "60", "--mixes", "20", "--upgrade-points", "4", "--naive", "4"]
MODELS = {  # name: (arguments, folder below --models or None)
    "zoo GPT-2": (["zoo:gpt2", "--check", "--limit", "32"], None),
    "zoo ALBERT": (["zoo:albert", "--check", "--limit", "200"], None),
    "YOLOv8n": (["--check", "--limit", "8"], "yolov8n"),
    "SmolLM2": ([*SAMPLED, "--limit", "3"], "smollm2"),
}
INPUTS = [
    "zoo:albert",
    "--limit",
    "48",
    "--formats",
    "int8,posit<6,1>,int4",
    "--what",
    "a,wa",
    "--tier",
    "exact",
    "--no-early-stop",
]
SMALL = {"--limit": "2", "--formats": "posit<6,1>;int4", "--mixes": "2", "--upgrade-points": "3", "--naive": "1"}


def run(args, name: str, arguments: list[str], folder: str | None) -> dict:
    if folder is not None:
        home = pages.model_folder(args, folder)
        arguments = [home / "model.onnx", "--data", home / "data.yaml", *arguments]
    out = args.runs_folder / slug(name)
    arguments = pages.with_options(arguments, SMALL) if args.small else arguments
    result = pages.posittune(args, "sensitivity", *arguments, "--threads", "2", "-o", out)
    result["peak_mb"] = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    result["plot"] = out / "upgrades.svg"
    return result


def number(value, digits=3) -> str:
    return f"{value:.{digits}f}" if isinstance(value, (int, float)) else "-"


def agreement_table(results: dict) -> list[str]:
    lines = [
        "| model | tier | against | pairs | Spearman | R^2 of logs | true / tier, median |",
        "|---|---|---|---:|---:|---:|---:|",
    ]
    for name, result in results.items():
        for record in result["agreement"]:
            if record["reference"] == "exact" and record["what"] == "w":
                lines.append(
                    f"| {name} | {record['tier']} | exact | {record['pairs']} | {number(record['spearman'])} | {number(record['r2_log'])} "
                    f"| {number(record['ratio'], 2) if record['tier'] == 'gain' else ''} |"
                )
    return lines


def cost_table(results: dict) -> list[str]:
    lines = ["| model | weights | tier | runs | seconds | FP32 evaluations |", "|---|---:|---|---:|---:|---:|"]
    for name, result in results.items():
        weights = len({row["weight"] for row in result["rows"] if row["what"] == "w"})
        formats = len({row["format"] for row in result["rows"]})
        costs = {cost["tier"]: cost for cost in result["costs"]}
        gain = costs["proxy"]["evaluations"] + costs["gain"]["evaluations"] + 1
        pages.tell_goal(f"{name}, proxy + gain + FP32, evaluations", 0.6 * weights + 10, gain)
        for tier, cost in costs.items():
            lines.append(
                f"| {name} | {weights} | {tier} | {cost['probes']} | {cost['seconds']:.1f} | {cost['evaluations']:.1f} |"
            )
        lines.append(f"| {name} | {weights} | **proxy + gain + FP32**, {formats} formats | | | {gain:.1f} |")
        exact = costs["exact"]
        if exact["probes"] > 0:
            # Sums of 20 mixes and 27 upgrade points are whole runs and counted in the tier.
            whole = sum(len(result.get(part, [])) for part in ("mixes", "upgrades"))
            each = (exact["evaluations"] - min(whole, exact["probes"] - 1)) / max(1, exact["probes"] - whole)
            pages.tell_goal(f"{name}, exact, evaluations of a format", 0.6 * weights, each * weights)
            lines.append(f"| {name} | {weights} | **exact, a format** | | | {each * weights:.1f} |")
        if "naive" in costs:
            naive = costs["naive"]
            lines.append(
                f"| {name} | {weights} | naive, a format | | | {naive['evaluations'] / max(1, naive['probes']) * weights:.1f} |"
            )
    return lines


def input_table(result: dict) -> list[str]:
    lines = ["| what | pairs | Spearman | R^2 of logs | median of true / gain |", "|---|---:|---:|---:|---:|"]
    for what, title in (("a", "inputs"), ("wa", "weights and inputs")):
        (of,) = [
            record
            for record in result["agreement"]
            if (record["tier"], record["reference"], record["what"]) == ("gain", "exact", what)
        ]
        lines.append(
            f"| {title} | {of['pairs']} | {number(of['spearman'])} | {number(of['r2_log'])} | {number(of['ratio'], 2)} |"
        )
    return lines


def mix_table(results: dict) -> list[str]:
    lines = [
        "| model | mixes | bits/weight | KL / sum of scores: least | median | most |",
        "|---|---:|---|---:|---:|---:|",
    ]
    for name, result in results.items():
        mixes = result.get("mixes", [])
        ratios = sorted(mix["measured"] / mix["predicted"] for mix in mixes)
        if not ratios:
            continue
        bits = [mix["bits_per_weight"] for mix in mixes]
        lines.append(
            f"| {name} | {len(mixes)} | {min(bits):.2f} to {max(bits):.2f} | {ratios[0]:.2f} | {ratios[len(ratios) // 2]:.2f} | {ratios[-1]:.2f} |"
        )
    return lines


def upgrade_table(results: dict) -> list[str]:
    lines = [
        "KL where half of the windows are upgraded from posit<4,1> to posit<5,1>, and the mean over the eight places:",
        "",
        "| model | by score | by \\|dW\\|^2 | random | mean: by score | by \\|dW\\|^2 | random |",
        "|---|---:|---:|---:|---:|---:|---:|",
    ]
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
    return [*lines, "", *(f"![{name}: KL as windows are upgraded]({picture(name)})" for name in results)]


def picture(name: str) -> str:
    return f"sensitivity-{slug(name)}.svg"


def main() -> int:
    parser = pages.parser(__doc__, "sensitivity.md")
    pages.add_models(parser, "two items, two formats, models of the zoo; give it a --runs-folder of its own")
    parser.add_argument("--runs-folder", type=pathlib.Path, default=pages.ROOT / "build" / "sensitivity")
    parser.add_argument("--only", nargs="*", choices=[*MODELS, "inputs"], help="models, and the table of inputs")
    args = parser.parse_args()
    args.runs_folder = args.runs_folder.resolve()
    wanted = args.only or [*(name for name, (_, folder) in MODELS.items() if not (args.small and folder)), "inputs"]
    load = os.getloadavg()
    missing = [
        name for name in wanted if name in MODELS and MODELS[name][1] and not pages.is_there(args, MODELS[name][1])
    ]
    results = {name: run(args, name, *MODELS[name]) for name in wanted if name in MODELS and name not in missing}
    parts = {}
    if results:
        peaks = ", ".join(f"{name} {result['peak_mb']:.0f} MB" for name, result in results.items())
        parts["checks"] = [
            *pages.environment(load),
            "",
            "### Agreement",
            "",
            *agreement_table(results),
            "",
            "### Cost",
            "",
            *cost_table(results),
            "",
            f"Largest resident set up to and including each: {peaks}.",
            "",
            "### Do the scores add?",
            "",
            *mix_table(results),
            "",
            "### Channels",
            "",
            *upgrade_table(results),
            *([f"Not there: {', '.join(missing)}."] if missing else []),
        ]
    if "inputs" in wanted:
        parts["inputs"] = input_table(run(args, "inputs", INPUTS, None))
    pages.finish(args, parts)
    if args.write:
        for name, result in results.items():
            if result["plot"].exists():
                (args.page.parent / picture(name)).write_text(result["plot"].read_text())
    return 0


if __name__ == "__main__":
    sys.exit(main())
